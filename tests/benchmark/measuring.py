"""Timing in one process order, ours and peers in turn, and the shape of an answer."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

Run = Callable[[], int]
"""Does some work and says how many units it was."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of `build/bench.json`."""

    workload: str
    metric: str
    value: float
    unit: str
    mc_error: float | None = None
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    load_average: float


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Somebody else's program for the same work. `run` returns units and CPU seconds."""

    name: str
    run: Callable[[], tuple[int, float]]


def load() -> float:
    """Processes that wanted the machine in the last minute."""
    return round(os.getloadavg()[0], 2)


def cpu_rate(run: Run) -> float:
    """Units a second of CPU time of this process."""
    began = time.process_time()
    done = run()
    return done / (time.process_time() - began)


def wall_rate(run: Run) -> float:
    """Units a second on the clock."""
    began = time.perf_counter()
    done = run()
    return done / (time.perf_counter() - began)


def share_error(share: float, trials: int) -> float:
    """Monte Carlo error of a share."""
    return math.sqrt(share * (1 - share) / trials)


def compared(
    workload: str,
    run: Run,
    *,
    unit: str = "trials/s",
    mc_error: float | None = None,
    peers: tuple[Peer, ...] = (),
) -> list[Row]:
    """Ours and every peer in turn, A-B-A-B, the better of each one's two runs."""
    run()  # compiled and warm, as the peers are once loaded
    before = load()
    ours, theirs = [], {peer.name: [0.0] for peer in peers}
    for _ in range(2):
        ours.append(cpu_rate(run))
        for peer in peers:
            done, seconds = peer.run()
            theirs[peer.name].append(done / seconds)
    best = max(ours)
    plain = Row(
        workload=workload,
        metric="rate",
        value=round(best, 1),
        unit=unit,
        mc_error=mc_error,
        load_average=before,
    )
    rows = [plain]
    for name, rates in theirs.items():
        rows.append(
            Row(
                workload=workload,
                metric="rate",
                value=round(best, 1),
                unit=unit,
                mc_error=mc_error,
                peer=name,
                peer_value=round(max(rates), 2),
                ratio=round(best / max(rates), 1),
                load_average=before,
            )
        )
    return rows[1:] or rows


def timed(work: Callable[[], int]) -> tuple[int, float]:
    """Units and CPU seconds of a peer in this process."""
    began = time.process_time()
    done = work()
    return done, time.process_time() - began
