"""Words by which listings are found: one tokeniser for both database engines.

Latin text: runs of letters and digits, lower case, accents removed. Chinese has no spaces:
every two neighbouring characters are one token, as two characters are the commonest length of
a word. A Chinese token is written in its code points (`u65b0u51a0`), so that no database's own
parser can split it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 40  # characters of one token
MOST = 24  # tokens of one question
_RUN = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")


def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a text, each once, in order."""
    return tuple(dict.fromkeys(_tokens(text)))


def _tokens(text: str) -> Iterable[str]:
    flat = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in flat if not unicodedata.combining(one))
    for run in _RUN.findall(plain):
        if run[0] < "\u3400":
            yield run[:LONGEST]
        elif len(run) == 1:
            yield _written(run)
        else:
            yield from (_written(run[at : at + 2]) for at in range(len(run) - 1))


def _written(characters: str) -> str:
    return "".join(f"u{ord(one):x}" for one in characters)


def single_characters(text: str) -> tuple[str, ...]:
    """Each Chinese character as a token of its own, for questions of one character."""
    return tuple(dict.fromkeys(_written(one) for one in re.findall(r"[\u3400-\u9fff]", text)))


def question(text: str) -> tuple[str, ...]:
    """What a reader's words ask for: at most `MOST` tokens."""
    return tokens(text[:400])[:MOST]


def facet(kind: str, value: str) -> str:
    """A token for a filter, such as a status or a topic; no word of a text looks like it."""
    plain = "".join(_tokens(value)) or "none"
    return f"zz{kind}zz{plain[:LONGEST]}"
