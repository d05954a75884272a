"""Adverse events that the triggers of the safety board count, as they fall in simulated trials.

An event comes with the chance of its stratum, at a random moment of the reporting period,
after a dose, or when the course enters a state; the trigger fires with the event that makes
the count full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from equipoise.protocol.conduct_rules import SafetyRules, Trigger
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import EventRate, Scenario
from equipoise.rehearsal.engines import engine_of
from equipoise.rehearsal.kernels.plan import ChainPlan, FloatArray
from equipoise.rehearsal.lists import automaton_of
from equipoise.rehearsal.setup import chain_plan, stratum_edges
from equipoise.rehearsal.streams import key, trial_keys, uniform_table
from equipoise.rehearsal.trial import Design, people_of
from equipoise.rules import parse

NUMBERS = 4  # of the stream for each participant and event: whether, when, how soon, what
AT_ONCE = 2_000_000  # of these worked on together
EVENING, NIGHT = 0.6, 0.3
"""Part of the day at which an event of the course is known, and its spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One kind of event that some trigger counts.

    Attributes:
        rate: the scenario's event.
        chance: shape (strata, 2), in control and experimental arms.
        shares: shape (k,), of what the event form can then read.
        counts: shape (triggers, k), whether it makes each trigger's rule true.

    """

    rate: EventRate
    chance: FloatArray
    shares: FloatArray
    counts: NDArray[np.bool_]


@lru_cache(maxsize=64)
def counted(
    protocol: Protocol, scenario: Scenario, triggers: tuple[Trigger, ...]
) -> tuple[Counted, ...]:
    """The events of a scenario that can count for any of the triggers."""
    found = (_counted(protocol.safety, scenario, rate, triggers) for rate in scenario.events)
    return tuple(
        one for one in found if one.chance.any() and one.shares[one.counts.any(axis=0)].any()
    )


def _counted(
    rules: SafetyRules, scenario: Scenario, rate: EventRate, triggers: tuple[Trigger, ...]
) -> Counted:
    plain = np.array([float(rate.p.get(s, rate.p.get("any", 0.0))) for s in scenario.strata])
    chance = np.stack((plain, plain + rate.experimental_extra), axis=1)
    read = list(_readings(rules, rate))
    shares = np.array([share for _, share in read])
    parsed = [parse(trigger.rule) for trigger in triggers]
    return Counted(
        rate=rate,
        chance=np.clip(chance, 0, 1),
        shares=shares / shares.sum(),
        counts=np.array([[rule.run(values) is True for values, _ in read] for rule in parsed]),
    )


def _readings(rules: SafetyRules, event: EventRate) -> Iterator[tuple[dict[str, object], float]]:
    """What the event form can read, with the chance of each."""
    unrelated = "unrelated"
    judged = ((rules.related_codes[0], event.related), (unrelated, 1 - event.related))
    weighed = ((True, event.serious), (False, 1 - event.serious))
    for grade, share in event.grades.items():
        for related, likely in judged:
            for serious, chance in weighed:
                values: dict[str, object] = dict(event.items)
                values |= {rules.grade_item: int(grade), rules.serious_item: serious}
                values[str(rules.related_item)] = related
                yield values, float(share) * likely * chance


def fired(
    design: Design,
    triggers: tuple[Trigger, ...],
    arrived: FloatArray,
    *,
    first: int,
    engine: str | None,
) -> FloatArray:
    """Day of the trial on which each trigger fires, shape (trials, triggers); inf if never.

    `arrived` holds the days on which participants of trials `first` onwards arrive, shape
    (trials, n). Everybody is taken to have every dose.
    """
    events = counted(design.study.protocol, design.scenario, triggers)
    found = np.full((arrived.shape[0], len(triggers)), np.inf)
    if not events:
        return found
    some = max(1, AT_ONCE // (arrived.shape[1] * len(events) * NUMBERS))
    for begin in range(0, arrived.shape[0], some):
        days = arrived[begin : begin + some]
        moments, what = _happened(design, events, days, first + begin, engine_of(engine))
        for index, trigger in enumerate(triggers):
            found[begin : begin + some, index] = _full(events, index, trigger, moments, what)
    return found


def _full(
    events: tuple[Counted, ...],
    index: int,
    trigger: Trigger,
    moments: FloatArray,
    what: NDArray[np.int64],
) -> FloatArray:
    """When the count of one trigger is full, shape (trials,)."""
    among = moments.shape[1] if trigger.among is None else min(trigger.among, moments.shape[1])
    true = np.stack([one.counts[index][what[:, :among, k]] for k, one in enumerate(events)], 2)
    days = np.where(true, moments[:, :among], np.inf).reshape(moments.shape[0], -1)
    if days.shape[1] < trigger.count:
        return np.full(days.shape[0], np.inf)
    return np.partition(days, trigger.count - 1, axis=1)[:, trigger.count - 1]


def _happened(
    design: Design, events: tuple[Counted, ...], arrived: FloatArray, first: int, engine: str
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Day of the trial of each event (inf: none) and what the form reads, (trials, n, events)."""
    trials, n = arrived.shape
    streams = trial_keys(key(design.seed, design.scenario.id, "board"), first, trials)
    chances = uniform_table(streams, n * len(events) * NUMBERS)
    chances = chances.reshape(trials, n, len(events), NUMBERS)
    where, arm, entered = _people(design, events, first, trials, engine)
    roles = np.array([each.role == "experimental" for each in design.study.protocol.arms])
    treated = roles[arm].astype(np.int64)
    moments, what = np.empty((trials, n, len(events))), np.empty((trials, n, len(events)), np.int64)
    for k, one in enumerate(events):
        u = chances[:, :, k]
        day = _day(design, one.rate, u, entered[one.rate.on_state or ""])
        happens = (u[..., 0] < one.chance[where, treated]) & np.isfinite(day)
        moments[..., k] = np.where(happens, arrived + day, np.inf)
        reading = np.searchsorted(np.cumsum(one.shares), u[..., 3], side="right")
        what[..., k] = np.minimum(reading, one.shares.size - 1)
    return moments, what


