"""A record as the core sees it: one form of one participant at one visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

Value = str | bool | int | float | date | datetime | tuple[str, ...]
"""A coerced answer. An unanswered item is absent from the mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The newest version of one record.

    `on` is the site calendar date to which the answers belong. `number` is 0 for a form
    that does not repeat, else the dose, day or event number.
    """

    participant: str
    form: str
    visit: str
    number: int
    on: date
    values: Mapping[str, Value]
