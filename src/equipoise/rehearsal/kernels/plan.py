"""What a kernel needs to know about a trial, as plain arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
UIntArray = NDArray[np.uint64]
BoolArray = NDArray[np.bool_]

NO_CHANCES: FloatArray = np.empty(0)
NO_RANKS: IntArray = np.empty(0, dtype=np.int64)
BY_SCHEME: NDArray[np.int8] = np.empty((0, 0), dtype=np.int8)
"""No arms given beforehand: the automaton allocates as people arrive."""

EVERYBODY: IntArray = np.empty(0, dtype=np.int64)
"""No trial ends early: everybody planned is randomised."""

RELAPSE_AFTER, RELAPSE_LENGTH = (3, 21), (3, 8)
"""Days from recovery to a relapse, and how long one lasts; from the first to the last."""


class Keys(NamedTuple):
    """Stream keys, each of shape (trials,).

    `level` is the site level of each participant, shape (trials, n), or (trials, 0) where
    sites do not differ. `given` holds the arm of each participant where the scheme looks at
    more than the stratum, shape (trials, n), and no column where the automaton allocates.
    `people` is how many each trial randomises, shape (trials,), or (0,) where all do.
    """

    stratum: UIntArray
    start: UIntArray
    days: UIntArray
    allocation: UIntArray
    leave: UIntArray
    absent: UIntArray
    relapse: UIntArray
    level: NDArray[np.int8]
    given: NDArray[np.int8] = BY_SCHEME
    people: IntArray = EVERYBODY


class Automaton(NamedTuple):
    """The randomisation scheme as tables: one row per state, one column per way out."""

    edge: FloatArray
    arm: NDArray[np.int8]
    target: IntArray


class ChainPlan(NamedTuple):
    """A trial whose participants follow the daily chain.

    Attributes:
        n: participants.
        stratum_edges: shape (strata - 1,), cumulative shares.
        start_edges: shape (strata, states), cumulative shares of the day-0 state.
        cumulative: shape (site levels, arms, days, states, states), cumulative transition rows.
        automaton: the scheme; every stratum starts at row 0.
        reached: shape (states,), True where the endpoint's rule holds.
        lost: shape (states,), True where a relapse undoes it.
        absorbing: shape (states,), True where a participant stays for ever.
        snapshots: shape (k,), ascending days whose states are counted.
        ends: shape (segments - 1,), ranks of arrival at which a new segment begins.
        leave: shape (days,) or (0,), chance of having left follow-up by each day from 1 on.
        absent: shape (k,) or (0,), chance that a snapshot of a person in the best state
            (at home) is missing.
        relapse: chance of a relapse after the best state.
        death: index of the state that is never missing.
        by_start: whether snapshots are counted by day-0 state within each stratum.

    """

    n: int
    stratum_edges: FloatArray
    start_edges: FloatArray
    cumulative: FloatArray
    automaton: Automaton
    reached: BoolArray
    lost: BoolArray
    absorbing: BoolArray
    snapshots: IntArray
    ends: IntArray = NO_RANKS
    leave: FloatArray = NO_CHANCES
    absent: FloatArray = NO_CHANCES
    relapse: float = 0.0
    death: int = -1
    by_start: bool = False


class Counts(NamedTuple):
    """What the trials came to.

    Attributes:
        first: shape (trials, segments, strata, arms, days + 2): participants by the day on
            which the endpoint was reached for good; the last column counts those who never
            did (and were followed to the end).
        left: shape (trials, segments, strata, arms, days + 1): participants by the day after
            which they were no longer followed, endpoint not reached; last axis 0 where
            nobody leaves.
        states: shape (trials, k, segments, groups, arms, states): participants by state. A
            group is a stratum, or where the plan says `by_start` stratum * states + day-0 state.

    """

    first: NDArray[np.int32]
    left: NDArray[np.int32]
    states: NDArray[np.int32]


def empty_counts(plan: ChainPlan, trials: int) -> Counts:
    """Zeros of the right shapes."""
    _, arms, days, states, _ = plan.cumulative.shape
    where = (plan.ends.size + 1, plan.start_edges.shape[0], arms)
    leaving = days + 1 if plan.leave.size else 0
    groups = where[1] * (states if plan.by_start else 1)
    return Counts(
        first=np.zeros((trials, *where, days + 2), dtype=np.int32),
        left=np.zeros((trials, *where, leaving), dtype=np.int32),
        states=np.zeros(
            (trials, plan.snapshots.size, where[0], groups, arms, states), dtype=np.int32
        ),
    )


def is_pure(plan: ChainPlan) -> bool:
    """Whether nothing goes wrong in conduct, so that whole paths need not be kept."""
    return not (plan.leave.size or plan.absent.size or plan.relapse > 0)
