"""One row of the results: an estimate, its uncertainty, and the second computation of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.protocol.frozen import Text

Scale = Literal["ratio", "difference", "index", "share"]
Favours = Literal["experimental", "control", "neither"]


@dataclass(frozen=True, kw_only=True)
class Second:
    """The same number by another library; `difference` is ours minus theirs."""

    library: str
    estimate: float | None
    p_value: float | None
    difference: float | None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """What went into an estimate from one arm: participants, and events where there are any."""

    arm: str
    n: int
    events: int | None
    summary: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """One estimate of the plan, on the scale on which it is reported.

    Ratios are ratios, not logarithms. A difference is experimental minus control. `estimate`
    is None, and `problem` says why, where the data hold no answer. `arm` is set where the
    number belongs to one arm and `contrast` where it compares two. `missing` counts members of
    the analysis set without a value, `carried` those whose last status stands.
    """

    estimand: str
    endpoint: str
    population: str
    method: str
    role: Literal["main", "supplementary"]
    measure: str
    scale: Scale
    null: float | None
    contrast: str | None = None
    arm: str | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    n: int = 0
    groups: tuple[Group, ...] = ()
    missing: int = 0
    carried: int = 0
    filled_covariates: int = 0
    upper_limit: float | None = None
    benefit: Literal["above", "below"] | None = None
    independent: Second | None = None
    note: Text | None = None
    problem: str | None = None

    @property
    def favours(self) -> Favours | None:
        """Which arm the estimate favours; None where nothing is compared."""
        if self.estimate is None or self.null is None or self.benefit is None:
            return None
        if self.estimate == self.null:
            return "neither"
        return (
            "experimental"
            if (self.estimate > self.null) == (self.benefit == "above")
            else ("control")
        )


def finite(value: float | None) -> float | None:
    """The number, or None where it is not one: results files hold no NaN."""
    return None if value is None or not math.isfinite(value) else float(value)


def document(result: Result) -> dict[str, Any]:
    """The row as it stands in results.json."""
    second = result.independent
    return {
        "estimand": result.estimand,
        "endpoint": result.endpoint,
        "population": result.population,
        "method": result.method,
        "role": result.role,
        "measure": result.measure,
        "scale": result.scale,
        "null": result.null,
        "contrast": result.contrast,
        "arm": result.arm,
        "estimate": result.estimate,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "p_value": result.p_value,
        "n": result.n,
        "groups": [
            {"arm": one.arm, "n": one.n, "events": one.events, "summary": one.summary}
            for one in result.groups
        ],
        "missing": result.missing,
        "carried": result.carried,
        "filled_covariates": result.filled_covariates,
        "upper_limit": result.upper_limit,
        "favours": result.favours,
        "independent": None
        if second is None
        else {
            "library": second.library,
            "estimate": second.estimate,
            "p_value": second.p_value,
            "difference": second.difference,
            "problem": second.problem,
        },
        "note": None if result.note is None else str(result.note),
        "problem": result.problem,
    }
