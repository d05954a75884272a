"""Estimates of one arm for itself: exact shares, and incidence with death competing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from equipoise.analysis.contrasts import Contrast
from equipoise.analysis.estimators import Estimate, aalen_johansen, exact, exact_upper
from equipoise.analysis.independent import independent
from equipoise.analysis.result import Result, Second, finite
from equipoise.analysis.sets import Members
from equipoise.analysis.variable import Variable
from equipoise.errors import EquipoiseError, say

DEATH = 2
_MEASURES = {
    0: "difference in cumulative incidence, death competing, day {day}",
    1: "cumulative incidence, death competing, day {day}",
    DEATH: "cumulative incidence of death, day {day}",
}


def _on_day(kind: int, at: float) -> str:
    return say(_MEASURES[kind], day=f"{at:g}")


def not_taken(method: str, variable: Variable) -> str:
    """That a method has no answer for this kind of endpoint."""
    return say("{method} does not take a {kind} endpoint", method=method, kind=variable.kind)


def arm_rows(
    method: str,
    members: Members,
    variable: Variable,
    arms: Sequence[str],
    at: float,
    blank: Result,
) -> list[Result]:
    """One row per arm (and per cause, for incidences)."""
    if method == "exact":
        return [_share(members, variable, arm, blank) for arm in arms]
    return [
        _incidence(members, variable, arm, cause, at, blank) for cause in (1, DEATH) for arm in arms
    ]


def _of_arm(blank: Result, arm: str, measure: str) -> Result:
    groups = tuple(one for one in blank.groups if one.arm == arm)
    return replace(blank, arm=arm, measure=measure, scale="share", null=None, groups=groups)


def _share(members: Members, variable: Variable, arm: str, blank: Result) -> Result:
    row = _of_arm(blank, arm, "share with the event")
    if variable.kind != "binary":
        return replace(row, problem=not_taken("exact", variable))
    value = variable.value[members.in_arm(arm) & variable.usable]
    if value.size == 0:
        return replace(row, problem="nobody in the arm has a value")
    events, n = int(value.sum()), int(value.size)
    ours = exact(events, n)
    other = independent("exact", events=events, n=n)
    return replace(
        _with(row, ours),
        independent=_beside(ours.value, other.library, other.estimate),
    )


def zero_limit(row: Result) -> Result:
    """A share with no event also as an upper limit: one-sided, 95 %."""
    if row.estimate == 0.0 and row.n > 0:
        return replace(row, upper_limit=exact_upper(0, row.n))
    return row


def _incidence(
    members: Members, variable: Variable, arm: str, cause: int, at: float, blank: Result
) -> Result:
    row = _of_arm(blank, arm, _on_day(cause, at))
    if variable.kind != "time":
        return replace(row, problem=not_taken("aalen_johansen", variable))
    found = incidence(members, variable, arm, cause, at)
    if found is None:
        return replace(row, problem="nobody in the arm has a value")
    inside = members.in_arm(arm) & variable.usable
    second = _second_incidence(variable, inside, cause, at, found.value)
    return replace(_with(row, found), independent=second)


def incidence(
    members: Members, variable: Variable, arm: str, cause: int, at: float
) -> Estimate | None:
    """Share of one arm that has had one cause by day `at`; None where nobody has a value.

    Where nobody had the cause it is 0, without limits.
    """
    inside = members.in_arm(arm) & variable.usable
    if not inside.any():
        return None
    curve = aalen_johansen(variable.cause_time[inside], variable.cause[inside], at)
    if cause in curve.causes:
        return curve.of(cause)[0]
    nan = math.nan
    return Estimate(
        value=0.0, se=0.0, ci_low=nan, ci_high=nan, statistic=nan, p_value=nan, n=int(inside.sum())
    )


def incidence_contrast(
    members: Members, variable: Variable, contrast: Contrast, at: float, blank: Result
) -> Result:
    """Difference of two cumulative incidences at one day, with its normal interval and test."""
    good = variable.endpoint.better in {"sooner", "higher"}
    row = replace(
        blank,
        measure=_on_day(0, at),
        null=0.0,
        benefit="above" if good else "below",
    )
    if variable.kind != "time":
        return replace(row, problem=not_taken("aalen_johansen", variable))
    ours = incidence(members, variable, contrast.experimental, 1, at)
    theirs = incidence(members, variable, contrast.control, 1, at)
    if ours is None or theirs is None:
        return replace(row, problem="nobody in one of the arms has a value")
    value, se = ours.value - theirs.value, math.hypot(ours.se, theirs.se)
    if se == 0:
        return replace(row, estimate=value, problem="there is no variation in either arm")
    half = float(special.ndtri(0.975)) * se
    return replace(
        row,
        estimate=value,
        ci_low=value - half,
        ci_high=value + half,
        p_value=float(2 * special.ndtr(-abs(value / se))),
        n=ours.n + theirs.n,
        independent=_second_difference(members, variable, contrast, at, value),
    )


def _second_difference(
    members: Members, variable: Variable, contrast: Contrast, at: float, value: float
) -> Second:
    parts = [
        _other_incidence(variable, members.in_arm(arm) & variable.usable, 1, at)
        for arm in (contrast.experimental, contrast.control)
    ]
    return _beside(value, parts[0][0], parts[0][1] - parts[1][1])


def _second_incidence(
    variable: Variable, inside: np.ndarray, cause: int, at: float, value: float
) -> Second:
    try:
        library, other = _other_incidence(variable, inside, cause, at)
    except EquipoiseError as problem:
        return Second(
            library="none", estimate=None, p_value=None, difference=None, problem=str(problem)
        )
    return _beside(value, library, other)


def _other_incidence(
    variable: Variable, inside: np.ndarray, cause: int, at: float
) -> tuple[str, float]:
    """Library and estimate. It numbers causes in steps of 1, so absent ones are closed up."""
    causes = variable.cause[inside]
    present = [one for one in (1, DEATH) if (causes == one).any()]
    if cause not in present:
        return "count", 0.0
    closed = np.zeros_like(causes)
    for position, one in enumerate(present, start=1):
        closed[causes == one] = position
    found = independent(
        "aalen_johansen",
        time=variable.cause_time[inside],
        cause=closed,
        at=at,
        of=present.index(cause) + 1,
    )
    return found.library, found.estimate


def _beside(value: float, library: str, other: float) -> Second:
    return Second(
        library=library, estimate=finite(other), p_value=None, difference=finite(value - other)
    )


def _with(row: Result, ours: Estimate) -> Result:
    return replace(
        row,
        estimate=finite(ours.value),
        ci_low=finite(ours.ci_low),
        ci_high=finite(ours.ci_high),
        p_value=finite(ours.p_value),
        n=ours.n,
    )
