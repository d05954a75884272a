"""Sample size and power, for every endpoint, with or without interim looks.

A group-sequential design multiplies the participants of the design without looks by
(drift / (z(1-a) + z(power)))^2, drift being the mean of Z at full information that the
boundaries need for the power (Jennison & Turnbull 2000, sections 2.5 and 3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.design.checks import level, positive, target_power
from equipoise.design.endpoint import Endpoint, quantiles
from equipoise.design.group_sequential import Boundaries
from equipoise.design.means import means
from equipoise.design.operating import crossing, drift_for, expected_information
from equipoise.design.ordinal import ordinal
from equipoise.design.rates import rates
from equipoise.design.roots import brentq
from equipoise.design.survival import survival
from equipoise.design.win_odds import win_odds
from equipoise.errors import DesignError

ENDPOINTS: Mapping[str, Callable[[float, Mapping[str, Any]], Endpoint]] = {
    "means": means,
    "rates": rates,
    "survival": survival,
    "ordinal": ordinal,
    "win-odds": win_odds,
}
"""Every endpoint; the parameters are in the docstring of the function."""

_HIGHEST = 1 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Participants and events, unrounded.

    `total` is the number to plan for, over both arms; `per_arm` is (control, experimental);
    `events` the expected events at full information (None where events do not drive the
    test). `maximum` is the total at full information, and `expected` the mean total when the
    looks may stop the trial under the assumed effect; without looks both equal `total`.
    `fixed` is the total of the same trial without looks.
    """

    total: float
    per_arm: tuple[float, float]
    events: float | None
    maximum: float
    expected: float
    expected_events: float | None
    fixed: float


def sample_size(
    endpoint: str,
    *,
    alpha: float,
    power: float,
    sides: int = 1,
    ratio: float = 1.0,
    boundaries: Boundaries | None = None,
    **parameters: Any,
) -> SampleSize:
    """Participants needed for `power` at `alpha` (total over `sides`).

    `endpoint`: means (`difference, sd, normal_approximation, margin`), rates (`control,
    treatment, method, margin, higher_is_better`), survival (`hazard_ratio,
    event_probability` or a model, `method, margin`), ordinal (`odds_ratio, probabilities` or
    `control`, `margin`), win-odds (`win_odds, probabilities, margin`). `ratio` is
    experimental over control. With `boundaries` of the same alpha and sides, the total is
    that of full information. Power counts findings in the assumed direction.
    Raises `DesignError`.
    """
    total_alpha, count = level(alpha, sides)
    wanted = target_power(power, total_alpha / count)
    share = positive(ratio, "ratio")
    question = _endpoint(endpoint, share, parameters)
    fixed = question.total(total_alpha / count, wanted)
    inflation, stopped = 1.0, 1.0
    if boundaries is not None:
        _refuse_other_level(boundaries, total_alpha, count, parameters)
        inflation, stopped = _inflation(boundaries, total_alpha / count, wanted)
    total = fixed * inflation
    events = None if question.event_share is None else total * question.event_share
    return SampleSize(
        total=total,
        per_arm=(total / (1 + share), total * share / (1 + share)),
        events=events,
        maximum=total,
        expected=total * stopped,
        expected_events=None if events is None else events * stopped,
        fixed=fixed,
    )


def power(
    endpoint: str,
    *,
    alpha: float,
    total: float | None = None,
    events: float | None = None,
    sides: int = 1,
    ratio: float = 1.0,
    boundaries: Boundaries | None = None,
    **parameters: Any,
) -> float:
    """Power of a trial with `total` participants (or, for survival, `events`).

    Other parameters as for `sample_size`, of which this is the inverse.
    Raises `DesignError`.
    """
    total_alpha, count = level(alpha, sides)
    share = positive(ratio, "ratio")
    if endpoint == "survival" and events is not None:
        parameters = _only_events(parameters)
    question = _endpoint(endpoint, share, parameters)
    size = _size(question, total, events)
    if boundaries is None:
        return question.power(total_alpha / count, size)
    _refuse_other_level(boundaries, total_alpha, count, parameters)
    return _sequential_power(question, boundaries, total_alpha / count, size)


def _endpoint(name: str, ratio: float, parameters: Mapping[str, Any]) -> Endpoint:
    if not isinstance(name, str) or name not in ENDPOINTS:
        raise DesignError(
            f"There is no endpoint of kind {name!r}. Choose one of {', '.join(ENDPOINTS)}."
        )
    return ENDPOINTS[name](ratio, parameters)


def _only_events(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Given a number of events, how participants come to have them does not matter."""
    kept = {k: v for k, v in parameters.items() if k in ("hazard_ratio", "margin", "method")}
    return {**kept, "event_probability": 1.0}


def _size(question: Endpoint, total: float | None, events: float | None) -> float:
    if (total is None) == (events is None):
        raise DesignError("Power needs the size of the trial. Give total= (or events=), not both.")
    if total is not None:
        return positive(total, "total")
    if question.event_share is None:
        raise DesignError("events only drive survival endpoints. Give total=.")
    return positive(events, "events") / question.event_share


def _refuse_other_level(
    boundaries: Boundaries, alpha: float, sides: int, parameters: Mapping[str, Any]
) -> None:
    if abs(boundaries.alpha - alpha) > 1e-12 or boundaries.sides != sides:
        raise DesignError(
            f"The boundaries are for alpha {boundaries.alpha:g} over {boundaries.sides} side(s), "
            f"the question is for {alpha:g} over {sides}. Use the same in both."
        )
    if float(boundaries.fractions[-1]) < 1:
        raise DesignError(
            f"The boundaries end at {boundaries.fractions[-1]:g} of full information. "
            "Plan with boundaries whose last look is at full information."
        )
    if parameters.get("method") == "fisher":
        raise DesignError(
            "Fisher's exact test has no group-sequential form here. Use method='pooled'."
        )


def _inflation(boundaries: Boundaries, alpha: float, wanted: float) -> tuple[float, float]:
    """Maximum over fixed sample size, and expected over maximum, at the assumed effect."""
    drift = drift_for(boundaries, wanted)
    stopped = expected_information(boundaries, drift) / boundaries.maximum
    return (drift / quantiles(alpha, wanted)) ** 2, stopped


def _sequential_power(
    question: Endpoint, boundaries: Boundaries, alpha: float, size: float
) -> float:
    """The power at which `sample_size` would answer `size`."""

    def excess(wanted: float) -> float:
        ratio = drift_for(boundaries, wanted) / quantiles(alpha, wanted)
        return question.total(alpha, wanted) * ratio**2 - size

    least = alpha * (1 + 1e-3)
    if excess(least) >= 0:
        return alpha
    highest = excess(_HIGHEST) + size
    if highest <= size:
        drift = drift_for(boundaries, _HIGHEST) * (size / highest) ** 0.5
        return crossing(boundaries, drift).power
    return float(brentq(excess, least, _HIGHEST, xtol=1e-12, rtol=1e-10))
