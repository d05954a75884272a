"""The win odds: (wins + half of ties) over (losses + half of ties).

Gasparyan, Kowalewski & Koch 2021 (Journal of Biopharmaceutical Statistics 31:765), in
Noether's 1987 form: the win probability has variance (1 + r)^2 / (12 n r) under the null
hypothesis, smaller by the factor 1 - sum of p^3 with tied categories of probabilities p
(averaged over the arms).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.design.checks import distribution, known, needed, positive
from equipoise.design.endpoint import distance, imbalance, power_of, quantiles
from equipoise.design.ordinal import spread_of

PARAMETERS = ("margin", "probabilities", "win_odds")


@dataclass(frozen=True, slots=True, kw_only=True)
class WinOdds:
    """A win probability `gap` from its null value; `spread` shrinks its variance for ties."""

    gap: float
    spread: float
    ratio: float
    event_share: float | None = None

    def total(self, alpha: float, power: float) -> float:
        """Participants over both arms, unrounded."""
        needs = (quantiles(alpha, power) / self.gap) ** 2
        return needs * self.spread * imbalance(self.ratio) / 12

    def power(self, alpha: float, total: float) -> float:
        """Probability of a finding in the assumed direction."""
        sd = math.sqrt(self.spread * imbalance(self.ratio) / (12 * total))
        return power_of(alpha, self.gap / sd)


def win_odds(ratio: float, parameters: Mapping[str, Any]) -> WinOdds:
    """Read the parameters of a win-odds comparison.

    `win_odds`; `probabilities` of tied categories averaged over the arms (default: no ties);
    `margin`: the win odds of the null hypothesis (default 1).
    """
    what = "A win-odds comparison"
    known(parameters, PARAMETERS, what)
    odds = positive(needed(parameters, "win_odds", what), "win_odds")
    null = positive(parameters.get("margin", 1.0), "margin")
    mix = parameters.get("probabilities")
    return WinOdds(
        gap=distance(odds / (1 + odds), null / (1 + null), "win odds"),
        spread=1.0 if mix is None else spread_of(distribution(mix, "probabilities")),
        ratio=ratio,
    )
