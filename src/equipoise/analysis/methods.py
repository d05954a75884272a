"""What each estimator of the plan is given, and on which scale its answer is reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.analysis import estimators
from equipoise.analysis.estimators import Estimate
from equipoise.analysis.result import Scale
from equipoise.analysis.variable import Kind
from equipoise.protocol.estimands import Endpoint


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One estimator as the plan uses it.

    `kinds`: the endpoints it can take. `takes`: which of strata and covariates. `higher` says
    what a value above the null means: "event" (more, or sooner, events), "later" (more time
    without one), "value" (higher values) or "win" (the experimental arm wins).
    """

    run: Callable[..., Estimate]
    kinds: frozenset[Kind]
    measure: str
    scale: Scale
    null: float
    higher: str
    takes: frozenset[str] = frozenset()
    logarithm: bool = False


def _spec(
    run: Callable[..., Estimate],
    kinds: tuple[Kind, ...],
    measure: str,
    *takes: str,
    scale: Scale = "difference",
    null: float = 0.0,
    higher: str = "value",
    logarithm: bool = False,
) -> Spec:
    return Spec(
        run=run,
        kinds=frozenset(kinds),
        measure=measure,
        scale=scale,
        null=null,
        higher=higher,
        takes=frozenset(takes),
        logarithm=logarithm,
    )


def _ratio(
    run: Callable[..., Estimate], kinds: tuple[Kind, ...], measure: str, higher: str, *takes: str
) -> Spec:
    return _spec(
        run, kinds, measure, *takes, scale="ratio", null=1.0, higher=higher, logarithm=True
    )


SPECS: Mapping[str, Spec] = {
    "logrank": _ratio(
        estimators.logrank, ("time",), "rate ratio (one step, log-rank)", "event", "strata"
    ),
    "cox": _ratio(estimators.cox, ("time",), "rate ratio", "event", "strata", "covariates"),
    "rmst": _spec(
        estimators.rmst, ("time",), "difference in restricted mean time, days", higher="later"
    ),
    "proportional_odds": _ratio(
        estimators.proportional_odds,
        ("value",),
        "common odds ratio of a higher score",
        "value",
        "covariates",
    ),
    "wilcoxon": _spec(
        estimators.wilcoxon,
        ("value",),
        "probability of a higher value",
        "strata",
        scale="index",
        null=0.5,
    ),
    "win_ratio": _ratio(estimators.win_ratio, ("value",), "win ratio", "win", "strata"),
    "ancova": _spec(estimators.ancova, ("value",), "adjusted mean difference", "covariates"),
    "risk_difference": _spec(
        estimators.risk_difference, ("binary",), "risk difference", higher="event"
    ),
    "mantel_haenszel": _spec(
        estimators.mantel_haenszel,
        ("binary",),
        "risk difference across strata",
        "strata",
        higher="event",
    ),
}
PER_ARM = frozenset({"exact", "aalen_johansen"})

_WIN_MEASURES = {
    "odds": ("win odds", "ratio", 1.0, True),
    "net-benefit": ("net benefit", "difference", 0.0, False),
}


def spec_of(name: str, parameters: Mapping[str, Any]) -> Spec:
    """The specification of an estimator with its parameters.

    Raises:
        KeyError: no estimator of that name compares two arms.

    """
    spec = SPECS[name]
    if name == "win_ratio" and parameters.get("measure") in _WIN_MEASURES:
        measure, scale, null, logarithm = _WIN_MEASURES[str(parameters["measure"])]
        return Spec(
            run=spec.run,
            kinds=spec.kinds,
            measure=measure,
            scale=scale,  # type: ignore[arg-type]
            null=null,
            higher=spec.higher,
            takes=spec.takes,
            logarithm=logarithm,
        )
    return spec


def reported(spec: Spec, value: float) -> float:
    """A number of the estimator's own scale on the scale of the report."""
    return math.exp(value) if spec.logarithm and math.isfinite(value) else value


def benefit(spec: Spec, endpoint: Endpoint) -> str:
    """Whether benefit lies "above" or "below" the null."""
    if spec.higher == "win":
        return "above"
    if spec.higher == "value":
        return "above" if endpoint.better == "higher" else "below"
    good_event = endpoint.better in {"sooner", "higher"}
    return "above" if (spec.higher == "event") == good_event else "below"
