"""The lines of a recipe for de-identifying DICOM headers, as far as this product takes them.

The syntax is that of deid: https://pydicom.github.io/deid/user-docs/recipe-headers/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HEADER = "%header"
FORMAT = "FORMAT dicom"
EVERYTHING = "REMOVE ALL"
FUNCTIONS = ("uid", "date", "code")
"""What a recipe may put in: a keyed identifier, a shifted or empty date, the coded name."""

_FIELD = r"(?:[A-Za-z][A-Za-z0-9]*|\([0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\))"
_PLAIN = re.compile(rf"(?:KEEP|BLANK|REMOVE) {_FIELD}")
_REPLACE = re.compile(rf"REPLACE {_FIELD} func:(?:{'|'.join(FUNCTIONS)})")


def problems(text: str) -> Iterator[tuple[int, str]]:
    """Line number and what is wrong with it; line 1 where it is about the whole."""
    lines = [line.split("#", 1)[0].strip() for line in text.splitlines()]
    said = [line for line in lines if line]
    if said[:2] != [FORMAT, HEADER]:
        yield 1, f"A recipe begins with `{FORMAT}` and `{HEADER}`."
    if EVERYTHING not in said:
        yield 1, f"Without `{EVERYTHING}` a recipe keeps whatever it does not name: add it."
    for number, line in enumerate(lines, start=1):
        known = line in ("", FORMAT, HEADER, EVERYTHING)
        if not known and not _PLAIN.fullmatch(line) and not _REPLACE.fullmatch(line):
            yield number, _ADVICE


_ADVICE = (
    "Write KEEP, BLANK or REMOVE and a field, or REPLACE, a field and "
    + ", ".join(f"func:{one}" for one in FUNCTIONS)
    + "."
)
