"""Two rates: pooled, unpooled, or Fisher's exact test.

`pooled` takes the variance under the null hypothesis from the pooled rate (Fleiss, Levin &
Paik 2003, chapter 4); with a non-inferiority margin from the rates of maximum likelihood
under the margin (Farrington & Manning 1990, Statistics in Medicine 9:1447). `unpooled` takes
it from the rates themselves. `fisher` is in its own module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtr, ndtri

from equipoise.design.checks import flag, inside_unit, known, needed, not_negative
from equipoise.design.endpoint import Endpoint, distance
from equipoise.design.fisher_exact import FisherExact
from equipoise.errors import DesignError

PARAMETERS = ("control", "higher_is_better", "margin", "method", "treatment")
METHODS = ("pooled", "unpooled", "fisher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Two rates `gap` apart from the null difference.

    `null_sd` and `sd` are the standard deviations of the difference for one participant in
    the control arm (and `ratio` in the other), under the null and under the assumption.
    """

    gap: float
    null_sd: float
    sd: float
    ratio: float
    event_share: float | None = None

    def total(self, alpha: float, power: float) -> float:
        """Participants over both arms, unrounded."""
        root = -float(ndtri(alpha)) * self.null_sd + float(ndtri(power)) * self.sd
        return (1 + self.ratio) * (max(root, 0.0) / self.gap) ** 2

    def power(self, alpha: float, total: float) -> float:
        """Probability of a finding in the assumed direction."""
        mean = self.gap * math.sqrt(total / (1 + self.ratio))
        return float(ndtr((mean + float(ndtri(alpha)) * self.null_sd) / self.sd))


def rates(ratio: float, parameters: Mapping[str, Any]) -> Endpoint:
    """Read the parameters of a comparison of rates.

    `control` and `treatment`: probabilities. `method`: pooled (default), unpooled or fisher.
    `margin` of 0 or more on the difference, for non-inferiority; `higher_is_better` (default
    True) then says which direction is benefit.
    """
    what = "A comparison of rates"
    known(parameters, PARAMETERS, what)
    control = inside_unit(needed(parameters, "control", what), "control")
    treatment = inside_unit(needed(parameters, "treatment", what), "treatment")
    method = parameters.get("method", "pooled")
    if not isinstance(method, str) or method not in METHODS:
        raise DesignError(f"There is no method {method!r} for rates. Choose {', '.join(METHODS)}.")
    margin = not_negative(parameters.get("margin", 0.0), "margin")
    null = -margin if flag(parameters.get("higher_is_better", True), "higher_is_better") else margin
    _refuse_worse(control, treatment, margin, null)
    gap = distance(treatment - control, null, "difference of rates")
    if method == "fisher":
        return _fisher(control, treatment, margin, ratio)
    sd = _sd(control, treatment, ratio)
    null_sd = sd if method == "unpooled" else _null_sd(control, treatment, ratio, null)
    return Rates(gap=gap, null_sd=null_sd, sd=sd, ratio=ratio)


def _refuse_worse(control: float, treatment: float, margin: float, null: float) -> None:
    if margin >= 1:
        raise DesignError(f"margin is {margin:g}; rates differ by less than 1. Give less than 1.")
    worse = treatment - control <= null if null < 0 else treatment - control >= null
    if margin > 0 and worse:
        raise DesignError(
            f"The rates {control:g} and {treatment:g} differ by more than the margin {margin:g} "
            "allows, so non-inferiority is false. Assume other rates or a wider margin."
        )


def _fisher(control: float, treatment: float, margin: float, ratio: float) -> FisherExact:
    if margin > 0:
        raise DesignError(
            "Fisher's exact test has no non-inferiority margin. Use method='pooled' with margin."
        )
    return FisherExact(control=control, treatment=treatment, ratio=ratio)


def _sd(control: float, treatment: float, ratio: float) -> float:
    return math.sqrt(control * (1 - control) + treatment * (1 - treatment) / ratio)


def _null_sd(control: float, treatment: float, ratio: float, null: float) -> float:
    """Standard deviation at the rates of maximum likelihood under the null difference."""
    if null == 0:
        pooled = (control + ratio * treatment) / (1 + ratio)
        return _sd(pooled, pooled, ratio)
    likely = restricted_treatment_rate(control, treatment, ratio, null)
    return _sd(likely - null, likely, ratio)


def restricted_treatment_rate(control: float, treatment: float, ratio: float, null: float) -> float:
    """Treatment rate of maximum likelihood given treatment - control = null.

    The cubic of Farrington & Manning 1990, appendix; `ratio` is treatment over control.
    """
    theta = 1 / ratio
    a = 1 + theta
    b = -(1 + theta + treatment + theta * control + null * (theta + 2))
    c = null**2 + null * (2 * treatment + theta + 1) + treatment + theta * control
    d = -treatment * null * (1 + null)
    v = b**3 / (3 * a) ** 3 - b * c / (6 * a**2) + d / (2 * a)
    u = math.copysign(math.sqrt(max(b**2 / (3 * a) ** 2 - c / (3 * a), 0.0)), v)
    angle = (math.pi + math.acos(max(-1.0, min(1.0, v / u**3)))) / 3 if u else 0.0
    likely = 2 * u * math.cos(angle) - b / (3 * a)
    return min(max(likely, null, 0.0), 1.0, 1.0 + null)
