"""The compiled kernel. Import it only where Numba is installed (extra `fast`)."""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.kernels.plan import ChainPlan, Counts, Keys, empty_counts
from equipoise.rehearsal.streams import FIRST, GOLDEN, S11, S27, S30, S31, SCALE, SECOND


@njit(inline="always")
def _mix(value):  # type: ignore[no-untyped-def]
    value = (value ^ (value >> S30)) * FIRST
    value = (value ^ (value >> S27)) * SECOND
    return value ^ (value >> S31)


@njit(inline="always")
def _uniform(key, counter):  # type: ignore[no-untyped-def]
    return float(_mix(_mix(key + np.uint64(counter) * GOLDEN)) >> S11) * SCALE


@njit(inline="always")
def _pick(edges, u, last):  # type: ignore[no-untyped-def]
    index = 0
    while index < last and u >= edges[index]:
        index += 1
    return index


@njit(cache=True, nogil=True)
def _course(plan, key, person, state, arm, where, snapshots):  # type: ignore[no-untyped-def]
    """Walk one participant; count the snapshots; return the day reached for good."""
    days = plan.cumulative.shape[1]
    last = plan.cumulative.shape[2] - 1
    reached_on = 0 if plan.reached[state] else days + 1
    seen = 0
    for day in range(days + 1):
        if day > 0 and not plan.absorbing[state]:
            u = _uniform(key, person * days + day - 1)
            state = _pick(plan.cumulative[arm, day - 1, state], u, last)
            if plan.lost[state]:
                reached_on = days + 1
            elif plan.reached[state] and reached_on > days:
                reached_on = day
        if seen < plan.snapshots.size and plan.snapshots[seen] == day:
            snapshots[seen, where, arm, state] += 1
            seen += 1
        if plan.absorbing[state] and seen == plan.snapshots.size:
            break
    return reached_on


@njit(cache=True, nogil=True)
def _trial(plan, stratum_key, start_key, days_key, allocation_key, first, states):  # type: ignore[no-untyped-def]
    strata, size = plan.start_edges.shape
    ways = plan.automaton.edge.shape[1] - 1
    node = np.zeros(strata, dtype=np.int64)
    for person in range(plan.n):
        where = _pick(plan.stratum_edges, _uniform(stratum_key, person), strata - 1)
        state = _pick(plan.start_edges[where], _uniform(start_key, person), size - 1)
        u = _uniform(allocation_key, person)
        way = _pick(plan.automaton.edge[node[where]], u, ways)
        arm = plan.automaton.arm[node[where], way]
        node[where] = plan.automaton.target[node[where], way]
        day = _course(plan, days_key, person, state, arm, where, states)
        first[where, arm, day] += 1


@njit(cache=True, nogil=True)
def _trials(plan, keys, first, states):  # type: ignore[no-untyped-def]
    for trial in range(keys.stratum.size):
        _trial(
            plan,
            keys.stratum[trial],
            keys.start[trial],
            keys.days[trial],
            keys.allocation[trial],
            first[trial],
            states[trial],
        )


def simulate(plan: ChainPlan, keys: Keys) -> Counts:
    """Simulate one trial for each key; releases the interpreter lock while it runs."""
    counts = empty_counts(plan, keys.stratum.size)
    _trials(plan, keys, counts.first, counts.states)
    return counts
