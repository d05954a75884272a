"""Time to an event: the log-rank test, driven by events.

Schoenfeld 1981 (Biometrika 68:316): events = (z(1-a) + z(power))^2 (1+r)^2 / (r log(HR)^2).
Freedman 1982 (Statistics in Medicine 1:121): (1 + r HR)^2 / (r (1 - HR)^2) in the place of
the last factor. Participants are events over the probability of one, given or modelled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.design import accrual
from equipoise.design.checks import known, needed, not_negative, number, positive
from equipoise.design.endpoint import distance, imbalance, power_of, quantiles
from equipoise.errors import DesignError

PARAMETERS = ("event_probability", "hazard_ratio", "margin", "method", *accrual.PARAMETERS)
METHODS = ("schoenfeld", "freedman")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """A hazard ratio whose statistic gains `per_event` of squared mean with every event."""

    per_event: float
    event_share: float | None

    def total(self, alpha: float, power: float) -> float:
        """Participants over both arms, unrounded."""
        return quantiles(alpha, power) ** 2 / self.per_event / (self.event_share or 1.0)

    def power(self, alpha: float, total: float) -> float:
        """Probability of a finding in the assumed direction."""
        return power_of(alpha, math.sqrt(total * (self.event_share or 1.0) * self.per_event))


def survival(ratio: float, parameters: Mapping[str, Any]) -> Survival:
    """Read the parameters of a time-to-event comparison.

    `hazard_ratio`, experimental over control (above 1 where the event is wished for, such as
    recovery); `margin`: the hazard ratio of the null hypothesis (default 1); `method`:
    schoenfeld (default) or freedman. Either `event_probability`, averaged over the arms and
    up to the analysis, or a model: `control_hazard` (with `breaks`), `accrual`, `follow_up`,
    `fixed_follow_up`, `dropout` (a hazard), all in one unit of time.
    """
    what = "A time-to-event comparison"
    known(parameters, PARAMETERS, what)
    hazard_ratio = positive(needed(parameters, "hazard_ratio", what), "hazard_ratio")
    null = positive(parameters.get("margin", 1.0), "margin")
    gap = distance(math.log(hazard_ratio), math.log(null), "hazard ratio")
    method = parameters.get("method", "schoenfeld")
    if not isinstance(method, str) or method not in METHODS:
        raise DesignError(
            f"There is no method {method!r} for survival. Choose {', '.join(METHODS)}."
        )
    return Survival(
        per_event=_per_event(method, hazard_ratio, null, gap, ratio),
        event_share=_event_share(hazard_ratio, ratio, parameters),
    )


def _per_event(method: str, hazard_ratio: float, null: float, gap: float, ratio: float) -> float:
    if method == "schoenfeld":
        return gap**2 / imbalance(ratio)
    if null != 1:
        raise DesignError("Freedman's formula has no margin. Use method='schoenfeld' with margin.")
    return ratio * ((1 - hazard_ratio) / (1 + ratio * hazard_ratio)) ** 2


def _event_share(hazard_ratio: float, ratio: float, parameters: Mapping[str, Any]) -> float:
    modelled = [name for name in accrual.PARAMETERS if parameters.get(name) is not None]
    given = parameters.get("event_probability")
    if given is not None and modelled:
        raise DesignError(
            f"event_probability is given and also modelled by {', '.join(modelled)}. Give one."
        )
    if given is not None:
        return _probability(given)
    if not modelled:
        raise DesignError(
            "A time-to-event comparison needs the events that participants will have. Give "
            "event_probability, or control_hazard with accrual and follow_up."
        )
    hazard = accrual.read_hazard(parameters)
    entry = accrual.read_accrual(parameters)
    dropout = not_negative(parameters.get("dropout", 0.0), "dropout")
    control = accrual.event_probability(hazard, entry, dropout)
    treated = accrual.event_probability(hazard.times(hazard_ratio), entry, dropout)
    return _probability((control + ratio * treated) / (1 + ratio))


def _probability(value: object) -> float:
    result = number(value, "event_probability")
    if not 0 < result <= 1:
        raise DesignError(
            f"event_probability is {result:g}, so there would be no events to compare, or more "
            "than participants. Give a probability above 0 and at most 1."
        )
    return result
