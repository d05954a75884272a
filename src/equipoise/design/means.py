"""Two means: the z test or the t test.

With `normal_approximation`, n = (z(1-a) + z(power))^2 sd^2 (1+r)^2 / (r d^2). Without it, the
power of the two-sample t test follows the noncentral t distribution with n - 2 degrees of
freedom (Julious 2010, *Sample Sizes for Clinical Trials*, chapter 3), and n is solved as a
real number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy.special import nctdtr, stdtrit

from equipoise.design.checks import flag, known, needed, not_negative, number, positive
from equipoise.design.endpoint import distance, imbalance, power_of, quantiles
from equipoise.design.roots import brentq
from equipoise.errors import DesignError

PARAMETERS = ("difference", "margin", "normal_approximation", "sd")
_LEAST_TOTAL = 2.001
_NORMAL_FROM = 1e8
"""Participants from which t and normal quantiles agree to eight digits."""
_LARGEST_EFFECT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Two means `gap` apart from the null difference, common standard deviation `sd`."""

    gap: float
    sd: float
    ratio: float
    normal: bool
    event_share: float | None = None

    def total(self, alpha: float, power: float) -> float:
        """Participants over both arms, unrounded."""
        normal = imbalance(self.ratio) * (quantiles(alpha, power) * self.sd / self.gap) ** 2
        if self.normal or normal > _NORMAL_FROM:
            return normal
        high = max(4 * normal, 10.0)
        while self.power(alpha, high) < power:
            high *= 4

        def excess(total: float) -> float:
            return self.power(alpha, total) - power

        if excess(_LEAST_TOTAL) >= 0:
            return _LEAST_TOTAL
        return float(brentq(excess, _LEAST_TOTAL, high, xtol=1e-9, rtol=1e-12))

    def power(self, alpha: float, total: float) -> float:
        """Probability of a finding in the assumed direction."""
        mean = self.gap / self.sd * math.sqrt(total / imbalance(self.ratio))
        if self.normal:
            return power_of(alpha, mean)
        freedom = total - 2
        if freedom <= 0:
            raise DesignError(
                f"A t test of {total:g} participants has no degrees of freedom. Give more than 2."
            )
        critical = float(stdtrit(freedom, 1 - alpha))
        return 1 - float(nctdtr(freedom, mean, critical))


def means(ratio: float, parameters: Mapping[str, Any]) -> Means:
    """Read the parameters of a comparison of means.

    `difference` (experimental minus control) and `sd` in one unit; `margin` of 0 or more, the
    loss that non-inferiority accepts (then a positive difference must mean benefit);
    `normal_approximation` (default False) for the z test.
    """
    known(parameters, PARAMETERS, "A comparison of means")
    what = "A comparison of means"
    difference = number(needed(parameters, "difference", what), "difference")
    margin = not_negative(parameters.get("margin", 0.0), "margin")
    if margin > 0 and difference + margin <= 0:
        raise DesignError(
            f"The difference {difference:g} is worse than the margin {margin:g} allows, so "
            "non-inferiority is false. Assume a larger difference or a wider margin."
        )
    gap = distance(difference, -margin, "difference")
    sd = positive(needed(parameters, "sd", what), "sd")
    if gap > _LARGEST_EFFECT * sd:
        raise DesignError(
            f"The effect is {gap / sd:.3g} standard deviations. Check that difference and sd are "
            "in the same unit."
        )
    return Means(
        gap=gap,
        sd=sd,
        ratio=ratio,
        normal=flag(parameters.get("normal_approximation", False), "normal_approximation"),
    )
