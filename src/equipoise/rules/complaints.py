"""Turn what the parser stumbled over into one sentence for the author of the study."""

from __future__ import annotations

import re

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from equipoise.errors import ExpressionError, Place
from equipoise.rules.functions import FUNCTIONS

WORDS: dict[str, str] = {
    "and": "Write && between two conditions instead of `and`.",
    "or": "Write || between two conditions instead of `or`.",
    "not": "Write ! in front of a condition instead of `not`.",
    "null": "There is no null: ask known(item) whether an item has an answer.",
    "none": "There is no none: ask known(item) whether an item has an answer.",
}

_CHARACTERS: dict[str, str] = {
    "=": "One `=` is not a comparison. Write == to compare.",
    "&": "One `&` is not an operator. Write && between two conditions.",
    "|": "One `|` is not an operator. Write || between two conditions.",
    "\u2265": "Write >= instead of the sign for greater or equal.",
    "\u2264": "Write <= instead of the sign for less or equal.",
    "\u2260": "Write != instead of the sign for unequal.",
    "\u00d7": "Write * to multiply.",
    "\u2212": "Write the minus sign of the keyboard, -.",
    ".": "A dot stands only inside an item name such as baseline.spo2, or after the first "
    "digit of a number such as 0.5.",
    '"': 'Text must end on the same line with the quote it began with. Write "text"; a quote or '
    "backslash inside it needs a backslash in front, and no other escape exists.",
    "'": "Text must end on the same line with the quote it began with. Write 'text'; a quote or "
    "backslash inside it needs a backslash in front, and no other escape exists.",
    "%": "There is no remainder operator. A percentage is written as a plain number.",
    "[": "A list stands only after `in`, or as the argument of a function.",
    "{": "Braces have no meaning here. Write a list with [ ] and group with ( ).",
    ";": "One expression stands alone. Join conditions with && or ||.",
    "\ufeff": "An invisible byte order mark stands here. Delete it.",
    "\u00a0": "A no-break space stands here. Replace it by an ordinary space.",
}
_SCRIPT_QUOTES = "\u201c\u201d\u2018\u2019\u00ab\u00bb\u300c\u300d"
_PAIRS = {")": "(", "]": "["}
_COMPARISONS = frozenset({"==", "!=", "<=", ">=", "<", ">"})
_MARKS = re.compile(r"\"(?:[^\"\\\r\n]|\\.)*\"|'(?:[^'\\\r\n]|\\.)*'|[()\[\]]")


def complaint(text: str, stumble: UnexpectedInput) -> ExpressionError:
    """Say where and why `text` cannot be read, and what to write instead."""
    if isinstance(stumble, UnexpectedCharacters):
        place = Place(line=stumble.line, column=stumble.column)
        return ExpressionError(place, _character(str(stumble.char)))
    if isinstance(stumble, UnexpectedToken) and stumble.token.type != "$END":
        place = Place(line=stumble.token.line or 1, column=stumble.token.column or 1)
        return _token(text, str(stumble.token), stumble.token.start_pos or 0, place)
    return _ending(text)


def _character(char: str) -> str:
    shown = f"`{char}`" if char.isprintable() else f"U+{ord(char):04X}"
    if char in _CHARACTERS:
        return f"{shown} cannot stand here. {_CHARACTERS[char]}"
    if char in _SCRIPT_QUOTES:
        return f'`{char}` is not a quote here. Write text in straight quotes, "text".'
    if 0xFF01 <= ord(char) <= 0xFF5E:
        plain = chr(ord(char) - 0xFEE0)
        return f"`{char}` is a full-width character. Write the ordinary `{plain}`."
    return (
        f"The character {shown} has no meaning in an expression. Use item names in Latin letters, "
        "digits and underscores, numbers, quoted text and the documented operators."
    )


def _token(text: str, token: str, start: int, place: Place) -> ExpressionError:
    if token in _PAIRS and not _still_open(text[:start]):
        problem = f"`{token}` closes a bracket that was never opened. Delete it, or add the `{_PAIRS[token]}`."
    elif token in _COMPARISONS:
        problem = (
            f"`{token}` has no value before it, or follows another comparison. Comparisons do not "
            "chain: write a <= x && x <= b instead of a <= x <= b."
        )
    elif token in {"[", "."}:
        problem = f"`{token}` cannot stand here. {_CHARACTERS[token]}"
    else:
        problem = (
            f"`{_shortened(token)}` cannot stand here. Check for a missing operator, "
            "comma, bracket or value just before it."
        )
    return ExpressionError(place, problem)


def _ending(text: str) -> ExpressionError:
    opened = _still_open(text)
    if opened:
        position = opened[-1]
        bracket = text[position]
        closing = ")" if bracket == "(" else "]"
        problem = f"The bracket `{bracket}` is never closed. Add the `{closing}`."
        return ExpressionError(place_at(text, position), problem)
    end = len(text.rstrip())
    if not end:
        problem = "The expression is empty. Write a condition or a value, or leave the field out."
    else:
        problem = "The expression ends too early. Write the value that is missing at the end."
    return ExpressionError(place_at(text, end), problem)


def _still_open(text: str) -> list[int]:
    """Positions of the brackets that are still open at the end of `text`."""
    opened: list[int] = []
    for mark in _MARKS.finditer(text):
        if mark.group() in {"(", "["}:
            opened.append(mark.start())
        elif mark.group() in _PAIRS and opened:
            opened.pop()
    return opened


def place_at(text: str, position: int) -> Place:
    """The 1-based line and column of a position in `text`."""
    before = text[:position]
    return Place(line=before.count("\n") + 1, column=position - before.rfind("\n"))


def unknown_function(name: str) -> str:
    """The sentence for a call outside the list."""
    allowed = ", ".join(FUNCTIONS)
    return f"There is no function `{_shortened(name)}`. The functions are {allowed}, date and datetime."


def _shortened(token: str) -> str:
    short = token if len(token) <= 40 else token[:37] + "..."
    return short if short.isprintable() else ascii(short)[1:-1]
