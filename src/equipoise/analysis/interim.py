"""One interim analysis: the statistic, its boundary, conditional power, and what the rule advises.

Groups are letters. Nobody here knows which letter is which arm, and none is needed: exchanging
two groups turns the sign of the statistic. Whatever depends on it is therefore given for both
readings of a comparison, each beginning with "if this letter is the experimental group".
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from equipoise.analysis.estimators import Estimate, Outcome
from equipoise.analysis.interim_cut import Cut
from equipoise.analysis.looks import Rule, interim_boundaries
from equipoise.analysis.methods import Spec, reported, spec_of
from equipoise.design import Boundaries, conditional_power, drift_for
from equipoise.errors import NotEstimable

Advice = Literal["continue", "efficacy", "harm", "futility"]
"""`efficacy` and `harm`: the boundary is crossed, for or against the experimental group."""
Recommendation = Literal[
    "continue", "efficacy", "harm", "futility", "crossed", "depends", "not-estimable"
]
"""`crossed`: for or against, by the reading; `depends`: the readings differ otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One comparison, if `experimental` is the experimental group. `z` above 0: it does better."""

    experimental: str
    control: str
    z: float
    power_design: float
    power_trend: float
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two groups, `first` minus (or over) `second` on the scale of the report."""

    first: str
    second: str
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    readings: tuple[Reading, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group: participants, and events where the endpoint has any."""

    letter: str
    participants: int
    events: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interim:
    """What an interim analysis found. All of it in letters."""

    look: int
    estimand: str
    endpoint: str
    measure: str
    unit: str
    information: int
    planned: float
    fraction: float
    boundary_z: float
    nominal_p: float
    alpha_spent: float
    futility: float | None
    sides: int
    groups: tuple[Group, ...]
    comparisons: tuple[Comparison, ...]
    recommendation: Recommendation


def conduct(cut: Cut, groups: Mapping[str, str], *, earlier: Sequence[float] = ()) -> Interim:
    """Carry an interim analysis out.

    Args:
        cut: the data, without arms.
        groups: participant to letter, for everybody in the cut.
        earlier: fractions of information of the looks taken before, ascending.

    Raises:
        DesignError: the fraction does not lie between those taken before and 1.
        KeyError: somebody in the cut is in no group.

    """
    bounds = interim_boundaries(cut.rule, [*earlier, cut.fraction])
    letters = np.array([groups[one] for one in cut.participants], dtype=object)
    spec = spec_of(cut.estimator, cut.arguments)
    task = _Task(cut=cut, spec=spec, bounds=bounds, letters=letters, at=len(earlier))
    pairs = itertools.combinations(sorted(set(groups.values())), 2)
    compared = tuple(task.compared(first, second) for first, second in pairs)
    return Interim(
        look=cut.look,
        estimand=cut.estimand,
        endpoint=cut.endpoint,
        measure=spec.measure,
        unit=cut.unit,
        information=cut.information,
        planned=cut.planned,
        fraction=cut.fraction,
        boundary_z=task.boundary,
        nominal_p=float(bounds.nominal_p[task.at]),
        alpha_spent=float(bounds.alpha_spent[task.at]),
        futility=cut.rule.futility,
        sides=cut.rule.sides,
        groups=tuple(task.group(one) for one in sorted(set(groups.values()))),
        comparisons=compared,
        recommendation=recommended(compared),
    )


def document(found: Interim) -> dict[str, Any]:
    """What was found as JSON values."""
    return asdict(found)


def recommended(compared: Sequence[Comparison]) -> Recommendation:
    """What the rule says over all readings."""
    said = {reading.advice for one in compared for reading in one.readings}
    if not said or any(one.problem for one in compared):
        return "not-estimable"
    if len(said) == 1:
        return next(iter(said))
    return "crossed" if said == {"efficacy", "harm"} else "depends"


def advised(rule: Rule, z: float, boundary: float, power_design: float) -> Advice:
    """What the rule says for a statistic; futility is advice, and binds nobody."""
    if z >= boundary:
        return "efficacy"
    if rule.sides == 2 and z <= -boundary:
        return "harm"
    if rule.futility is not None and power_design < rule.futility:
        return "futility"
    return "continue"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A cut with what every comparison of it needs. `at`: the place of the look in `bounds`."""

    cut: Cut
    spec: Spec
    bounds: Boundaries
    letters: NDArray[Any]  # (m,)
    at: int

    @property
    def boundary(self) -> float:
        return float(self.bounds.efficacy_z[self.at])

    def group(self, letter: str) -> Group:
        inside = self.letters == letter
        event = self.cut.arguments.get("event")
        events = None if event is None else int(np.array(event, dtype=np.bool_)[inside].sum())
        return Group(letter=letter, participants=int(inside.sum()), events=events)

    def compared(self, first: str, second: str) -> Comparison:
        rows = np.flatnonzero((self.letters == first) | (self.letters == second))
        arm = np.array(self.letters[rows] == first, dtype=np.bool_)
        given = _arguments(self.cut.arguments, rows, len(self.letters))
        try:
            found = self.spec.run(arm=arm, **given)
            z = _z(found) * (1 if self.cut.benefit == "above" else -1)
        except NotEstimable as problem:
            return Comparison(first=first, second=second, problem=problem.why)
        limits = sorted(reported(self.spec, one) for one in (found.ci_low, found.ci_high))
        return Comparison(
            first=first,
            second=second,
            estimate=reported(self.spec, found.value),
            ci_low=_finite(limits[0]),
            ci_high=_finite(limits[1]),
            p_value=found.p_value,
            readings=(self.reading(first, second, z), self.reading(second, first, -z)),
        )

    def reading(self, experimental: str, control: str, z: float) -> Reading:
        rule, bounds, now = self.cut.rule, self.bounds, self.cut.fraction
        planned = drift_for(bounds, rule.power)
        design = conditional_power(z, now, drift=planned, boundaries=bounds)
        return Reading(
            experimental=experimental,
            control=control,
            z=z,
            power_design=design,
            power_trend=conditional_power(z, now, boundaries=bounds),
            advice=advised(rule, z, self.boundary, design),
        )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _z(found: Estimate) -> float:
    """The standard normal statistic with the p-value of the estimator, signed."""
    if not (math.isfinite(found.statistic) and math.isfinite(found.p_value)):
        raise NotEstimable("The statistic", "the method tests no hypothesis on these data")
    if found.p_value <= 0:
        return found.statistic
    return math.copysign(-float(ndtri(found.p_value / 2)), found.statistic)


def _arguments(given: Mapping[str, Any], rows: NDArray[np.int64], size: int) -> dict[str, Any]:
    """The estimator's arguments of some rows; what is no column of `size` values stays."""
    return {name: _argument(name, value, rows, size) for name, value in given.items()}


def _argument(name: str, value: Any, rows: NDArray[np.int64], size: int) -> Any:
    if name == "outcomes":
        return [
            Outcome(value=np.array(one["value"])[rows], larger_wins=one["larger_wins"])
            for one in value
        ]
    if not isinstance(value, list) or len(value) != size:
        return value
    kind: Any = object if name == "strata" else np.bool_ if name == "event" else np.float64
    return np.array(value, dtype=kind)[rows]
