"""Reading the counter-based streams from compiled code. Needs Numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.streams import FIRST, GOLDEN, S11, S27, S30, S31, SCALE, SECOND


@njit(inline="always")
def bits(key, counter):  # type: ignore[no-untyped-def]
    """The 53 bits of number `counter` of a stream."""
    value = key + np.uint64(counter) * GOLDEN
    value = (value ^ (value >> S30)) * FIRST
    value = (value ^ (value >> S27)) * SECOND
    return (value ^ (value >> S31)) >> S11


@njit(inline="always")
def uniform(key, counter):  # type: ignore[no-untyped-def]
    """Number `counter` of a stream, in [0, 1)."""
    return float(bits(key, counter)) * SCALE


@njit(inline="always")
def randomised(planned, people, trial):  # type: ignore[no-untyped-def]
    """How many one trial randomises."""
    return people[trial] if people.size else planned


@njit(inline="always")
def pick(edges, u, last):  # type: ignore[no-untyped-def]
    """The first edge above `u`, `last` at most."""
    index = 0
    while index < last and u >= edges[index]:
        index += 1
    return index


@njit(inline="always")
def pick_row(edges, row, u):  # type: ignore[no-untyped-def]
    """The same in a row of a table; without a view, which would count references."""
    last = edges.shape[1] - 1
    index = 0
    while index < last and u >= edges[row, index]:
        index += 1
    return index


@njit(inline="always")
def next_arm(edge, arm, target, node, where, u):  # type: ignore[no-untyped-def]
    """Allocate the next participant of a stratum; moves the stratum's state on."""
    at = node[where]
    way = pick_row(edge, at, u)
    node[where] = target[at, way]
    return arm[at, way]
