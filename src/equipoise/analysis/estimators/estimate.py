"""What every estimator returns, and the normal interval that most of them share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from equipoise.errors import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One estimate with its uncertainty.

    Contrasts are experimental minus control, so `statistic` is positive where the
    experimental arm is higher. `statistic` and `p_value` are NaN where no hypothesis
    was tested.
    """

    value: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float  # signed z (or t, where the docstring says so)
    p_value: float  # two-sided
    n: int  # participants that entered the calculation


def critical(level: float) -> float:
    """Two-sided standard normal quantile of a confidence level, 1.96 for 0.95.

    Raises:
        ValueError: level is not strictly between 0 and 1.

    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie strictly between 0 and 1; got {level}")
    return float(special.ndtri(0.5 + level / 2))


def two_sided(z: float) -> float:
    """Two-sided p-value of a standard normal statistic."""
    return float(2.0 * special.ndtr(-abs(z)))


def wald(value: float, se: float, n: int, *, level: float, what: str) -> Estimate:
    """Estimate with the interval value -/+ z se and the test of value / se.

    Raises:
        NotEstimable: the standard error is 0 or not finite.

    """
    if not (math.isfinite(value) and math.isfinite(se) and se > 0):
        raise NotEstimable(what, "the data hold no information on its uncertainty")
    half = critical(level) * se
    z = value / se
    return Estimate(
        value=value,
        se=se,
        ci_low=value - half,
        ci_high=value + half,
        statistic=z,
        p_value=two_sided(z),
        n=n,
    )
