"""Inference at the end of a stopped group-sequential trial.

Outcomes are put in the stage-wise order: crossing the upper boundary earlier is stronger
than crossing it later; at one look a larger Z is stronger; stopping below earlier is weaker
(Tsiatis, Rosner & Mehta 1984, Biometrics 40:797; Fairbanks & Madsen 1982, Biometrika 69:69).
The p-value, interval and median-unbiased estimate follow by inverting the probability of an
outcome at least as strong. They depend on the looks made so far only, so later looks that
never happened, or happened off schedule, do not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from equipoise.design.checks import inside_unit, number, positive
from equipoise.design.group_sequential import Boundaries
from equipoise.design.integration import REACH, above, advance, begin
from equipoise.design.roots import brentq
from equipoise.design.sweep import continuation
from equipoise.errors import DesignError

_FURTHEST = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalInference:
    """Inference adjusted for the looks.

    `p_value` is over the sides of the design. `estimate` (median-unbiased), `ci_low` and
    `ci_high` are in units of effect per square root of information: Z has mean
    effect * sqrt(information). `naive` is the unadjusted estimate.
    """

    p_value: float
    estimate: float
    ci_low: float
    ci_high: float
    naive: float
    level: float


def final_inference(
    boundaries: Boundaries,
    look: int,
    z: float,
    *,
    level: float | None = None,
    full_information: float | None = None,
) -> FinalInference:
    """Stage-wise p-value, median-unbiased estimate and interval of a trial that has stopped.

    The trial stopped at look `look` (from 1) with statistic `z`. `level` is the confidence
    of the two-sided interval; by default 1 - 2 alpha one-sided, 1 - alpha two-sided, which
    agrees with the test. `full_information` turns fractions into information, so that the
    estimate comes in units of the effect (for a log hazard ratio, events / 4 at 1:1).
    A non-binding futility boundary, and the inner wedge of a two-sided one, is left out of
    the probabilities, which keeps the type I error. Raises `DesignError`.
    """
    k = _known_look(boundaries, look)
    value = number(z, "z")
    _refuse_running(boundaries, k, value)
    one_side = boundaries.alpha / boundaries.sides
    confidence = 1 - 2 * one_side if level is None else inside_unit(level, "level")
    stronger = _stronger(boundaries, k, value)
    tail = (1 - confidence) / 2
    unit = math.sqrt(
        boundaries.maximum
        if full_information is None
        else positive(full_information, "full_information")
    )
    start = value / math.sqrt(float(boundaries.fractions[k]))
    at_null = stronger(0.0)
    return FinalInference(
        p_value=at_null if boundaries.sides == 1 else min(1.0, 2 * min(at_null, 1 - at_null)),
        estimate=_drift_at(stronger, 0.5, start) / unit,
        ci_low=_drift_at(stronger, tail, start) / unit,
        ci_high=_drift_at(stronger, 1 - tail, start) / unit,
        naive=start / unit,
        level=confidence,
    )


def _known_look(boundaries: Boundaries, look: object) -> int:
    count = boundaries.efficacy_z.size
    if isinstance(look, bool) or not isinstance(look, (int, np.integer)) or not 1 <= look <= count:
        raise DesignError(f"look is {look!r}; the design has looks 1 to {count}. Give one of them.")
    return int(look) - 1


def _refuse_running(boundaries: Boundaries, k: int, z: float) -> None:
    """A trial inside its continuation region has not ended."""
    if k == boundaries.efficacy_z.size - 1:
        return
    upper = float(boundaries.efficacy_z[k])
    lower = None if boundaries.futility_z is None else float(boundaries.futility_z[k])
    region = continuation(upper, lower, boundaries.sides)
    if any(low < z < high for low, high in region):
        raise DesignError(
            f"z is {z:g} at look {k + 1}, between the boundaries, so the trial goes on. "
            "Give the look at which it stopped."
        )


def _stronger(boundaries: Boundaries, k: int, z: float) -> Callable[[float], float]:
    """Probability of an outcome at least as strong, as a function of the drift."""
    times, sides = boundaries.fractions, boundaries.sides
    use_lower = boundaries.binding and sides == 1 and boundaries.futility_z is not None

    def probability(drift: float) -> float:
        walk, total = begin(drift, reach=max(REACH, abs(z) + 1)), 0.0
        for j in range(k):
            time, upper = float(times[j]), float(boundaries.efficacy_z[j])
            total += above(walk, time, upper)
            lower = None
            if use_lower and boundaries.futility_z is not None:
                lower = float(boundaries.futility_z[j])
            walk = advance(walk, time, continuation(upper, lower, sides), float(times[j + 1]))
        return total + above(walk, float(times[k]), z)

    return probability


def _drift_at(stronger: Callable[[float], float], probability: float, near: float) -> float:
    """The drift at which an outcome at least as strong has the given probability."""
    low, high = near - 1.0, near + 1.0
    while stronger(low) > probability:
        low -= 1.0
        _refuse_unbounded(low - near)
    while stronger(high) < probability:
        high += 1.0
        _refuse_unbounded(high - near)
    return float(brentq(lambda d: stronger(d) - probability, low, high, xtol=1e-12, rtol=1e-12))


def _refuse_unbounded(distance: float) -> None:
    if abs(distance) > _FURTHEST:
        raise DesignError(
            "No finite effect explains this outcome at the confidence asked for. "
            "Check z and the look, or lower level."
        )
