"""Trials whose endpoint is one of a few categories: yes or no, a score, a day, a value's bin.

The NumPy kernel; `categories_compiled` counts the same, integer for integer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise.rehearsal.kernels.plan import (
    BY_SCHEME,
    EVERYBODY,
    NO_CHANCES,
    NO_RANKS,
    Automaton,
    FloatArray,
    IntArray,
    UIntArray,
)
from equipoise.rehearsal.kernels.vectorised import allocate, pick, randomised
from equipoise.rehearsal.streams import uniforms


class CategoryKeys(NamedTuple):
    """Stream keys, each of shape (trials,); `given` and `people` as in `plan.Keys`."""

    stratum: UIntArray
    allocation: UIntArray
    outcome: UIntArray
    leave: UIntArray
    absent: UIntArray
    given: NDArray[np.int8] = BY_SCHEME
    people: IntArray = EVERYBODY


class CategoryPlan(NamedTuple):
    """A trial whose participants each fall into one category.

    Attributes:
        n: participants.
        stratum_edges: shape (strata - 1,), cumulative shares.
        edges: shape (strata, arms, k), cumulative shares of the categories; better first, so
            that the same chances under another effect are common random numbers.
        automaton: the scheme; every stratum starts at row 0.
        ends: shape (segments - 1,), ranks of arrival at which a new segment begins.
        leave: shape (days,) or (0,), chance of having left follow-up by each day from 1 on.
        day: shape (k,), day on which each category is known; someone who left before it is
            censored where `timed`, missing otherwise.
        timed: whether categories are days of an event, the last one "never".
        absent: chance that the category is missing.

    """

    n: int
    stratum_edges: FloatArray
    edges: FloatArray
    automaton: Automaton
    ends: IntArray = NO_RANKS
    leave: FloatArray = NO_CHANCES
    day: IntArray = NO_RANKS
    timed: bool = False
    absent: float = 0.0


class Categories(NamedTuple):
    """Participants by category, shape (trials, segments, strata, arms, k), and by day left."""

    seen: NDArray[np.int32]
    left: NDArray[np.int32]


def empty_categories(plan: CategoryPlan, trials: int) -> Categories:
    """Zeros of the right shapes."""
    strata, arms, k = plan.edges.shape
    where = (trials, plan.ends.size + 1, strata, arms)
    leaving = k - 1 if plan.timed and plan.leave.size else 0
    return Categories(
        seen=np.zeros((*where, k), dtype=np.int32),
        left=np.zeros((*where, leaving), dtype=np.int32),
    )


def simulate(plan: CategoryPlan, keys: CategoryKeys) -> Categories:
    """Simulate one trial for each key."""
    counts, planned = empty_categories(plan, keys.stratum.size), plan.n
    for trial in range(keys.stratum.size):
        plan = plan._replace(n=randomised(planned, keys.people, trial))
        segment = np.searchsorted(plan.ends, np.arange(plan.n), side="right")
        where = pick(plan.stratum_edges, uniforms(keys.stratum[trial], 0, plan.n))
        if keys.given.shape[1]:
            arm = keys.given[trial, : plan.n].astype(np.int64)
        else:
            arm = allocate(plan.automaton, where, uniforms(keys.allocation[trial], 0, plan.n))
        chances = uniforms(keys.outcome[trial], 0, plan.n)
        last = plan.edges.shape[2] - 1
        category = np.minimum((chances[:, None] >= plan.edges[where, arm]).sum(axis=1), last)
        seen = _seen(plan, keys, trial, category)
        cell = (segment, where, arm)
        np.add.at(counts.seen[trial], (*(each[seen == 0] for each in cell), category[seen == 0]), 1)
        if counts.left.shape[-1]:
            gone = seen > 0
            np.add.at(counts.left[trial], (*(each[gone] for each in cell), seen[gone]), 1)
    return counts


def _seen(plan: CategoryPlan, keys: CategoryKeys, trial: int, category: IntArray) -> IntArray:
    """Per participant 0 where the category is known, the day left if censored, -1 if missing."""
    seen = np.zeros(plan.n, dtype=np.int64)
    if plan.leave.size:
        gone = 1 + np.searchsorted(plan.leave, uniforms(keys.leave[trial], 0, plan.n), "right")
        early = (gone <= plan.leave.size) & (gone < plan.day[category])
        seen[early] = gone[early] if plan.timed else -1
    if plan.absent > 0:
        seen[uniforms(keys.absent[trial], 0, plan.n) < plan.absent] = -1
    return seen
