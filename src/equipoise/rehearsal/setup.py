"""From study and scenario to the plain arrays of a kernel."""

from __future__ import annotations

import numpy as np

from equipoise.errors import ScenarioError
from equipoise.protocol.estimands import Endpoint
from equipoise.protocol.model import Protocol, Study
from equipoise.protocol.scenario import DailyChain, Scenario
from equipoise.randomisation import Scheme, State, scheme
from equipoise.randomisation.shape import upper_edges
from equipoise.rehearsal.chain import matrices, start_shares
from equipoise.rehearsal.going_wrong import leaving, site_level, site_levels
from equipoise.rehearsal.kernels.plan import Automaton, BoolArray, ChainPlan, FloatArray, Keys
from equipoise.rehearsal.people import stratum_shares
from equipoise.rehearsal.streams import key, trial_keys
from equipoise.rules import UNKNOWN, evaluate, parse

MOST_STATES = 500_000


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


def scheme_of(protocol: Protocol) -> Scheme:
    """The protocol's randomisation scheme."""
    plan = protocol.randomisation
    return scheme(plan.scheme, **dict(plan.parameters))


def automaton(rule: Scheme, ratio: tuple[int, ...], steps: int) -> Automaton:
    """Every state that `steps` allocations can reach, as tables.

    Raises:
        ScenarioError: the scheme looks at covariates, or has too many states.

    """
    if rule.uses_covariates:
        raise ScenarioError(
            "",
            f"{rule.name} looks at covariates and cannot be tabulated; rehearse the trial through the "
            "whole product with `equipoise demo`.",
        )
    states: list[State] = [rule.start(ratio)]
    number, depth = {states[0]: 0}, [0]
    rows: list[list[tuple[float, int, int]]] = []
    while len(rows) < len(states) and depth[len(rows)] < steps:
        at = len(rows)
        row = []
        for branch in rule.branches(states[at]):
            if branch.state not in number:
                number[branch.state] = len(states)
                states.append(branch.state)
                depth.append(depth[at] + 1)
            row.append((branch.probability, branch.arm, number[branch.state]))
        rows.append(row)
        if len(states) > MOST_STATES:
            raise ScenarioError("", f"{rule.name} has more than {MOST_STATES} states over {steps}.")
    return _tables(rows, len(states))


def _tables(rows: list[list[tuple[float, int, int]]], size: int) -> Automaton:
    columns = max(len(row) for row in rows)
    edge = np.full((size, columns), np.inf)
    arm = np.zeros((size, columns), dtype=np.int8)
    target = np.zeros((size, columns), dtype=np.int64)
    for index, row in enumerate(rows):
        edge[index, : len(row)] = upper_edges(probability for probability, _, _ in row)
        arm[index, : len(row)] = [way[1] for way in row]
        target[index, : len(row)] = [way[2] for way in row]
    return Automaton(edge=edge, arm=arm, target=target)


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
    endpoint: Endpoint,
    effect: float,
    participants: int,
    snapshots: tuple[tuple[int, float], ...] = (),
    ends: tuple[int, ...] = (),
) -> ChainPlan:
    """Everything a kernel needs to simulate trials of this study under this scenario.

    `snapshots` are ascending days with the chance that someone at home is missing then;
    `ends` the ranks of arrival at which a new segment begins.
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
        reached=states_where(course, endpoint.rule),
        lost=states_where(course, endpoint.relapse),
        absorbing=np.array([state in course.absorbing for state in course.states]),
        snapshots=np.array([day for day, _ in snapshots], dtype=np.int64),
        ends=np.array(ends, dtype=np.int64),
        leave=leaving(study.protocol, scenario.conduct, course.days),
        absent=missing if missing.any() else np.empty(0),
        relapse=scenario.conduct.relapse,
        death=course.states.index(course.death),
    )


def _by_arm(protocol: Protocol, course: DailyChain, effect: float) -> FloatArray:
    """Cumulative transition rows, shape (arms, days, states, states)."""
    by_effect = {e: np.cumsum(matrices(course, e), axis=2) for e in {1.0, effect}}
    roles = [arm.role for arm in protocol.arms]
    return np.array([by_effect[effect if role == "experimental" else 1.0] for role in roles])


def automaton_of(protocol: Protocol, participants: int) -> Automaton:
    """The protocol's scheme and ratio as tables."""
    ratio = tuple(arm.ratio for arm in protocol.arms)
    return automaton(scheme_of(protocol), ratio, participants)


def stratum_edges(scenario: Scenario) -> FloatArray:
    """Cumulative shares of the strata but the last, shape (strata - 1,)."""
    return np.cumsum(stratum_shares(scenario))[:-1]


def keys(seed: int, scenario: Scenario, first: int, trials: int, participants: int = 0) -> Keys:
    """Stream keys of trials `first` onwards. Named as in `people`, so both meet the same."""
    streams = {
        purpose: trial_keys(key(seed, scenario.id, purpose), first, trials)
        for purpose in ("stratum", "start", "days", "allocation", "leave", "absent", "relapse")
    }
    if scenario.conduct.site_sd > 0:
        level = site_level(scenario, participants, seed=seed, first=first, trials=trials)
    else:
        level = np.empty((trials, 0), dtype=np.int8)
    return Keys(**streams, level=level)