def _day(design: Design, rate: EventRate, u: FloatArray, entered: FloatArray) -> FloatArray:
    """Days from randomisation to the event, inf where it cannot happen."""
    protocol = design.study.protocol
    if rate.on_state is not None:
        return np.asarray(entered + EVENING + NIGHT * u[..., 1])
    if rate.after_dose and protocol.dosing is not None:
        dosing, (low, high) = protocol.dosing, rate.delay
        dose = np.floor(u[..., 1] * dosing.doses)
        return np.asarray((dose * dosing.interval_hours + low + (high - low) * u[..., 2]) / 24)
    return np.asarray(u[..., 1] * protocol.safety.last_day)


def _people(
    design: Design, events: tuple[Counted, ...], first: int, trials: int, engine: str
) -> tuple[NDArray[np.int8], NDArray[np.int8], dict[str, FloatArray]]:
    """Stratum and arm, and by state the day it is entered (inf: never), (trials, n) each."""
    if engine == "compiled":
        from equipoise.rehearsal.kernels.entries_compiled import entered, placed
    else:
        from equipoise.rehearsal.kernels.entries import entered, placed
    protocol, scenario, n = design.study.protocol, design.scenario, design.participants
    streams = people_of(design, first=first, trials=trials, engine=engine)
    where, arm = placed(n, stratum_edges(scenario), automaton_of(protocol, n), streams)
    days = {"": np.zeros(0)}
    states = sorted({one.rate.on_state for one in events if one.rate.on_state is not None})
    if states and scenario.course is not None:
        at = np.array([scenario.course.states.index(state) for state in states])
        found = entered(course_plan(design), streams, at).astype(np.float64)
        found[found < 0] = np.inf
        days |= {state: found[..., k] for k, state in enumerate(states)}
    return where, arm, days


@lru_cache(maxsize=32)
def course_plan(design: Design) -> ChainPlan:
    """The course of a design's participants, without an endpoint."""
    return chain_plan(
        design.study,
        design.scenario,
        endpoint=None,
        effect=design.effect,
        participants=design.participants,
    )
