"""Simulated trials of one scenario: kernel, then test statistics, in chunks of any size."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ScenarioError
from equipoise.protocol.estimands import Endpoint, Estimand
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal import estimates, tables
from equipoise.rehearsal.going_wrong import leaving
from equipoise.rehearsal.kernels.categories import CategoryKeys, CategoryPlan
from equipoise.rehearsal.kernels.plan import ChainPlan, FloatArray
from equipoise.rehearsal.looks import Looks, looks_of
from equipoise.rehearsal.outcomes import Categorised, categorised, day_of
from equipoise.rehearsal.setup import (
    automaton_of,
    chain_plan,
    course_of,
    keys,
    stratum_edges,
)
from equipoise.rehearsal.streams import key, trial_keys

ENGINES = ("compiled", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """What is rehearsed: one scenario, one effect, one size. Compared by identity: plans are
    kept by design, and comparing whole studies for every chunk would cost more than it saves.
    """

    study: Study
    scenario: Scenario
    effect: float
    participants: int
    seed: int
    estimands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One estimand in many simulated trials.

    Attributes:
        estimand: its id.
        method: the estimator of the estimand's main analysis.
        z: shape (trials, looks), signed so that positive favours the experimental arm.
        estimate: shape (trials, looks), on the estimand's scale (rate ratio, odds ratio of a
            higher score, risk difference, mean difference).

    """

    estimand: str
    method: str
    z: FloatArray
    estimate: FloatArray


def engine_of(name: str | None = None) -> str:
    """The engine asked for; without one, compiled where Numba is installed, else NumPy.

    Raises:
        ScenarioError: an engine of another name, or one that is not installed.

    """
    installed = importlib.util.find_spec("numba") is not None
    chosen = name or ("compiled" if installed else "numpy")
    if chosen not in ENGINES:
        raise ScenarioError("", f"there is no engine {name!r}; choose {' or '.join(ENGINES)}.")
    if chosen == "compiled" and not installed:
        raise ScenarioError(
            "", "the compiled engine needs Numba; install equipoise[fast] or leave --engine out."
        )
    return chosen


def _kernels(engine: str) -> tuple[Any, Any, estimates.LogRank]:
    """The chain kernel, the category kernel and the log-rank test of an engine."""
    if engine == "compiled":
        from equipoise.rehearsal.kernels import categories_compiled, compiled, logrank_compiled

        return compiled.simulate, categories_compiled.simulate, logrank_compiled.logrank
    from equipoise.rehearsal.kernels import categories, vectorised

    return vectorised.simulate, categories.simulate, tables.logrank


def simulate(
    design: Design, *, first: int, trials: int, engine: str | None = None
) -> tuple[Outcome, ...]:
    """Outcomes of trials `first` to `first + trials - 1`; the same whatever the chunks.

    Raises:
        ScenarioError: unknown names, or an estimand that the scenario cannot decide.

    """
    chain, category, logrank = _kernels(engine_of(engine))
    chosen = tuple(estimand_of(design.study, name) for name in design.estimands)
    on_course = tuple(e for e in chosen if _follows_course(design, e))
    found: dict[str, Outcome] = {}
    if on_course:
        plan, where = _chain(design, on_course)
        streams = keys(design.seed, design.scenario, first, trials, design.participants)
        counts = chain(plan, streams)
        for each, at in zip(on_course, where, strict=True):
            found[each.id] = _from_course(design, each, counts, at, logrank)
    for each in chosen:
        if each.id not in found:
            drawn, model = _category(design, each)
            counts = category(drawn, _category_keys(design, each, first, trials))
            found[each.id] = _from_categories(design, each, model, counts, logrank)
    return tuple(found[each.id] for each in chosen)


def estimand_of(study: Study, name: str) -> Estimand:
    """The estimand of that id.

    Raises:
        ScenarioError: there is none.

    """
    found = next((e for e in study.protocol.estimands if e.id.lower() == name.lower()), None)
    if found is None:
        known = ", ".join(e.id for e in study.protocol.estimands)
        raise ScenarioError("", f"there is no estimand {name!r}; the protocol has {known}.")
    return found


def endpoint_of(study: Study, estimand: Estimand) -> Endpoint:
    """The endpoint of an estimand."""
    return next(e for e in study.protocol.endpoints if e.id == estimand.endpoint)


@lru_cache(maxsize=256)
def looks_for(design: Design) -> Looks:
    """The looks of a design."""
    return looks_of(design.study.protocol, design.scenario, design.participants)


def _follows_course(design: Design, estimand: Estimand) -> bool:
    """Whether the daily course decides the endpoint; an outcome model goes first."""
    endpoint = endpoint_of(design.study, estimand)
    course = design.scenario.course
    if endpoint.id in design.scenario.outcomes or course is None:
        return False
    if endpoint.kind == "death":
        return True
    if endpoint.kind == "value":
        return str(endpoint.item) in course.readings
    return endpoint.kind == "first-day" and endpoint.sustained_hours == 0


