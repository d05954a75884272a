"""From study and scenario to the plain arrays of a kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from equipoise.errors import ScenarioError
from equipoise.protocol.estimands import Endpoint
from equipoise.protocol.model import Protocol, Study
from equipoise.protocol.scenario import DailyChain, Scenario
from equipoise.rehearsal.chain import matrices, start_shares
from equipoise.rehearsal.going_wrong import leaving, site_level, site_levels
from equipoise.rehearsal.kernels.plan import (
    BoolArray,
    ChainPlan,
    FloatArray,
    IntArray,
    Keys,
    UIntArray,
)
from equipoise.rehearsal.lists import automaton_of
from equipoise.rehearsal.people import stratum_shares
from equipoise.rehearsal.streams import key, trial_keys
from equipoise.rules import UNKNOWN, evaluate, parse


def scenario_of(study: Study, name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        ScenarioError: there is none.

    """
    found = study.scenarios.get(name)
    if found is None:
        known = ", ".join(study.scenarios) or "none"
        raise ScenarioError(
            "",
            f"{study.protocol.id} has no scenario {name!r}; it has: {known}. Choose one of them.",
        )
    return found


def course_of(scenario: Scenario) -> DailyChain:
    """The daily chain of a scenario.

    Raises:
        ScenarioError: the scenario declares no course.

    """
    if scenario.course is None:
        raise ScenarioError(
            "", f"scenario {scenario.id} declares no course; add `course:` to rehearse it."
        )
    return scenario.course


def states_where(course: DailyChain, rule: str | None) -> BoolArray:
    """Shape (states,): whether `rule` is true of what items read in each state.

    Raises:
        ScenarioError: the rule cannot be decided from the scenario's readings.

    """
    if rule is None:
        return np.zeros(len(course.states), dtype=bool)
    expression = parse(rule)
    answers = []
    for state in course.states:
        reading = {item: values[state] for item, values in course.readings.items()}
        answer = evaluate(expression, reading)
        if answer is UNKNOWN:
            raise ScenarioError(
                "",
                f"the rule {rule!r} cannot be decided in state {state!r}: add what its items read "
                "there under `course: readings:`.",
            )
        answers.append(bool(answer))
    return np.array(answers)


def chain_plan(
    study: Study,
    scenario: Scenario,
    *,
    endpoint: Endpoint | None,
    effect: float,
    participants: int,
    snapshots: tuple[tuple[int, float], ...] = (),
    ends: tuple[int, ...] = (),
    by_start: bool = False,
) -> ChainPlan:
    """Everything a kernel needs to simulate trials of this study under this scenario.

    `endpoint` is what is waited for; None where only the paths are wanted.
    `snapshots` are ascending days with the chance that someone at home is missing then;
    `ends` the ranks of arrival at which a new segment begins. With `by_start` snapshots are
    counted by day-0 state too.
    """
    course = course_of(scenario)
    starts = np.array([np.cumsum(start_shares(course, level)) for level in scenario.strata])
    missing = np.array([chance for _, chance in snapshots])
    return ChainPlan(
        n=participants,
        stratum_edges=stratum_edges(scenario),
        start_edges=starts,
        cumulative=site_levels(scenario.conduct.site_sd, _by_arm(study.protocol, course, effect)),
        automaton=automaton_of(study.protocol, participants),
        reached=states_where(course, endpoint.rule if endpoint else None),
        lost=states_where(course, endpoint.relapse if endpoint else None),
        absorbing=np.array([state in course.absorbing for state in course.states]),
        snapshots=np.array([day for day, _ in snapshots], dtype=np.int64),
        ends=np.array(ends, dtype=np.int64),
        leave=leaving(study.protocol, scenario.conduct, course.days),
        absent=missing if missing.any() else np.empty(0),
        relapse=scenario.conduct.relapse,
        death=course.states.index(course.death),
        by_start=by_start,
    )


def _by_arm(protocol: Protocol, course: DailyChain, effect: float) -> FloatArray:
    """Cumulative transition rows, shape (arms, days, states, states)."""
    by_effect = {e: np.cumsum(matrices(course, e), axis=2) for e in {1.0, effect}}
    roles = [arm.role for arm in protocol.arms]
    return np.array([by_effect[effect if role == "experimental" else 1.0] for role in roles])


def stratum_edges(scenario: Scenario) -> FloatArray:
    """Cumulative shares of the strata but the last, shape (strata - 1,)."""
    return np.cumsum(stratum_shares(scenario))[:-1]


class Only(NamedTuple):
    """Some trials of a run, shape (m,) each: which they are, and how many they randomise."""

    rows: IntArray
    people: IntArray


def some(streams: Keys, only: Only) -> Keys:
    """The streams of those trials, each with as many people as given."""
    rows = only.rows
    given = streams.given[rows] if streams.given.shape[1] else streams.given
    return Keys(
        stratum=streams.stratum[rows],
        start=streams.start[rows],
        days=streams.days[rows],
        allocation=streams.allocation[rows],
        leave=streams.leave[rows],
        absent=streams.absent[rows],
        relapse=streams.relapse[rows],
        level=streams.level[rows],
        given=given,
        people=only.people,
    )


def keys(seed: int, scenario: Scenario, first: int, trials: int, participants: int = 0) -> Keys:
    """Stream keys of trials `first` onwards. Named as in `people`, so both meet the same."""

    def stream(purpose: str) -> UIntArray:
        return trial_keys(key(seed, scenario.id, purpose), first, trials)

    if scenario.conduct.site_sd > 0:
        level = site_level(scenario, participants, seed=seed, first=first, trials=trials)
    else:
        level = np.empty((trials, 0), dtype=np.int8)
    return Keys(
        stratum=stream("stratum"),
        start=stream("start"),
        days=stream("days"),
        allocation=stream("allocation"),
        leave=stream("leave"),
        absent=stream("absent"),
        relapse=stream("relapse"),
        level=level,
    )
