"""Simulated trials of one scenario: kernel, then test statistics, in chunks of any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ScenarioError
from equipoise.protocol.estimands import Endpoint, Estimand
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal import estimates
from equipoise.rehearsal.covariates import Adjustment, adjustment
from equipoise.rehearsal.engines import engine_of, kernels
from equipoise.rehearsal.going_wrong import leaving
from equipoise.rehearsal.kernels.categories import CategoryKeys, CategoryPlan
from equipoise.rehearsal.kernels.linked import LinkedKeys, LinkedPlan
from equipoise.rehearsal.kernels.plan import ChainPlan, FloatArray, Keys
from equipoise.rehearsal.linked import follows, linked
from equipoise.rehearsal.lists import automaton_of, given_arms
from equipoise.rehearsal.looks import Looks, looks_of
from equipoise.rehearsal.outcomes import Categorised, categorised, day_of
from equipoise.rehearsal.setup import Only, chain_plan, course_of, keys, some, stratum_edges
from equipoise.rehearsal.streams import key, trial_keys


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

    @property
    def arms(self) -> tuple[str, ...]:
        """The experimental arms, each compared with the control, in the protocol's order."""
        return tuple(arm.id for arm in self.study.protocol.arms if arm.role == "experimental")

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Every comparison: estimand and experimental arm, arm by arm within each estimand."""
        return tuple((name, arm) for name in self.estimands for arm in self.arms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One estimand in many simulated trials, one experimental arm against the control.

    Attributes:
        estimand: its id.
        arm: the experimental arm.
        method: the estimator of the estimand's main analysis.
        z: shape (trials, looks), signed so that positive favours the experimental arm.
        estimate: shape (trials, looks), on the estimand's scale (rate ratio, odds ratio of a
            higher score, risk difference, mean difference).

    """

    estimand: str
    arm: str
    method: str
    z: FloatArray
    estimate: FloatArray


def simulate(
    design: Design,
    *,
    first: int,
    trials: int,
    engine: str | None = None,
    only: Only | None = None,
) -> tuple[Outcome, ...]:
    """Outcomes of trials `first` to `first + trials - 1`; the same whatever the chunks.

    One for each of `design.rows`, in that order; with `only` of those trials among them, cut
    short.

    Raises:
        ScenarioError: unknown names, or an estimand that the scenario cannot decide.

    """
    chosen_engine = engine_of(engine)
    chain, category, link, logrank = kernels(chosen_engine)
    chosen = tuple(estimand_of(design.study, name) for name in design.estimands)
    streams = people_of(design, first=first, trials=trials, engine=chosen_engine, only=only)
    on_course = tuple(e for e in chosen if _follows_course(design, e))
    found: dict[str, tuple[Outcome, ...]] = {}
    if on_course:
        plan, where = _chain(design, on_course)
        counts = chain(plan, streams)
        for each, at in zip(on_course, where, strict=True):
            found[each.id] = _from_course(design, each, counts, at, logrank)
    for each in chosen:
        if each.id in found:
            continue
        if follows(design.scenario, endpoint_of(design.study, each)):
            bound, model = _linked(design, each)
            counts = link(bound, _linked_keys(design, each, streams, (first, trials), only))
        else:
            drawn, model = _category(design, each)
            counts = category(drawn, _category_keys(design, each, streams, (first, trials), only))
        found[each.id] = _from_categories(design, each, model, counts, logrank)
    return tuple(outcome for each in chosen for outcome in found[each.id])


def people_of(
    design: Design, *, first: int, trials: int, engine: str, only: Only | None = None
) -> Keys:
    """The streams of the participants, with their arms where no kernel can allocate them."""
    seed, scenario, n = design.seed, design.scenario, design.participants
    given = given_arms(
        design.study.protocol,
        scenario,
        n,
        seed=seed,
        first=first,
        trials=trials,
        compiled=engine == "compiled",
    )
    streams = keys(seed, scenario, first, trials, n)._replace(given=given)
    return streams if only is None else some(streams, only)


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
        by_start=any(adjusted_by(design, e).by_start for e in chosen),
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
) -> tuple[Outcome, ...]:
    if at < 0:
        seen, left = _by_look(counts.first), _by_look(counts.left)

        def pair(arms: list[int], look: int) -> Pair:
            return estimates.time_to(
                seen[look][:, :, arms], left[look][:, :, arms], estimand, logrank
            )

        return _outcomes(design, estimand, pair, len(seen))
    course, endpoint = course_of(design.scenario), endpoint_of(design.study, estimand)
    adjusted = adjusted_by(design, estimand)
    states = _by_look(
        estimates.grouped(counts.states[:, at], len(design.scenario.strata), adjusted)
    )

    def by_state(arms: list[int], look: int) -> Pair:
        return estimates.by_state(course, endpoint, estimand, states[look][:, :, arms], adjusted)

    return _outcomes(design, estimand, by_state, len(states))