@lru_cache(maxsize=32)
def _chain(design: Design, chosen: tuple[Estimand, ...]) -> tuple[ChainPlan, tuple[int, ...]]:
    """The plan, and per estimand its snapshot, -1 for one of time to an event."""
    study = design.study
    timed = [e for e in chosen if endpoint_of(study, e).kind == "first-day"]
    rules = {endpoint_of(study, e).id for e in timed}
    if len(rules) > 1:
        raise ScenarioError(
            "", f"{' and '.join(sorted(rules))} are both times; rehearse one of them at a time."
        )
    wanted = {e.id: _snapshot(design, e) for e in chosen if e not in timed}
    snapshots = tuple(sorted(set(wanted.values())))
    model = endpoint_of(study, timed[0]) if timed else endpoint_of(study, chosen[0])
    plan = chain_plan(
        study,
        design.scenario,
        endpoint=model,
        effect=design.effect,
        participants=design.participants,
        snapshots=snapshots,
        ends=looks_for(design).ends,
    )
    return plan, tuple(snapshots.index(wanted[e.id]) if e.id in wanted else -1 for e in chosen)


def _snapshot(design: Design, estimand: Estimand) -> tuple[int, float]:
    """The day whose states decide the estimand, and the chance of missing it at home."""
    endpoint = endpoint_of(design.study, estimand)
    day = day_of(design.study.protocol, endpoint)
    last = course_of(design.scenario).days
    if not 0 <= day <= last:
        raise ScenarioError(
            "", f"estimand {estimand.id} looks at day {day}; the course has days 0 to {last}."
        )
    return day, float(design.scenario.conduct.missed_visit.get(str(endpoint.visit), 0.0))


def _from_course(
    design: Design, estimand: Estimand, counts: Any, at: int, logrank: estimates.LogRank
) -> Outcome:
    endpoint = endpoint_of(design.study, estimand)
    if at < 0:
        both = (_by_look(design, counts.first), _by_look(design, counts.left))
        pairs = [estimates.time_to(f, g, estimand, logrank) for f, g in zip(*both, strict=True)]
    else:
        course = course_of(design.scenario)
        by_look = _by_look(design, counts.states[:, at])
        pairs = [estimates.by_state(course, endpoint, estimand, one) for one in by_look]
    return _outcome(estimand, endpoint, pairs)


@lru_cache(maxsize=32)
def _category(design: Design, estimand: Estimand) -> tuple[CategoryPlan, Categorised]:
    protocol, scenario = design.study.protocol, design.scenario
    endpoint = endpoint_of(design.study, estimand)
    model = categorised(protocol, scenario, endpoint, design.effect)
    edges = np.minimum(np.cumsum(model.shares, axis=2), 1.0)
    plan = CategoryPlan(
        n=design.participants,
        stratum_edges=stratum_edges(scenario),
        edges=np.ascontiguousarray(edges),
        automaton=automaton_of(protocol, design.participants),
        ends=np.array(looks_for(design).ends, dtype=np.int64),
        leave=leaving(protocol, scenario.conduct, int(model.day.max())),
        day=model.day,
        timed=model.timed,
        absent=float(scenario.conduct.missed_visit.get(str(endpoint.visit), 0.0)),
    )
    return plan, model


def _category_keys(design: Design, estimand: Estimand, first: int, trials: int) -> CategoryKeys:
    own = f"outcome {estimand.endpoint}"
    purposes = ("stratum", "allocation", own, "leave", f"absent {estimand.endpoint}")
    return CategoryKeys(
        *(trial_keys(key(design.seed, design.scenario.id, p), first, trials) for p in purposes)
    )


def _from_categories(
    design: Design,
    estimand: Estimand,
    model: Categorised,
    counts: Any,
    logrank: estimates.LogRank,
) -> Outcome:
    endpoint = endpoint_of(design.study, estimand)
    both = (_by_look(design, counts.seen), _by_look(design, counts.left))
    pairs = [
        estimates.by_category(model, estimand, seen, left, logrank)
        for seen, left in zip(*both, strict=True)
    ]
    return _outcome(estimand, endpoint, pairs)


def _by_look(design: Design, counts: NDArray[np.int32]) -> list[NDArray[np.int32]]:
    """Per look the counts of control and first experimental arm, (trials, strata, 2, ...)."""
    roles = [arm.role for arm in design.study.protocol.arms]
    pair = [roles.index("control"), roles.index("experimental")]
    both = counts[:, :, :, pair]
    if both.shape[1] == 1:
        return [both[:, 0]]
    grown = np.cumsum(both, axis=1, dtype=np.int32)
    return [grown[:, look] for look in range(grown.shape[1])]


def _outcome(
    estimand: Estimand, endpoint: Endpoint, pairs: list[tuple[FloatArray, FloatArray]]
) -> Outcome:
    return Outcome(
        estimand=estimand.id,
        method=estimand.main.estimator,
        z=estimates.towards_better(endpoint) * np.stack([z for z, _ in pairs], axis=1),
        estimate=np.stack([estimate for _, estimate in pairs], axis=1),
    )
