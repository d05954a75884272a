"""The analysis plan, carried out: every estimand, every method, every contrast, twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.answers import Baseline
from equipoise.analysis.contrasts import (
    Compared,
    Contrast,
    compared,
    contrasts,
    covariates_of,
    strata_of,
)
from equipoise.analysis.dataset import Dataset
from equipoise.analysis.endpoints import evaluate
from equipoise.analysis.estimators import Estimate, Outcome
from equipoise.analysis.independent import independent
from equipoise.analysis.methods import PER_ARM, SPECS, Spec, benefit, reported, spec_of
from equipoise.analysis.per_arm import arm_rows, incidence_contrast, not_taken, zero_limit
from equipoise.analysis.result import Result, Second, finite
from equipoise.analysis.sets import Members, analysis_sets
from equipoise.analysis.summaries import groups_of
from equipoise.analysis.variable import Variable
from equipoise.errors import EquipoiseError, NotEstimable, say
from equipoise.protocol.estimands import Endpoint, Estimand, Method
from equipoise.protocol.model import Protocol

Role = Literal["main", "supplementary"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A dataset with what every part of the analysis needs, worked out once."""

    dataset: Dataset
    sets: Mapping[str, Members]
    baseline: Baseline
    contrasts: tuple[Contrast, ...]
    _variables: dict[tuple[str, bool], Variable] = field(default_factory=dict)

    @property
    def protocol(self) -> Protocol:
        """The protocol that is analysed."""
        return self.dataset.study.protocol

    @property
    def language_free_arms(self) -> tuple[str, ...]:
        """Ids of the arms, the control first."""
        return tuple(arm.id for arm in self.dataset.arms)

    def endpoint(self, name: str) -> Endpoint:
        """One endpoint by its id."""
        return next(one for one in self.protocol.endpoints if one.id == name)

    def variable(self, name: str, *, emergent_only: bool = False) -> Variable:
        """One endpoint, evaluated at most once."""
        key = (name, emergent_only)
        if key not in self._variables:
            self._variables[key] = evaluate(
                self.dataset, self.endpoint(name), baseline=self.baseline, emergent_only=key[1]
            )
        return self._variables[key]


def trial_of(dataset: Dataset) -> Trial:
    """Prepare a dataset for analysis."""
    return Trial(
        dataset=dataset,
        sets=analysis_sets(dataset),
        baseline=Baseline(dataset),
        contrasts=contrasts(dataset.study.protocol),
    )


def carry_out(trial: Trial) -> tuple[Result, ...]:
    """Every result of the plan, in the order of its estimands; the main method first."""
    found: list[Result] = []
    for estimand in trial.protocol.estimands:
        methods: list[tuple[Role, Method]] = [("main", estimand.main)]
        methods += [("supplementary", one) for one in estimand.supplementary]
        for role, method in methods:
            found += _method(trial, estimand, method, role)
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class _Task:
    """One method of one estimand."""

    trial: Trial
    estimand: Estimand
    method: Method
    role: Role
    members: Members
    variable: Variable

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.method.parameters)


