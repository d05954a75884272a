"""Continuous draws: a personal level, a change over time, noise, all within bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from equipoise.protocol.scenario import Draw
from equipoise.rehearsal.conduct.dice import STANDARD

ALMOST = 1e-12
AT_BASELINE = "@baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of a draw as they stand for one stratum level and course state."""

    mean: float
    sd: float
    p: float
    low: float | None
    high: float | None
    trend_sd: float
    value: float | None


def resolved(draw: Draw, level: str, state: str, situation: str, *, fresh: bool) -> Numbers:
    """The numbers of `draw` with the overrides for level, state, situation and baseline."""
    found: dict[str, float | None] = {
        "mean": draw.mean,
        "sd": draw.sd,
        "p": draw.p,
        "low": draw.low,
        "high": draw.high,
        "trend_sd": draw.trend_sd,
        "value": float(draw.value) if isinstance(draw.value, int | float) else None,
    }
    overrides = [(draw.by, level), (draw.by_state, state), (draw.by_state, situation)]
    if fresh:
        overrides.append((draw.by, level + AT_BASELINE))
    for table, key in overrides:
        found.update(table.get(key, {}))
    return Numbers(**found)  # type: ignore[arg-type]


def moved(points: tuple[tuple[float, float], ...], day: float) -> float:
    """The trend on a day: linear between its points, flat outside them."""
    if not points or day <= points[0][0]:
        return points[0][1] if points else 0.0
    for (d0, y0), (d1, y1) in pairwise(points):
        if day <= d1:
            return y0 + (y1 - y0) * (day - d0) / (d1 - d0)
    return points[-1][1]


def truncated(mean: float, spread: float, z: float, low: float | None, high: float | None) -> float:
    """The quantile of `z` in the normal distribution cut to [low, high]."""
    if low is None and high is None:
        return mean + spread * z
    if spread <= 0:
        return _within(mean, low, high)
    below = STANDARD.cdf((low - mean) / spread) if low is not None else 0.0
    above = STANDARD.cdf((high - mean) / spread) if high is not None else 1.0
    if above - below < ALMOST:
        return _within(mean, low, high)
    chance = below + (above - below) * STANDARD.cdf(z)
    chance = min(max(chance, ALMOST), 1 - ALMOST)
    return _within(mean + spread * STANDARD.inv_cdf(chance), low, high)


def _within(value: float, low: float | None, high: float | None) -> float:
    if low is not None and value < low:
        return low
    if high is not None and value > high:
        return high
    return value


def log_bound(bound: float | None) -> float | None:
    """A bound on the scale of logarithms; none where it cannot bind."""
    return math.log(bound) if bound is not None and bound > 0 else None
