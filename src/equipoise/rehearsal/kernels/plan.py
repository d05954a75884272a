"""What a kernel needs to know about a trial, as plain arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
UIntArray = NDArray[np.uint64]
BoolArray = NDArray[np.bool_]


class Keys(NamedTuple):
    """Stream keys, each of shape (trials,)."""

    stratum: UIntArray
    start: UIntArray
    days: UIntArray
    allocation: UIntArray


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
        cumulative: shape (arms, days, states, states), cumulative transition rows per arm.
        automaton: the scheme; every stratum starts at row 0.
        reached: shape (states,), True where the endpoint's rule holds.
        lost: shape (states,), True where a relapse undoes it.
        absorbing: shape (states,), True where a participant stays for ever.
        snapshots: shape (k,), days whose states are counted.

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


class Counts(NamedTuple):
    """What the trials came to.

    Attributes:
        first: shape (trials, strata, arms, days + 2): participants by the day on which the
            endpoint was reached for good; the last column counts those who never did.
        states: shape (trials, k, strata, arms, states): participants by state.

    """

    first: NDArray[np.int32]
    states: NDArray[np.int32]


def empty_counts(plan: ChainPlan, trials: int) -> Counts:
    """Zeros of the right shapes."""
    arms, days, states, _ = plan.cumulative.shape
    strata = plan.start_edges.shape[0]
    return Counts(
        first=np.zeros((trials, strata, arms, days + 2), dtype=np.int32),
        states=np.zeros((trials, plan.snapshots.size, strata, arms, states), dtype=np.int32),
    )
