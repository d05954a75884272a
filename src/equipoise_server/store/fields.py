"""Columns whose stored text is exactly what the digest was computed over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _InstantColumn = models.CharField[datetime, datetime]
    _DayColumn = models.CharField[date, date]
else:
    _InstantColumn = _DayColumn = models.CharField


def instant_text(at: datetime) -> str:
    """An aware datetime as the one text that is stored and digested, such as `2026-03-01T08:00:00.000000Z`.

    Raises:
        ValueError: no time zone.

    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone, so it names no instant")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class InstantField(_InstantColumn):
    """An instant, kept as text of one form on both engines, so that every byte is under a digest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 27
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        """Aware datetimes become text; text is taken as it is."""
        return instant_text(value) if isinstance(value, datetime) else value

    def from_db_value(self, value: str | None, *_: Any) -> datetime | None:
        """The stored text as an aware datetime in UTC."""
        return None if value is None else datetime.fromisoformat(value)

    def to_python(self, value: Any) -> Any:
        """Text or datetime as a datetime."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


class DayField(_DayColumn):
    """A calendar date, kept as ISO text on both engines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 10
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        """Dates become text; text is taken as it is."""
        return value.isoformat() if isinstance(value, date) else value

    def from_db_value(self, value: str | None, *_: Any) -> date | None:
        """The stored text as a date."""
        return None if value is None else date.fromisoformat(value)

    def to_python(self, value: Any) -> Any:
        """Text or date as a date."""
        return date.fromisoformat(value) if isinstance(value, str) else value
