"""Endpoints that depend on the daily course: the outcome of each state, or a hazard by state.

The people are those of the chain kernel, met again: their paths come from the same streams,
so an endpoint goes with the recovery, the death and the drop-out of the very participant.
The NumPy kernel; `linked_compiled` counts the same, integer for integer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise.rehearsal.kernels.categories import Categories
from equipoise.rehearsal.kernels.plan import ChainPlan, FloatArray, IntArray, Keys, UIntArray
from equipoise.rehearsal.kernels.vectorised import followed, randomised
from equipoise.rehearsal.streams import uniforms


class LinkedKeys(NamedTuple):
    """The people's streams, and those of the endpoint, each of shape (trials,)."""

    people: Keys
    outcome: UIntArray
    absent: UIntArray
    evaluable: UIntArray


class LinkedPlan(NamedTuple):
    """An endpoint on top of a course.

    Attributes:
        people: the trial on the daily chain; its `reached` and `lost` are not used.
        edges: shape (strata, arms, states, k), cumulative shares of the categories by the
            state on day `at`, better first; (0, 0, 0, 0) where it is a time.
        keep: shape (strata, arms, horizon, states), chance that the event does not happen on
            day 1 to `horizon` in each state; (0, 0, 0, 0) where it is not a time.
        at: day on which the endpoint is measured, or the horizon of a time.
        dead: category of those who died by then, -1 where the dead are missing. The dead
            never have the event of a time.
        absent: shape (states,), chance that it is missing in each state on day `at`.
        evaluable: shape (strata,), chance of being in the population that is analysed.

    """

    people: ChainPlan
    edges: FloatArray
    keep: FloatArray
    at: int
    dead: int
    absent: FloatArray
    evaluable: FloatArray


def empty_linked(plan: LinkedPlan, trials: int) -> Categories:
    """Zeros of the right shapes."""
    strata, arms = plan.people.start_edges.shape[0], plan.people.cumulative.shape[1]
    timed = plan.keep.size > 0
    k = plan.at + 2 if timed else plan.edges.shape[3]
    where = (trials, plan.people.ends.size + 1, strata, arms)
    leaving = k - 1 if timed and plan.people.leave.size else 0
    return Categories(
        seen=np.zeros((*where, k), dtype=np.int32),
        left=np.zeros((*where, leaving), dtype=np.int32),
    )


def simulate(plan: LinkedPlan, keys: LinkedKeys) -> Categories:
    """Simulate one trial for each key."""
    counts = empty_linked(plan, keys.outcome.size)
    for trial in range(keys.outcome.size):
        _trial(plan, keys, trial, counts)
    return counts


def _trial(plan: LinkedPlan, keys: LinkedKeys, trial: int, counts: Categories) -> None:
    n = randomised(plan.people.n, keys.people.people, trial)
    plan = plan._replace(people=plan.people._replace(n=n))
    path, gone, cell = followed(plan.people, keys.people, trial)
    _, where, arm = cell
    chances = uniforms(keys.outcome[trial], 0, n)
    analysed = uniforms(keys.evaluable[trial], 0, n) < plan.evaluable[where]
    if plan.keep.size:
        day = _days(plan, path, where, arm, chances)
        known = analysed & ((day <= gone) | (gone >= plan.at))
        _count(counts.seen[trial], cell, known, day)
        if counts.left.shape[-1]:
            _count(counts.left[trial], cell, analysed & ~known, gone)
        return
    state = path[np.arange(n), np.minimum(plan.at, gone)]
    last = plan.edges.shape[3] - 1
    category = np.minimum((chances[:, None] >= plan.edges[where, arm, state]).sum(axis=1), last)
    died = state == plan.people.death
    missed = uniforms(keys.absent[trial], 0, n) < plan.absent[state]
    known = analysed & np.where(died, plan.dead >= 0, (gone >= plan.at) & ~missed)
    _count(counts.seen[trial], cell, known, np.where(died, plan.dead, category))


def _days(
    plan: LinkedPlan, path: IntArray, where: IntArray, arm: IntArray, chances: FloatArray
) -> IntArray:
    """Day of the event, horizon + 1 if never; follow-up left aside."""
    days = np.arange(plan.at)
    stays = plan.keep[where[:, None], arm[:, None], days, path[:, 1 : plan.at + 1]]
    happened = np.cumprod(stays, axis=1) < (1.0 - chances)[:, None]
    found: IntArray = np.where(happened.any(axis=1), np.argmax(happened, axis=1) + 1, plan.at + 1)
    return found


def _count(
    table: NDArray[np.int32],
    cell: tuple[IntArray, IntArray, IntArray],
    chosen: NDArray[np.bool_],
    column: IntArray,
) -> None:
    np.add.at(table, (*(each[chosen] for each in cell), column[chosen]), 1)
