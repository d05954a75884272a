"""From what a browser, a file or a program sends to one typed value, or a problem.

Nothing is guessed: a decimal comma, a number for a yes, a date that does not exist and a
time without a zone are refused, each in its own sentence.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from equipoise.forms.messages import Problem, problem
from equipoise.forms.record import Value
from equipoise.protocol.forms import Item

Coerce = Callable[[object], Value | Problem | None]
"""A raw answer to its value, to a problem, or to None where nothing was answered."""

LONGEST_TEXT = 2000
LARGEST = 2**53 - 1
"""Beyond it a double cannot tell neighbouring whole numbers apart."""

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", re.ASCII)
_LONGEST_NUMBER = 40
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PARTIAL = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNKNOWN_DATE = "UN"
"""A partial date of which nothing is known."""


def coercer(item: Item, codes: tuple[str, ...]) -> Coerce:
    """The function that reads raw answers to `item`. `codes` are its choices, if any."""
    match item.type:
        case "integer":
            return _whole
        case "decimal":
            return _decimal
        case "text":
            return _text(item.max_length or LONGEST_TEXT)
        case "code":
            return _code(codes)
        case "codes":
            return _codes(codes)
        case "boolean":
            return _boolean
        case "date":
            return _date
        case "partial-date":
            return _partial_date
        case "datetime":
            return _datetime


def _number(raw: object) -> float | int | Problem | None:
    if isinstance(raw, bool):
        return problem("not-a-number", str(raw).lower())
    if isinstance(raw, int | float):
        number: float | int = raw
    elif isinstance(raw, Decimal):
        number = float(raw) if raw.is_finite() else math.nan
    elif isinstance(raw, str):
        return _written_number(raw.strip())
    else:
        return problem("not-a-number", raw)
    return _bounded(number)


def _written_number(text: str) -> float | int | Problem | None:
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None:
        if text.lstrip("+-").lower() in ("nan", "inf", "infinity"):
            return problem("not-finite")
        return problem("decimal-comma" if "," in text or "\uff0c" in text else "not-a-number", text)
    if len(text) > _LONGEST_NUMBER:
        return problem("too-large")
    return _bounded(float(text) if "." in text else int(text))


def _bounded(number: float) -> float | int | Problem:
    if isinstance(number, float) and not math.isfinite(number):
        return problem("not-finite")
    if abs(number) > LARGEST:
        return problem("too-large")
    return number


def _whole(raw: object) -> Value | Problem | None:
    if type(raw) is int and -LARGEST <= raw <= LARGEST:
        return raw
    number = _number(raw)
    if isinstance(number, float):
        return int(number) if number.is_integer() else problem("not-whole", number)
    return number


def _decimal(raw: object) -> Value | Problem | None:
    number = _number(raw)
    if isinstance(number, int | float):
        return float(number) + 0.0  # minus zero becomes zero
    return number


def _text(longest: int) -> Coerce:
    def read(raw: object) -> Value | Problem | None:
        if not isinstance(raw, str):
            return problem("not-text")
        text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
        if not text:
            return None
        if len(text) > longest:
            return problem("too-long", len(text), longest)
        if not text.isprintable() and not all(_showable(letter) for letter in text):
            return problem("control-character")
        return unicodedata.normalize("NFC", text)

    return read


def _showable(letter: str) -> bool:
    if letter in "\n\t":
        return True
    return letter not in _BIDI and unicodedata.category(letter) not in ("Cc", "Cs")


def _code(codes: tuple[str, ...]) -> Coerce:
    allowed = frozenset(codes)

    def read(raw: object) -> Value | Problem | None:
        code = _as_code(raw)
        if code == "":
            return None
        return code if code in allowed else problem("not-a-code", raw)

    return read


def _as_code(raw: object) -> str | None:
    """A code as text. A whole number counts as its digits: codes are often numerals."""
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, float) and raw.is_integer() and abs(raw) <= LARGEST:
        return str(int(raw))
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) <= LARGEST:
        return str(raw)
    return None


def _codes(codes: tuple[str, ...]) -> Coerce:
    place = {code: position for position, code in enumerate(codes)}

    def read(raw: object) -> Value | Problem | None:
        given = list(raw) if isinstance(raw, list | tuple) else [raw]
        chosen: set[str] = set()
        for one in given:
            code = _as_code(one)
            if code == "":
                continue
            if code is None or code not in place:
                return problem("not-a-code", one)
            chosen.add(code)
        return tuple(sorted(chosen, key=place.__getitem__)) or None

    return read


def _boolean(raw: object) -> Value | Problem | None:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        text = raw.strip().lower()
        if text in ("true", "false"):
            return text == "true"
        return problem("not-true-or-false", raw) if text else None
    return problem("not-true-or-false", raw)


def _date(raw: object) -> Value | Problem | None:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if not isinstance(raw, str):
        return problem("not-a-date", raw)
    text = raw.strip()
    if not text:
        return None
    if _DATE.fullmatch(text) is None:
        return problem("not-a-date", text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return problem("impossible-date", text)


def _partial_date(raw: object) -> Value | Problem | None:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw.isoformat()
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str):
        return problem("not-a-partial-date", raw)
    text = raw.strip()
    if not text or text == UNKNOWN_DATE:
        return text or None
    if _PARTIAL.fullmatch(text) is None:
        return problem("not-a-partial-date", text)
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return problem("impossible-date", text)
    return text


def _datetime(raw: object) -> Value | Problem | None:
    if isinstance(raw, datetime):
        return raw if raw.tzinfo is not None else problem("no-offset", raw.isoformat())
    if not isinstance(raw, str):
        return problem("not-a-time", raw)
    text = raw.strip()
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        return problem("not-a-time", text)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment.astimezone(moment.tzinfo)
    except (ValueError, OverflowError):
        return problem("impossible-date", text)
    return moment if moment.tzinfo is not None else problem("no-offset", text)