@lru_cache(maxsize=256)
def adjusted_by(design: Design, estimand: Estimand) -> Adjustment:
    """What the estimand's main analysis is adjusted for in this design."""
    endpoint = endpoint_of(design.study, estimand)
    return adjustment(design.study.protocol, design.scenario, estimand, endpoint)


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


def _category_keys(
    design: Design,
    estimand: Estimand,
    people: Keys,
    which: tuple[int, int],
    only: Only | None = None,
) -> CategoryKeys:
    return CategoryKeys(
        stratum=people.stratum,
        allocation=people.allocation,
        outcome=_stream(design, f"outcome {estimand.endpoint}", which, only),
        leave=people.leave,
        absent=_stream(design, f"absent {estimand.endpoint}", which, only),
        given=people.given,
        people=people.people,
    )


@lru_cache(maxsize=32)
def _linked(design: Design, estimand: Estimand) -> tuple[LinkedPlan, Categorised]:
    protocol, scenario = design.study.protocol, design.scenario
    endpoint = endpoint_of(design.study, estimand)
    people = chain_plan(
        design.study,
        scenario,
        endpoint=None,
        effect=design.effect,
        participants=design.participants,
        ends=looks_for(design).ends,
    )
    return linked(protocol, scenario, endpoint, people, design.effect)


def _linked_keys(
    design: Design,
    estimand: Estimand,
    people: Keys,
    which: tuple[int, int],
    only: Only | None = None,
) -> LinkedKeys:
    own = (
        _stream(design, f"{what} {estimand.endpoint}", which, only)
        for what in ("outcome", "absent", "evaluable")
    )
    return LinkedKeys(people, *own)


def _stream(
    design: Design, purpose: str, which: tuple[int, int], only: Only | None
) -> NDArray[np.uint64]:
    found = trial_keys(key(design.seed, design.scenario.id, purpose), *which)
    return found if only is None else found[only.rows]


def _from_categories(
    design: Design,
    estimand: Estimand,
    model: Categorised,
    counts: Any,
    logrank: estimates.LogRank,
) -> tuple[Outcome, ...]:
    seen, left = _by_look(counts.seen), _by_look(counts.left)
    adjusted = adjusted_by(design, estimand)

    def pair(arms: list[int], look: int) -> Pair:
        both = seen[look][:, :, arms], left[look][:, :, arms]
        return estimates.by_category(model, estimand, *both, logrank, adjusted)

    return _outcomes(design, estimand, pair, len(seen))


def _by_look(counts: NDArray[np.int32]) -> list[NDArray[np.int32]]:
    """Per look the counts of everybody in it, (trials, strata, arms, ...)."""
    if counts.shape[1] == 1:
        return [counts[:, 0]]
    grown = np.cumsum(counts, axis=1, dtype=np.int32)
    return [grown[:, look] for look in range(grown.shape[1])]


Pair = tuple[FloatArray, FloatArray]


def _outcomes(
    design: Design, estimand: Estimand, pair: Callable[[list[int], int], Pair], looks: int
) -> tuple[Outcome, ...]:
    """One outcome per experimental arm; `pair` takes control and arm, and a look."""
    ids = [arm.id for arm in design.study.protocol.arms]
    control = [arm.role for arm in design.study.protocol.arms].index("control")
    sign = estimates.towards_better(endpoint_of(design.study, estimand))
    found = []
    for arm in design.arms:
        both = [control, ids.index(arm)]
        pairs = [pair(both, look) for look in range(looks)]
        found.append(
            Outcome(
                estimand=estimand.id,
                arm=arm,
                method=estimand.main.estimator,
                z=sign * np.stack([z for z, _ in pairs], axis=1),
                estimate=np.stack([estimate for _, estimate in pairs], axis=1),
            )
        )
    return tuple(found)
