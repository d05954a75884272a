"""Read the values that are written inside an expression."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)


def number(text: str) -> float | None:
    """The number, or None where it is too large for a double."""
    value = float(text)
    return value if math.isfinite(value) else None


def text(quoted: str) -> str:
    """The text between the quotes, with its escapes undone."""
    return re.sub(r"\\(.)", r"\1", quoted[1:-1])


def day(written: str) -> date | None:
    """The date written as YYYY-MM-DD, or None where there is no such day."""
    match = _DATE.fullmatch(written)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def moment(written: str) -> datetime | None:
    """The datetime in UTC, or None where it is not one or has no time zone."""
    match = _MOMENT.fullmatch(written)
    if match is None:
        return None
    on, hour, minute, second, fraction, sign, off_hours, off_minutes = match.groups()
    start = day(on)
    if start is None or int(off_hours or 0) > 23 or int(off_minutes or 0) > 59:
        return None
    offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0))
    try:
        local = datetime(
            start.year,
            start.month,
            start.day,
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "").ljust(6, "0")),
            UTC,
        )
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        return None
