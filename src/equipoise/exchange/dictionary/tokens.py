"""One tokeniser for search: Latin words, and every two Chinese letters."""

from __future__ import annotations

import re
import unicodedata

MOST = 40
_LATIN = re.compile(r"[a-z0-9]+")
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")


def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a text, each once, in order, at most 40.

    >>> tokens("Acute Headaches, left"), tokens("头痛（重）")
    (('acute', 'headache', 'left'), ('头痛', '重'))
    """
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.lower())
        if not unicodedata.combining(letter)
    )
    found = [_stem(word) for word in _LATIN.findall(plain)]
    for run in _CHINESE.findall(plain):
        found += [run[at : at + 2] for at in range(len(run) - 1)] or [run]
    return tuple(dict.fromkeys(found))[:MOST]


def likeness(asked: tuple[str, ...], term: tuple[str, ...]) -> float:
    """How alike two lists of tokens are, 0 to 1: twice the shared over all (Dice).

    >>> likeness(("acute", "headache"), ("headache",))
    0.6666666666666666
    """
    both = len(set(asked) & set(term))
    return 2 * both / (len(set(asked)) + len(set(term))) if both else 0.0


def _stem(word: str) -> str:
    """The word without the plural's s; enough for terms, and never wrong in search on both sides."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word
