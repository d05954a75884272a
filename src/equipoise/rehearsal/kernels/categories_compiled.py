"""The compiled kernel of `categories`. Import it only where Numba is installed."""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.kernels.categories import (
    Categories,
    CategoryKeys,
    CategoryPlan,
    empty_categories,
)
from equipoise.rehearsal.kernels.counter import next_arm, pick, randomised, uniform

FEW = 16  # categories up to which a scan beats halving


@njit(inline="always")
def _category(edges, stratum, arm, u):  # type: ignore[no-untyped-def]
    """The first category whose cumulative share lies above `u`."""
    low, high = 0, edges.shape[2] - 1
    if high < FEW:
        while low < high and u >= edges[stratum, arm, low]:
            low += 1
        return low
    while low < high:
        middle = (low + high) // 2
        if u >= edges[stratum, arm, middle]:
            low = middle + 1
        else:
            high = middle
    return low


@njit(inline="always")
def _day_left(leave, day_known, u):  # type: ignore[no-untyped-def]
    """The day on which someone left too early to be known, 0 if they did not."""
    gone = 1 + pick(leave, u, leave.size)
    return gone if gone <= leave.size and gone < day_known else 0


@njit(cache=True, nogil=True)
def _trial(plan, keys, trial, seen, left):  # type: ignore[no-untyped-def]
    stratum_edges, edges, leave = plan.stratum_edges, plan.edges, plan.leave
    edge, arm_of, target = plan.automaton.edge, plan.automaton.arm, plan.automaton.target
    stratum_key, allocation_key = keys.stratum[trial], keys.allocation[trial]
    outcome_key, ends = keys.outcome[trial], plan.ends
    given, listed = keys.given, keys.given.shape[1] > 0
    node = np.zeros(edges.shape[0], dtype=np.int64)
    segment = 0
    for person in range(randomised(plan.n, keys.people, trial)):
        if segment < ends.size and person >= ends[segment]:
            segment += 1
        stratum = 0
        if stratum_edges.size:
            stratum = pick(stratum_edges, uniform(stratum_key, person), stratum_edges.size)
        if listed:
            arm = given[trial, person]
        else:
            arm = next_arm(edge, arm_of, target, node, stratum, uniform(allocation_key, person))
        category = _category(edges, stratum, arm, uniform(outcome_key, person))
        if plan.absent > 0 and uniform(keys.absent[trial], person) < plan.absent:
            continue
        gone = 0
        if leave.size:
            gone = _day_left(leave, plan.day[category], uniform(keys.leave[trial], person))
        if gone == 0:
            seen[trial, segment, stratum, arm, category] += 1
        elif plan.timed:
            left[trial, segment, stratum, arm, gone] += 1


@njit(cache=True, nogil=True)
def _trials(plan, keys, seen, left):  # type: ignore[no-untyped-def]
    for trial in range(keys.stratum.size):
        _trial(plan, keys, trial, seen, left)


def simulate(plan: CategoryPlan, keys: CategoryKeys) -> Categories:
    """Simulate one trial for each key; releases the interpreter lock while it runs."""
    counts = empty_categories(plan, keys.stratum.size)
    _trials(plan, keys, counts.seen, counts.left)
    return counts
