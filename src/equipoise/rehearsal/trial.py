"""Simulated trials of one scenario: kernel, then test statistics, in chunks of any size."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from equipoise.errors import ScenarioError
from equipoise.protocol.estimands import Endpoint, Estimand
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import DailyChain, Scenario
from equipoise.rehearsal import tables
from equipoise.rehearsal.kernels.plan import ChainPlan, Counts, Keys
from equipoise.rehearsal.setup import chain_plan, course_of, keys, states_where

FloatArray = NDArray[np.float64]
Kernel = Callable[[ChainPlan, Keys], Counts]

ENGINES = ("compiled", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One estimand in many simulated trials.

    Attributes:
        estimand: its id.
        method: the estimator of the estimand's main analysis.
        z: shape (trials,), signed so that positive favours the experimental arm.
        estimate: shape (trials,), on the estimand's scale (rate ratio, odds ratio of a
            higher score, risk difference).

    """

    estimand: str
    method: str
    z: FloatArray
    estimate: FloatArray


def kernel(engine: str | None = None) -> Kernel:
    """The compiled kernel where Numba is installed, else the NumPy one.

    Raises:
        ScenarioError: an engine of another name.

    """
    chosen = engine or ("compiled" if importlib.util.find_spec("numba") else "numpy")
    if chosen == "compiled":
        from equipoise.rehearsal.kernels import compiled

        return compiled.simulate
    if chosen == "numpy":
        from equipoise.rehearsal.kernels import vectorised

        return vectorised.simulate
    raise ScenarioError("", f"there is no engine {engine!r}; choose {' or '.join(ENGINES)}.")


@lru_cache(maxsize=16)
def _plan(
    study: Study, scenario: Scenario, effect: float, participants: int, estimands: tuple[str, ...]
) -> tuple[ChainPlan, tuple[Estimand, ...]]:
    chosen = tuple(_estimand(study, name) for name in estimands)
    days = tuple(sorted({_day(study, each) for each in chosen} - {-1}))
    first = next((_endpoint(study, e) for e in chosen if _day(study, e) < 0), None)
    endpoint = first or _endpoint(study, _estimand(study, study.protocol.analysis.sequence[0]))
    plan = chain_plan(
        study,
        scenario,
        endpoint=endpoint,
        effect=effect,
        participants=participants,
        snapshots=days,
    )
    return plan, chosen


def _estimand(study: Study, name: str) -> Estimand:
    found = next((e for e in study.protocol.estimands if e.id.lower() == name.lower()), None)
    if found is None:
        known = ", ".join(e.id for e in study.protocol.estimands)
        raise ScenarioError("", f"there is no estimand {name!r}; the protocol has {known}.")
    return found


def _endpoint(study: Study, estimand: Estimand) -> Endpoint:
    return next(e for e in study.protocol.endpoints if e.id == estimand.endpoint)


def _day(study: Study, estimand: Estimand) -> int:
    """The day whose states decide the estimand, or -1 for one of time to an event."""
    endpoint = _endpoint(study, estimand)
    if endpoint.kind == "value":
        return next(v.day for v in study.protocol.visits if v.id == endpoint.visit)
    if endpoint.kind == "death":
        return endpoint.horizon
    if endpoint.kind == "first-day" and endpoint.sustained_hours == 0:
        return -1
    raise ScenarioError(
        "",
        f"estimand {estimand.id} ({endpoint.kind}) does not follow from the clinical course "
        "alone; rehearse it through the whole product with --tier 2.",
    )


def simulate(
    study: Study,
    scenario: Scenario,
    *,
    effect: float,
    participants: int,
    seed: int,
    first: int,
    trials: int,
    estimands: tuple[str, ...],
    engine: str | None = None,
) -> tuple[Outcome, ...]:
    """Outcomes of trials `first` to `first + trials - 1`; the same whatever the chunks.

    Raises:
        ScenarioError: unknown names, or an estimand that the course alone cannot decide.

    """
    plan, chosen = _plan(study, scenario, effect, participants, estimands)
    counts = kernel(engine)(plan, keys(seed, scenario, first, trials))
    arms = _experimental(study)
    return tuple(_outcome(study, scenario, plan, each, counts, arms) for each in chosen)


def _experimental(study: Study) -> tuple[int, int]:
    """Indices of the control arm and the first experimental arm."""
    roles = [arm.role for arm in study.protocol.arms]
    return roles.index("control"), roles.index("experimental")


def _outcome(
    study: Study,
    scenario: Scenario,
    plan: ChainPlan,
    estimand: Estimand,
    counts: Counts,
    arms: tuple[int, int],
) -> Outcome:
    endpoint = _endpoint(study, estimand)
    pair = list(arms)
    if endpoint.kind == "first-day":
        z, estimate = _time_to(counts.first.sum(axis=1)[:, :, pair])
    else:
        day = int(np.searchsorted(plan.snapshots, _day(study, estimand)))
        by_state = counts.states[:, day].sum(axis=(1, 2))[:, pair]
        z, estimate = _by_state(scenario, endpoint, by_state)
    sign = -1.0 if endpoint.better in {"lower", "later", "no"} else 1.0
    return Outcome(
        estimand=estimand.id, method=estimand.main.estimator, z=sign * z, estimate=estimate
    )


def _time_to(first: NDArray[np.int32]) -> tuple[FloatArray, FloatArray]:
    value, z = tables.logrank(first)
    return z, np.exp(value)


def _by_state(
    scenario: Scenario, endpoint: Endpoint, by_state: NDArray[np.int32]
) -> tuple[FloatArray, FloatArray]:
    """The z and the estimate (odds ratio of a higher score, or risk difference) from final states."""
    course = course_of(scenario)
    if endpoint.kind == "death":
        dead = by_state[:, :, course.states.index(course.death)]
        difference, z = tables.risk_difference(dead, by_state.sum(axis=2))
        return z, difference
    log_odds, z = tables.proportional_odds(_by_score(course, endpoint, by_state))
    return z, np.exp(log_odds)


def _by_score(
    course: DailyChain, endpoint: Endpoint, by_state: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Counts by ascending score, shape (trials, 2, scores)."""
    readings = course.readings.get(str(endpoint.item))
    if readings is None:
        raise ScenarioError(
            "", f"the course does not say what {endpoint.item!r} reads in its states: add it there."
        )
    values = np.array([float(readings[state]) for state in course.states])
    if endpoint.death == "worst" and endpoint.death_value is not None:
        values[course.states.index(course.death)] = endpoint.death_value
    scores, column = np.unique(values, return_inverse=True)
    table = np.zeros((*by_state.shape[:2], scores.size), dtype=np.int32)
    for state, score in enumerate(column):
        table[:, :, score] += by_state[:, :, state]
    return table


def two_sided_p(z: FloatArray) -> FloatArray:
    """Two-sided p-values of z statistics."""
    result: FloatArray = 2 * norm.sf(np.abs(z))
    return result


__all__ = ["ENGINES", "Outcome", "kernel", "simulate", "states_where", "two_sided_p"]
