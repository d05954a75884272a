"""What a demonstration should be, before Django is set up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the demonstration should be."""

    participants: int
    seed: int
    scenario: str
    effect: float
