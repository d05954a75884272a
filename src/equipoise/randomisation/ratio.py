"""Allocation ratios, and how far arms are from theirs.

A ratio is reduced (2:2 is 1:1). A *round* is one allocation set in the ratio, such as AAB
for 2:1. Counts beyond completed rounds hold all that balance depends on: every measure
below is unchanged when a whole round is added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import SupportsIndex

from equipoise.errors import DesignError

Ratio = tuple[int, ...]
Counts = tuple[int, ...]

MOST_ARMS = 32


def reduced(ratio: Sequence[SupportsIndex]) -> Ratio:
    """The ratio in lowest terms.

    Raises:
        DesignError: fewer than two arms, more than 32, or an entry that is not a positive integer.

    >>> reduced((4, 2))
    (2, 1)
    """
    if isinstance(ratio, str) or not isinstance(ratio, Sequence):
        raise DesignError(f"ratio {ratio!r} must be a sequence of whole numbers, such as (2, 1)")
    entries = tuple(_entry(each, ratio) for each in ratio)
    if not 2 <= len(entries) <= MOST_ARMS:
        raise DesignError(f"ratio {ratio!r} must have 2 to {MOST_ARMS} arms")
    divisor = math.gcd(*entries)
    return tuple(each // divisor for each in entries)


def _entry(entry: SupportsIndex, ratio: Sequence[SupportsIndex]) -> int:
    if isinstance(entry, bool) or not hasattr(entry, "__index__"):
        raise DesignError(f"ratio {tuple(ratio)!r} must hold whole numbers; {entry!r} is not one")
    if entry.__index__() < 1:
        raise DesignError(f"ratio {tuple(ratio)!r} must hold numbers of 1 or more; got {entry!r}")
    return entry.__index__()


def shares(ratio: Ratio) -> tuple[float, ...]:
    """Target probability of each arm."""
    total = sum(ratio)
    return tuple(r / total for r in ratio)


def counted(ratio: Ratio, beyond: Counts, arm: int) -> Counts:
    """Counts beyond completed rounds after one more allocation to `arm`.

    >>> counted((2, 1), (2, 0), 1)
    (0, 0)
    """
    counts = [*beyond]
    counts[arm] += 1
    rounds = min(c // r for c, r in zip(counts, ratio, strict=True))
    return tuple(c - rounds * r for c, r in zip(counts, ratio, strict=True))


def deviations(ratio: Ratio, counts: Counts) -> tuple[int, ...]:
    """n_i R - r_i n for each arm: R times the participants above target. They sum to 0."""
    total, n = sum(ratio), sum(counts)
    return tuple(c * total - r * n for c, r in zip(counts, ratio, strict=True))


def behind(ratio: Ratio, counts: Counts) -> tuple[int, ...]:
    """The arms furthest below target; all arms where all are on target."""
    above = deviations(ratio, counts)
    lowest = min(above)
    return tuple(arm for arm, value in enumerate(above) if value == lowest)


def imbalance(ratio: Ratio, counts: Counts) -> float:
    """Participants between the arm furthest above and the arm furthest below its target.

    With equal allocation this is the largest count less the smallest: |n_1 - n_2| for 1:1.
    """
    above = deviations(ratio, counts)
    return (max(above) - min(above)) / sum(ratio)
