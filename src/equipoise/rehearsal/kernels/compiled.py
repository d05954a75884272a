"""The compiled kernel of the daily chain. Import it only where Numba is installed."""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.kernels.counter import bits, next_arm, pick, pick_row, randomised, uniform
from equipoise.rehearsal.kernels.plan import (
    RELAPSE_AFTER,
    RELAPSE_LENGTH,
    ChainPlan,
    Counts,
    FloatArray,
    Keys,
    UIntArray,
    empty_counts,
    is_pure,
)

AFTER, AFTER_SPAN = RELAPSE_AFTER[0], RELAPSE_AFTER[1] - RELAPSE_AFTER[0] + 1
LENGTH, LENGTH_SPAN = RELAPSE_LENGTH[0], RELAPSE_LENGTH[1] - RELAPSE_LENGTH[0] + 1
WHOLE = 2.0**53


@njit(cache=True, nogil=True)
def _pure(plan, edges, keys, trial, first, states):  # type: ignore[no-untyped-def]
    """One trial in which nothing goes wrong: most days one comparison says "no change"."""
    stratum_edges, start_edges = plan.stratum_edges, plan.start_edges
    edge, arm_of, target = plan.automaton.edge, plan.automaton.arm, plan.automaton.target
    reached, lost, absorbing = plan.reached, plan.lost, plan.absorbing
    snapshots, ends, level_of = plan.snapshots, plan.ends, keys.level
    stratum_key, start_key = keys.stratum[trial], keys.start[trial]
    allocation_key, days_key = keys.allocation[trial], keys.days[trial]
    given, listed = keys.given, keys.given.shape[1] > 0
    days, size = edges.shape[2], edges.shape[3]
    node = np.zeros(start_edges.shape[0], dtype=np.int64)
    levels, segment = level_of.shape[1], 0
    for person in range(randomised(plan.n, keys.people, trial)):
        if segment < ends.size and person >= ends[segment]:
            segment += 1
        stratum = pick(stratum_edges, uniform(stratum_key, person), stratum_edges.size)
        state = pick_row(start_edges, stratum, uniform(start_key, person))
        if listed:
            arm = given[trial, person]
        else:
            arm = next_arm(edge, arm_of, target, node, stratum, uniform(allocation_key, person))
        level = level_of[trial, person] if levels else 0
        group = stratum * size + state if plan.by_start else stratum
        offset = person * days
        reached_on = 0 if reached[state] else days + 1
        seen = day = 0
        while day < days and not absorbing[state]:
            low = edges[level, arm, day, state, size]
            width = edges[level, arm, day, state, size + 1]
            drawn = bits(days_key, offset + day)
            if drawn - low < width:
                day += 1
                continue
            while seen < snapshots.size and snapshots[seen] <= day:
                states[trial, seen, segment, group, arm, state] += 1
                seen += 1
            moved = 0
            while moved < size - 1 and drawn >= edges[level, arm, day, state, moved]:
                moved += 1
            state = moved
            day += 1
            if lost[state]:
                reached_on = days + 1
            elif reached[state] and reached_on > days:
                reached_on = day
        while seen < snapshots.size:
            states[trial, seen, segment, group, arm, state] += 1
            seen += 1
        first[trial, segment, stratum, arm, reached_on] += 1


@njit(cache=True, nogil=True)
def _path(plan, cumulative, key, offset, state, path):  # type: ignore[no-untyped-def]
    """Fill the states by day of one participant."""
    last = cumulative.shape[1] - 1
    path[0] = state
    for day in range(cumulative.shape[0]):
        if not plan.absorbing[state]:
            state = pick(cumulative[day, state], uniform(key, offset + day), last)
        path[day + 1] = state


@njit(cache=True, nogil=True)
def _relapse(plan, key, person, path):  # type: ignore[no-untyped-def]
    """Let a participant who reached the best state fall ill again for some days."""
    if uniform(key, 4 * person) >= plan.relapse:
        return
    best = 0
    while best < path.size and path[best] != 0:
        best += 1
    start = best + AFTER + int(uniform(key, 4 * person + 1) * AFTER_SPAN)
    stop = start + LENGTH + int(uniform(key, 4 * person + 2) * LENGTH_SPAN)
    ill = 1 + int(uniform(key, 4 * person + 3) * 2.0)
    for day in range(start, min(stop, path.size)):
        path[day] = ill


@njit(cache=True, nogil=True)
def _reached(plan, path):  # type: ignore[no-untyped-def]
    """Day from which the rule held for good; the number of days + 1 if never."""
    never = path.size
    reached_on = never
    for day in range(never):
        if plan.lost[path[day]]:
            reached_on = never
        elif plan.reached[path[day]] and reached_on == never:
            reached_on = day
    return reached_on


