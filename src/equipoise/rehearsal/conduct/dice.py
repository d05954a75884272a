"""Chance for one simulated person: numbers of a stream, drawn in batches."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from statistics import NormalDist

from equipoise.rehearsal.streams import Stream

BATCH = 1024
STANDARD = NormalDist()
TINY = 2.0**-54


class Dice:
    """Numbers of one stream, in order. The same name gives the same numbers for ever."""

    __slots__ = ("_left", "_stream")

    def __init__(self, *, seed: int, scenario: str, purpose: str, trial: int) -> None:
        self._stream = Stream(seed, scenario, purpose, trial)
        self._left: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._left:
            self._left = self._stream.take(BATCH).tolist()
            self._left.reverse()
        return self._left.pop()

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.uniform()

    def normal(self) -> float:
        """A standard normal number."""
        return STANDARD.inv_cdf(max(self.uniform(), TINY))

    def happens(self, chance: float) -> bool:
        """Whether something of this chance happens; one number is used in any case."""
        return self.uniform() < chance

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.uniform() * (high - low + 1))


def edges(shares: Sequence[float]) -> tuple[float, ...]:
    """Cumulative shares, the last one 1."""
    total = sum(shares)
    return tuple(reached / total for reached in accumulate(shares))


def pick(ends: Sequence[float], chance: float) -> int:
    """Index of the first cumulative share above `chance`."""
    for index, end in enumerate(ends):
        if chance < end:
            return index
    return len(ends) - 1
