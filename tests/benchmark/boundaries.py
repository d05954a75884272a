"""Three looks solved from nothing, with and without futility: the slowest of many plans."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from tests.benchmark.measuring import Row, load

from equipoise.design import boundaries

NAME = "boundaries"
THIRDS = (1 / 3, 2 / 3, 1)
LATE = (0.8, 0.9, 1.0)
ROUNDS = 12


def rows() -> list[Row]:
    """Milliseconds of CPU; each plan's best of several rounds, then the worst plan."""
    before = load()
    return [
        Row(workload=NAME, metric=metric, value=round(worst, 2), unit="ms", load_average=before)
        for metric, worst in (
            ("efficacy", max(map(_best, _plain()))),
            ("futility", max(map(_best, _with_futility()))),
            ("shape", max(map(_best, _shapes()))),
        )
    ]


def _plain() -> list[Callable[[], object]]:
    kinds = ("lan-demets-obrien-fleming", "pocock", "obrien-fleming")
    return [lambda kind=kind: boundaries(THIRDS, kind) for kind in kinds]


def _with_futility() -> list[Callable[[], object]]:
    kinds = ("pocock", "lan-demets-pocock")
    plans = itertools.product(kinds, (THIRDS, LATE), (1, 2), (True, False))
    return [
        lambda kind=kind, times=times, sides=sides, binding=binding: boundaries(
            times,
            kind,
            alpha=0.005 * sides,
            sides=sides,
            futility="lan-demets-pocock",
            beta=0.05,
            binding=binding,
        )
        for kind, times, sides, binding in plans
    ]


def _shapes() -> list[Callable[[], object]]:
    """Constants of a shape together with binding futility: two unknowns instead of one."""
    return [
        lambda kind=kind, sides=sides: boundaries(
            THIRDS,
            kind,
            alpha=0.025 * sides,
            sides=sides,
            futility="lan-demets-pocock",
            beta=0.2,
            binding=True,
        )
        for kind, sides in itertools.product(("obrien-fleming", "pocock"), (1, 2))
    ]


def _best(solve: Callable[[], object]) -> float:
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        solve()
        found.append(1000 * (time.process_time() - began))
    return min(found)