@njit(cache=True, nogil=True)
def walk_on(plan, keys, trial, person, level, arm, state, path):  # type: ignore[no-untyped-def]
    """Fill one participant's path; the day they were last followed, days + 1 if to the end."""
    days = path.size - 1
    _path(plan, plan.cumulative[level, arm], keys.days[trial], person * days, state, path)
    if plan.relapse > 0:
        _relapse(plan, keys.relapse[trial], person, path)
    gone = days + 1
    if plan.leave.size:
        gone = 1 + pick(plan.leave, uniform(keys.leave[trial], person), days)
        if path[min(gone, days)] == plan.death:
            gone = days + 1
    return gone


@njit(cache=True, nogil=True)
def _full(plan, keys, trial, person, where, path, gone, counts):  # type: ignore[no-untyped-def]
    """Count one participant of a trial in which conduct goes wrong."""
    days = path.size - 1
    reached_on = _reached(plan, path[: min(gone, days) + 1])
    if gone > days or reached_on <= gone:
        counts.first[(trial, *where, reached_on)] += 1
    else:
        counts.left[(trial, *where, gone)] += 1
    segment, stratum, arm = where
    group = stratum * plan.cumulative.shape[3] + path[0] if plan.by_start else stratum
    for seen in range(plan.snapshots.size):
        at = plan.snapshots[seen]
        state = path[min(at, gone)]
        if at > gone and state != plan.death:
            continue
        chance = uniform(keys.absent[trial], person * plan.snapshots.size + seen)
        if state != 0 or plan.absent.size == 0 or chance >= plan.absent[seen]:
            counts.states[trial, seen, segment, group, arm, state] += 1


@njit(cache=True, nogil=True)
def _conducted(plan, keys, trial, counts):  # type: ignore[no-untyped-def]
    """One trial with drop-out, relapse or missing snapshots."""
    strata = plan.start_edges.shape[0]
    days = plan.cumulative.shape[2]
    automaton = plan.automaton
    node = np.zeros(strata, dtype=np.int64)
    path = np.zeros(days + 1, dtype=np.int64)
    segment = 0
    for person in range(randomised(plan.n, keys.people, trial)):
        if segment < plan.ends.size and person >= plan.ends[segment]:
            segment += 1
        stratum = pick(plan.stratum_edges, uniform(keys.stratum[trial], person), strata - 1)
        state = pick_row(plan.start_edges, stratum, uniform(keys.start[trial], person))
        if keys.given.shape[1]:
            arm = keys.given[trial, person]
        else:
            u = uniform(keys.allocation[trial], person)
            arm = next_arm(automaton.edge, automaton.arm, automaton.target, node, stratum, u)
        level = keys.level[trial, person] if keys.level.shape[1] else 0
        where = (segment, stratum, arm)
        gone = walk_on(plan, keys, trial, person, level, arm, state, path)
        _full(plan, keys, trial, person, where, path, gone, counts)


@njit(cache=True, nogil=True)
def _pure_trials(plan, edges, keys, first, states):  # type: ignore[no-untyped-def]
    for trial in range(keys.stratum.size):
        _pure(plan, edges, keys, trial, first, states)


@njit(cache=True, nogil=True)
def _conducted_trials(plan, keys, counts):  # type: ignore[no-untyped-def]
    for trial in range(keys.stratum.size):
        _conducted(plan, keys, trial, counts)


def _whole_edges(cumulative: FloatArray) -> UIntArray:
    """Edges in units of 2**-53, then the beginning and the width of staying.

    A number of 53 bits lies below an edge exactly when it lies below the edge's ceiling.
    """
    edges = np.ceil(np.minimum(cumulative, 1.0) * WHOLE).astype(np.uint64)
    edges[..., -1] = np.uint64(WHOLE)
    states = edges.shape[-1]
    own = np.arange(states)
    begins = np.concatenate((np.zeros_like(edges[..., :1]), edges[..., :-1]), axis=-1)
    low = begins[..., own, own]
    width = edges[..., own, own] - low
    return np.concatenate((edges, low[..., None], width[..., None]), axis=-1)


def simulate(plan: ChainPlan, keys: Keys) -> Counts:
    """Simulate one trial for each key; releases the interpreter lock while it runs."""
    counts = empty_counts(plan, keys.stratum.size)
    if is_pure(plan):
        edges = _whole_edges(plan.cumulative)
        _pure_trials(plan, edges, keys, counts.first, counts.states)
    else:
        _conducted_trials(plan, keys, counts)
    return counts
