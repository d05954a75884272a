"""From an outcome model that follows the course to the plan of the linked kernel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from equipoise.protocol.estimands import Endpoint
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import DailyChain, OutcomeModel, Scenario
from equipoise.rehearsal.kernels.linked import LinkedPlan
from equipoise.rehearsal.kernels.plan import ChainPlan, FloatArray
from equipoise.rehearsal.outcomes import (
    Categorised,
    binned,
    day_of,
    doubled,
    hazards_by_day,
    is_high,
    level_of,
    model_of,
    refused,
    shifted_binary,
    shifted_ordinal,
)
from equipoise.rehearsal.setup import course_of

NOTHING = np.empty((0, 0, 0, 0))


def follows(scenario: Scenario, endpoint: Endpoint) -> bool:
    """Whether the scenario's model of an endpoint goes with the daily course."""
    model = scenario.outcomes.get(endpoint.id)
    return model is not None and bool(model.by_state)


def linked(
    protocol: Protocol, scenario: Scenario, endpoint: Endpoint, people: ChainPlan, effect: float
) -> tuple[LinkedPlan, Categorised]:
    """The plan of the kernel, and what its categories read.

    Raises:
        ScenarioError: impossible numbers, a state that the course does not have, a day beyond it.

    """
    model, course = model_of(scenario, endpoint), course_of(scenario)
    timed = model.kind == "survival"
    day = endpoint.horizon if timed else day_of(protocol, endpoint)
    if not 1 <= day <= course.days:
        raise refused(endpoint, f"is known on day {day}; the course has days 1 to {course.days}.")
    states = _by_state(course, endpoint, model)
    keep, edges, dead = NOTHING, NOTHING, -1
    if timed:
        values = np.arange(day + 2, dtype=np.float64)
        keep = _keep(protocol, scenario, endpoint, model, states)
    else:
        shares, values = _shares(protocol, scenario, endpoint, model, states, effect)
        edges, values, dead = _with_death(course, endpoint, shares, values)
    plan = LinkedPlan(
        people=people,
        edges=edges,
        keep=keep,
        at=day,
        dead=dead,
        absent=_absent(scenario, course, endpoint),
        evaluable=_evaluable(scenario, endpoint, model),
    )
    known = np.full(values.size, day, dtype=np.int64)
    return plan, Categorised(shares=edges, values=values, day=known, timed=timed)


def _by_state(course: DailyChain, endpoint: Endpoint, model: OutcomeModel) -> FloatArray:
    """What each state does to the outcome, shape (states,)."""
    unknown = set(model.by_state) - set(course.states)
    if unknown:
        raise refused(
            endpoint,
            f"`by_state` names {', '.join(sorted(unknown))}; the course has {', '.join(course.states)}.",
        )
    missing = set(course.states) - set(model.by_state) - {course.death}
    if missing:
        raise refused(endpoint, f"`by_state` says nothing of {', '.join(sorted(missing))}.")
    neutral = 0.0 if model.kind in {"normal", "survival"} else 1.0
    found = np.array([float(model.by_state.get(s, neutral)) for s in course.states])
    if model.kind != "normal" and ((found < 0).any() or not np.isfinite(found).all()):
        raise refused(endpoint, "`by_state` multiplies; none may be below 0. Correct it.")
    return found


def _shares(
    protocol: Protocol,
    scenario: Scenario,
    endpoint: Endpoint,
    model: OutcomeModel,
    states: FloatArray,
    effect: float,
) -> tuple[FloatArray, FloatArray]:
    """Shares (strata, arms, states, k), better first, and the k values."""
    arms = len(protocol.arms)
    if model.kind == "normal":
        sign = 1.0 if is_high(endpoint) else -1.0
        means = [float(level_of(model.mean, s, "mean", endpoint)) for s in scenario.strata]
        moves = sign * model.per_doubling * doubled(protocol, effect)
        centre = np.array(means)[:, None, None] + moves[:, None] + states
        return binned(endpoint, model, centre)
    build = shifted_binary if model.kind == "binary" else shifted_ordinal
    each = [build(scenario, endpoint, model, np.full(arms, factor)) for factor in states]
    return np.stack([shares for shares, _ in each], axis=2), each[0][1]


def _with_death(
    course: DailyChain, endpoint: Endpoint, shares: FloatArray, values: FloatArray
) -> tuple[FloatArray, FloatArray, int]:
    """Cumulative shares, values, and the category of the dead."""
    edges = np.ascontiguousarray(np.minimum(np.cumsum(shares, axis=3), 1.0))
    if endpoint.death == "missing":
        return edges, values, -1
    if endpoint.death == "event":
        return edges, values, int(np.argmax(values == 1))
    if endpoint.death != "worst" or endpoint.death_value is None:
        raise refused(
            endpoint,
            f"follows the course, in which people enter {course.death!r}; the endpoint must say what "
            "death counts as: `death: worst` with `death_value:`, `event` or `missing`.",
        )
    ends = np.concatenate((edges[..., :-1], np.ones((*edges.shape[:3], 2))), axis=3)
    return ends, np.append(values, float(endpoint.death_value)), values.size


def _keep(
    protocol: Protocol,
    scenario: Scenario,
    endpoint: Endpoint,
    model: OutcomeModel,
    states: FloatArray,
) -> NDArray[np.float64]:
    """Chance of another day without the event, shape (strata, arms, horizon, states)."""
    rows = [hazards_by_day(endpoint, model, level) for level in scenario.strata]
    daily = np.array(rows)[:, None, :, None] * states
    arms = len(protocol.arms)
    return np.exp(-np.repeat(daily, arms, axis=1))


def _absent(scenario: Scenario, course: DailyChain, endpoint: Endpoint) -> FloatArray:
    """Chance that the endpoint is missing in each state: visits missed at home, forms not made."""
    conduct = scenario.conduct
    missed = float(conduct.missed_visit.get(str(endpoint.visit), 0.0))
    table: Mapping[str, float] = conduct.absent.get(str(endpoint.form), Frozen())
    home = course.states[0]
    chances = []
    for state in course.states:
        at_home = state == home
        usual = float(table.get(state, 0.0))
        form = float(table.get(f"{state}@home", usual)) if at_home else usual
        chances.append(1 - (1 - missed * at_home) * (1 - form))
    return np.array(chances)


def _evaluable(scenario: Scenario, endpoint: Endpoint, model: OutcomeModel) -> FloatArray:
    """Share of each stratum in the population of the endpoint, shape (strata,)."""
    if not model.evaluable:
        return np.ones(len(scenario.strata))
    found = [float(level_of(model.evaluable, s, "evaluable", endpoint)) for s in scenario.strata]
    if not all(0 <= share <= 1 for share in found):
        raise refused(endpoint, "`evaluable` must lie between 0 and 1. Correct it.")
    return np.array(found)
