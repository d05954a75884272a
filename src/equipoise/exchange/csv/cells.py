"""One value as one cell, and back. The rule against formulas is here and nowhere else.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (also in full width, or after
a tab or a line break). Such a text gets an apostrophe in front, and so does a text that
begins with an apostrophe: taking away one leading apostrophe always gives the text back.
Numbers are left as they are, `-1.5` too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from equipoise.exchange.known_texts import KnownTexts

Json = str | bool | int | float | list[str] | None

SEPARATOR = "|"
"""Between the codes of an item that takes several."""

_DANGEROUS = frozenset("=+-@\t\r\n'＝＋－＠")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_QUOTED = re.compile(r'[",\r\n]')


def text(value: Json) -> str:
    """A value as the text of its cell, before any quoting.

    >>> text("=1+1"), text(-2.5), text("-2.5"), text(True), text(["a", "b"]), text(None)
    ("'=1+1", '-2.5', '-2.5', 'true', 'a|b', '')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, list):
        return harmless(SEPARATOR.join(value))
    return repr(value)


def harmless(words: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would run it."""
    if words[:1] in _DANGEROUS and words and not _NUMBER.fullmatch(words):
        return "'" + words
    return words


def original(cell: str) -> str:
    """The text that `harmless` was given.

    >>> original(harmless("=1+1")), original("'quoted"), original("plain")
    ('=1+1', 'quoted', 'plain')
    """
    return cell[1:] if cell.startswith("'") else cell


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell


fields = KnownTexts(lambda words: _quoted(harmless(words)))
"""`fields[words]`: a text as it stands between two commas."""

_BY_TYPE: defaultdict[type, Callable[[Any], str]] = defaultdict(
    lambda: repr,
    {
        str: fields.__getitem__,
        bool: {True: "true", False: "false"}.__getitem__,
        list: lambda value: _quoted(text(value)),
        type(None): lambda _: "",
    },
)


def field(value: Json) -> str:
    """A value as it stands between two commas."""
    return _BY_TYPE[type(value)](value)


def answered(document: Mapping[str, Json]) -> dict[str, str]:
    """Every answer of a document as it stands between two commas."""
    kinds = _BY_TYPE
    return {
        name: kinds[type(value)](value) for name, value in document.items() if value is not None
    }
