"""Where something about a record stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Something about one record: one form of one participant at one visit."""

    participant: str
    site: str
    form: str
    visit: str
    number: int
