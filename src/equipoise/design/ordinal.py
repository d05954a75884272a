"""An ordinal scale under proportional odds.

Whitehead 1993 (Statistics in Medicine 12:2257): the log odds ratio has information
n r (1 - sum of p^3) / (3 (1 + r)^2), p being the category probabilities averaged over the
arms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.design.checks import Array, distribution, known, needed, positive
from equipoise.design.endpoint import distance, imbalance, power_of, quantiles
from equipoise.errors import DesignError

PARAMETERS = ("control", "margin", "odds_ratio", "probabilities")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinal:
    """A log odds ratio `gap` from its null value; `spread` is 1 minus the sum of p cubed."""

    gap: float
    spread: float
    ratio: float
    event_share: float | None = None

    def total(self, alpha: float, power: float) -> float:
        """Participants over both arms, unrounded."""
        needs = (quantiles(alpha, power) / self.gap) ** 2
        return 3 * imbalance(self.ratio) * needs / self.spread

    def power(self, alpha: float, total: float) -> float:
        """Probability of a finding in the assumed direction."""
        information = total * self.spread / (3 * imbalance(self.ratio))
        return power_of(alpha, self.gap * math.sqrt(information))


def ordinal(ratio: float, parameters: Mapping[str, Any]) -> Ordinal:
    """Read the parameters of an ordinal comparison.

    `odds_ratio`: odds of a category listed earlier, experimental over control. Either
    `probabilities`, averaged over the arms, or `control`, those of the control arm, from
    which the odds ratio gives the other arm and the average. `margin`: the odds ratio of the
    null hypothesis, for non-inferiority (default 1).
    """
    what = "An ordinal comparison"
    known(parameters, PARAMETERS, what)
    odds = positive(needed(parameters, "odds_ratio", what), "odds_ratio")
    null = positive(parameters.get("margin", 1.0), "margin")
    averaged = _averaged(odds, ratio, parameters)
    return Ordinal(
        gap=distance(math.log(odds), math.log(null), "odds ratio"),
        spread=spread_of(averaged),
        ratio=ratio,
    )


def spread_of(probabilities: Array) -> float:
    """1 minus the sum of cubes: 1 for a continuous scale, 0 when everyone is alike."""
    spread = 1 - float(np.sum(probabilities**3))
    if spread < 1e-9:
        raise DesignError(
            "All participants are in one category, so no test could find anything. "
            "Give probabilities spread over two categories or more."
        )
    return spread


def shifted(probabilities: Array, odds_ratio: float) -> Array:
    """Category probabilities after the odds of every earlier group are multiplied."""
    cumulative = np.clip(np.cumsum(probabilities)[:-1], 0.0, 1.0)
    moved = odds_ratio * cumulative / (1 - cumulative + odds_ratio * cumulative)
    return np.asarray(np.diff(moved, prepend=0.0, append=1.0))


def _averaged(odds: float, ratio: float, parameters: Mapping[str, Any]) -> Array:
    given = [name for name in ("probabilities", "control") if parameters.get(name) is not None]
    if len(given) != 1:
        raise DesignError(
            "An ordinal comparison needs either probabilities (averaged over the arms) or "
            "control (those of the control arm). Give one of the two."
        )
    mix = distribution(parameters[given[0]], given[0])
    if given[0] == "probabilities":
        return mix
    return np.asarray((mix + ratio * shifted(mix, odds)) / (1 + ratio))