def _task(trial: Trial, estimand: Estimand, method: Method, role: Role) -> _Task:
    chosen = trial.sets[method.set or estimand.set]
    return _Task(
        trial=trial,
        estimand=estimand,
        method=method,
        role=role,
        members=chosen,
        variable=trial.variable(
            method.endpoint or estimand.endpoint, emergent_only=chosen.treated_only
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Unarmed:
    """What the main method of one estimand is given, whatever the arms.

    `rows`: positions in the order of the dataset, shape (m,). `arguments`: of the estimator, all
    but the arm.
    """

    variable: Variable
    spec: Spec
    rows: NDArray[np.int64]  # (m,)
    arguments: Mapping[str, Any]


def unarmed(trial: Trial, estimand: Estimand) -> Unarmed:
    """Who enters the main method of an estimand that compares arms, and what is known of them.

    Raises:
        KeyError: this version does not compute the method.

    """
    task = _task(trial, estimand, estimand.main, "main")
    spec = spec_of(task.method.estimator, task.parameters)
    rows = np.flatnonzero(task.members.member & task.variable.usable)
    given, _ = _without_arm(task, spec, rows)
    return Unarmed(variable=task.variable, spec=spec, rows=rows, arguments=given)


def _method(trial: Trial, estimand: Estimand, method: Method, role: Role) -> list[Result]:
    task = _task(trial, estimand, method, role)
    if method.estimator in PER_ARM:
        return _by_arm(task)
    rows = [_contrast(task, contrast) for contrast in trial.contrasts]
    if estimand.level == "safety" and role == "main" and not _has_exact(estimand):
        rows += _by_arm(replace(task, method=Method(estimator="exact"), role="supplementary"))
    return rows


def _has_exact(estimand: Estimand) -> bool:
    return any(one.estimator == "exact" for one in estimand.supplementary)


def _contrast(task: _Task, contrast: Contrast) -> Result:
    rows = compared(task.members, task.variable, contrast)
    spec = SPECS.get(task.method.estimator)
    if spec is None:
        words = say("this version computes no {method}", method=task.method.estimator)
        return replace(_blank(task, contrast, rows), problem=words)
    spec = spec_of(task.method.estimator, task.parameters)
    blank = replace(
        _blank(task, contrast, rows),
        measure=spec.measure,
        scale=spec.scale,
        null=spec.null,
        benefit=benefit(spec, task.variable.endpoint),  # type: ignore[arg-type]
    )
    if task.variable.kind not in spec.kinds:
        return replace(blank, problem=not_taken(task.method.estimator, task.variable))
    return _computed(task, spec, rows, blank)


def _blank(task: _Task, contrast: Contrast | None, rows: Compared | None) -> Result:
    """A row with everything but the numbers."""
    members, variable = task.members, task.variable
    shown = (
        task.trial.language_free_arms
        if contrast is None
        else (contrast.experimental, contrast.control)
    )
    inside = np.logical_or.reduce([members.in_arm(arm) for arm in shown])
    return Result(
        estimand=task.estimand.id,
        endpoint=variable.endpoint.id,
        population=members.set.id,
        method=task.method.estimator,
        role=task.role,
        measure=task.method.estimator,
        scale="difference",
        null=None,
        contrast=None if contrast is None else contrast.name,
        n=0 if rows is None else rows.n,
        groups=groups_of(members, variable, shown),
        missing=variable.count("missing", inside),
        carried=variable.count("carried", inside),
        note=task.method.note,
    )


def _computed(task: _Task, spec: Spec, rows: Compared, blank: Result) -> Result:
    if rows.n == 0:
        return replace(blank, problem="nobody in the set has a value")
    arguments, filled = _arguments(task, spec, rows)
    try:
        ours = spec.run(**arguments)
    except NotEstimable as problem:
        return replace(blank, filled_covariates=filled, problem=problem.why)
    limits = sorted((reported(spec, ours.ci_low), reported(spec, ours.ci_high)))
    return replace(
        blank,
        estimate=finite(reported(spec, ours.value)),
        ci_low=finite(limits[0]),
        ci_high=finite(limits[1]),
        p_value=finite(ours.p_value),
        n=ours.n,
        filled_covariates=filled,
        independent=_second(task.method.estimator, spec, arguments, ours),
    )


def _arguments(task: _Task, spec: Spec, rows: Compared) -> tuple[dict[str, Any], int]:
    """The arguments of the estimator, and how many covariate values were filled in."""
    arguments, filled = _without_arm(task, spec, rows.rows)
    return {"arm": rows.arm, **arguments}, filled


def _without_arm(task: _Task, spec: Spec, rows: NDArray[np.int64]) -> tuple[dict[str, Any], int]:
    arguments: dict[str, Any] = {**task.parameters, **_outcome(task, spec, rows)}
    dataset, baseline, filled = task.trial.dataset, task.trial.baseline, 0
    if task.method.strata and "strata" in spec.takes:
        arguments["strata"] = strata_of(dataset, baseline, task.method.strata, rows)
    if task.method.covariates and "covariates" in spec.takes:
        columns = covariates_of(dataset, baseline, task.method.covariates, rows)
        filled = columns.filled
        if columns.names:
            arguments["covariates"] = columns.values
    return arguments, filled


def _outcome(task: _Task, spec: Spec, rows: NDArray[np.int64]) -> dict[str, Any]:
    variable = task.variable
    if variable.kind == "time":
        found: dict[str, Any] = {"time": variable.time[rows], "event": variable.event[rows]}
        if task.method.estimator == "rmst":
            found["horizon"] = task.parameters.get("horizon", float(variable.endpoint.horizon))
        return found
    value = variable.value[rows]
    if variable.kind == "binary":
        return {"event": value == 1.0}
    if spec.higher == "win":
        larger = variable.endpoint.better == "higher"
        return {"outcomes": [Outcome(value=value, larger_wins=larger)]}
    name = "y" if task.method.estimator == "ancova" else "score"
    return {name: value}


def _second(name: str, spec: Spec, arguments: dict[str, Any], ours: Estimate) -> Second:
    """The independent computation, on the scale of the report."""
    try:
        other = independent(name, **arguments)
    except EquipoiseError as problem:
        return Second(
            library="none", estimate=None, p_value=None, difference=None, problem=str(problem)
        )
    estimate = finite(reported(spec, other.estimate))
    mine = finite(reported(spec, ours.value))
    return Second(
        library=other.library,
        estimate=estimate,
        p_value=finite(other.p_value),
        difference=None if estimate is None or mine is None else mine - estimate,
    )


def _by_arm(task: _Task) -> list[Result]:
    """Methods that describe each arm for itself; the incidence also as a difference."""
    blank = _blank(task, None, None)
    at = float(task.parameters.get("at", task.variable.endpoint.horizon))
    arms = task.trial.language_free_arms
    rows = arm_rows(task.method.estimator, task.members, task.variable, arms, at, blank)
    if task.method.estimator == "exact":
        return [zero_limit(row) for row in rows]
    made = [
        incidence_contrast(task.members, task.variable, contrast, at, _blank(task, contrast, None))
        for contrast in task.trial.contrasts
    ]
    return made + rows
