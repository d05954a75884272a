"""Power given the data so far.

Given Z at information t the score is known, and what is left is a walk from that point
(Lan & Wittes 1988, Biometrics 44:579; Jennison & Turnbull 2000, chapter 10). Predictive power
averages over the posterior of the effect (Spiegelhalter, Freedman & Blackburn 1986,
Controlled Clinical Trials 7:8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.special import ndtr, ndtri

from equipoise.design.checks import level, not_negative, number, positive
from equipoise.design.group_sequential import Boundaries
from equipoise.design.integration import above, advance, begin
from equipoise.design.sweep import continuation
from equipoise.errors import DesignError

_POINTS = 96
_REACH = 8.5


def conditional_power(
    z: float,
    information: float,
    *,
    drift: float | None = None,
    alpha: float = 0.025,
    sides: int = 1,
    boundaries: Boundaries | None = None,
) -> float:
    """Probability of crossing the upper boundary later, given Z = `z` at `information`.

    `drift` is the mean of Z at full information; by default the current trend. Without
    `boundaries` there is one look left, at information 1, with critical value
    z(1 - alpha / sides); with them, `information` is in their unit and the looks after it
    are left, futility boundary included. Raises `DesignError`.
    """
    later = _later(information, alpha, sides, boundaries)
    score = number(z, "z") * math.sqrt(later.time)
    mean = score / later.time if drift is None else number(drift, "drift")
    return _crosses(score, later, mean)


def predictive_power(
    z: float,
    information: float,
    *,
    prior_drift: float = 0.0,
    prior_information: float = 0.0,
    alpha: float = 0.025,
    sides: int = 1,
    boundaries: Boundaries | None = None,
) -> float:
    """Conditional power averaged over the posterior of the drift.

    The prior is normal with mean `prior_drift` and the weight of `prior_information`, a
    fraction of full information; the default 0 is a flat prior. Other parameters as for
    `conditional_power`. Raises `DesignError`.
    """
    later = _later(information, alpha, sides, boundaries)
    score = number(z, "z") * math.sqrt(later.time)
    weight = not_negative(prior_information, "prior_information")
    mean = (score + weight * number(prior_drift, "prior_drift")) / (later.time + weight)
    sd = 1 / math.sqrt(later.time + weight)
    points, weights = cast(Any, np.polynomial.legendre.leggauss(_POINTS))
    shares = weights * _REACH * np.exp(-0.5 * (_REACH * points) ** 2) / math.sqrt(2 * math.pi)
    powers = [_crosses(score, later, mean + sd * _REACH * float(x)) for x in points]
    return min(1.0, float(np.dot(shares, powers)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Later:
    """The fraction reached, and the looks that are left: fractions and boundaries."""

    time: float
    times: list[float]
    upper: list[float]
    lower: list[float] | None
    sides: int


def _later(information: object, alpha: float, sides: int, boundaries: Boundaries | None) -> _Later:
    reached = positive(information, "information")
    if boundaries is None:
        total, count = level(alpha, sides)
        _refuse_ended(reached, 1.0)
        critical = -float(ndtri(total / count))
        return _Later(time=reached, times=[1.0], upper=[critical], lower=None, sides=count)
    _refuse_ended(reached, float(boundaries.information[-1]))
    left = boundaries.information > reached * (1 + 1e-12)
    lower = None if boundaries.futility_z is None else boundaries.futility_z[left].tolist()
    return _Later(
        time=reached / boundaries.maximum,
        times=boundaries.fractions[left].tolist(),
        upper=boundaries.efficacy_z[left].tolist(),
        lower=lower,
        sides=boundaries.sides,
    )


def _refuse_ended(reached: float, last: float) -> None:
    if reached >= last * (1 - 1e-12):
        raise DesignError(
            f"information is {reached:g}, and the last look is at {last:g}: nothing is left to "
            "predict. Give the information of an interim look."
        )


def _crosses(score: float, later: _Later, drift: float) -> float:
    if len(later.times) == 1:
        step = later.times[0] - later.time
        gap = later.upper[0] * math.sqrt(later.times[0]) - score - drift * step
        return float(ndtr(-gap / math.sqrt(step)))
    walk, total = begin(drift, score=score, information=later.time), 0.0
    for k, time in enumerate(later.times):
        total += above(walk, time, later.upper[k])
        if k < len(later.times) - 1:
            lower = None if later.lower is None else later.lower[k]
            region = continuation(later.upper[k], lower, later.sides)
            walk = advance(walk, time, region, later.times[k + 1])
    return total
