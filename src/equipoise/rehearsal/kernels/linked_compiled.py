"""The compiled kernel of `linked`. Import it only where Numba is installed."""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.kernels.categories import Categories
from equipoise.rehearsal.kernels.compiled import walk_on
from equipoise.rehearsal.kernels.counter import next_arm, pick, pick_row, randomised, uniform
from equipoise.rehearsal.kernels.linked import LinkedKeys, LinkedPlan, empty_linked


@njit(cache=True, nogil=True)
def _category(edges, stratum, arm, state, u):  # type: ignore[no-untyped-def]
    """The first category whose cumulative share lies above `u`."""
    low, high = 0, edges.shape[3] - 1
    while low < high:
        middle = (low + high) // 2
        if u >= edges[stratum, arm, state, middle]:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _day(keep, path, stratum, arm, last, u):  # type: ignore[no-untyped-def]
    """Day of the event, `last` + 1 if never."""
    stays, limit = 1.0, 1.0 - u
    for day in range(1, last + 1):
        stays *= keep[stratum, arm, day - 1, path[day]]
        if stays < limit:
            return day
    return last + 1


@njit(cache=True, nogil=True)
def _timed(plan, keys, trial, person, where, path, gone, seen, left):  # type: ignore[no-untyped-def]
    u = uniform(keys.outcome[trial], person)
    day = _day(plan.keep, path, where[1], where[2], plan.at, u)
    if day <= gone or gone >= plan.at:
        seen[(trial, *where, day)] += 1
    else:
        left[(trial, *where, gone)] += 1


@njit(cache=True, nogil=True)
def _measured(plan, keys, trial, person, where, path, gone, seen):  # type: ignore[no-untyped-def]
    state = path[min(plan.at, gone)]
    if state == plan.people.death:
        if plan.dead >= 0:
            seen[(trial, *where, plan.dead)] += 1
        return
    if gone < plan.at or uniform(keys.absent[trial], person) < plan.absent[state]:
        return
    u = uniform(keys.outcome[trial], person)
    seen[(trial, *where, _category(plan.edges, where[1], where[2], state, u))] += 1


@njit(cache=True, nogil=True)
def _trial(plan, keys, trial, seen, left):  # type: ignore[no-untyped-def]
    people, streams = plan.people, keys.people
    automaton, strata = people.automaton, people.start_edges.shape[0]
    days = people.cumulative.shape[2]
    node = np.zeros(strata, dtype=np.int64)
    path = np.zeros(days + 1, dtype=np.int64)
    segment = 0
    for person in range(randomised(people.n, streams.people, trial)):
        if segment < people.ends.size and person >= people.ends[segment]:
            segment += 1
        stratum = pick(people.stratum_edges, uniform(streams.stratum[trial], person), strata - 1)
        if streams.given.shape[1]:
            arm = np.int64(streams.given[trial, person])
        else:
            u = uniform(streams.allocation[trial], person)
            arm = np.int64(
                next_arm(automaton.edge, automaton.arm, automaton.target, node, stratum, u)
            )
        if uniform(keys.evaluable[trial], person) >= plan.evaluable[stratum]:
            continue
        state = pick_row(people.start_edges, stratum, uniform(streams.start[trial], person))
        level = streams.level[trial, person] if streams.level.shape[1] else 0
        gone = walk_on(people, streams, trial, person, level, arm, state, path)
        where = (segment, stratum, arm)
        if plan.keep.size:
            _timed(plan, keys, trial, person, where, path, gone, seen, left)
        else:
            _measured(plan, keys, trial, person, where, path, gone, seen)


@njit(cache=True, nogil=True)
def _trials(plan, keys, seen, left):  # type: ignore[no-untyped-def]
    for trial in range(keys.outcome.size):
        _trial(plan, keys, trial, seen, left)


def simulate(plan: LinkedPlan, keys: LinkedKeys) -> Categories:
    """Simulate one trial for each key; releases the interpreter lock while it runs."""
    counts = empty_linked(plan, keys.outcome.size)
    _trials(plan, keys, counts.seen, counts.left)
    return counts
