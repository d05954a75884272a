"""E: minimised lists of 300, 3 factors."""

from __future__ import annotations

from tests.benchmark.measuring import Row, compared

from equipoise.randomisation import scheme
from equipoise.rehearsal.minimised_lists import minimised_lists

NAME = "minimisation"
LISTS = 20_000
SCHEME = scheme("minimisation", factors=("site", "severity", "age"), p=0.8)
SHARES = ((0.25, 0.25, 0.25, 0.25), (0.55, 0.35, 0.10), (0.6, 0.4))


def rows() -> list[Row]:
    """Lists a second of one core."""

    def ours() -> int:
        return minimised_lists(SCHEME, (1, 1), SHARES, 300, LISTS).shape[0]

    return compared(NAME, ours, unit="lists/s")
