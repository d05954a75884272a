"""The compiled kernel of `entries`. Import it only where Numba is installed."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from equipoise.rehearsal.kernels.compiled import walk_on
from equipoise.rehearsal.kernels.counter import next_arm, pick, pick_row, uniform
from equipoise.rehearsal.kernels.entries import Placed
from equipoise.rehearsal.kernels.plan import Automaton, ChainPlan, FloatArray, IntArray, Keys


@njit(cache=True, nogil=True)
def _place(edges, automaton, keys, where, arm):  # type: ignore[no-untyped-def]
    for trial in range(where.shape[0]):
        node = np.zeros(edges.size + 1, dtype=np.int64)
        for person in range(where.shape[1]):
            stratum = pick(edges, uniform(keys.stratum[trial], person), edges.size)
            where[trial, person] = stratum
            if keys.given.shape[1]:
                arm[trial, person] = keys.given[trial, person]
            else:
                u = uniform(keys.allocation[trial], person)
                arm[trial, person] = next_arm(
                    automaton.edge, automaton.arm, automaton.target, node, stratum, u
                )


def placed(n: int, edges: FloatArray, automaton: Automaton, keys: Keys) -> tuple[Placed, Placed]:
    """Stratum and arm of every participant, as in `entries`."""
    where = np.empty((keys.stratum.size, n), dtype=np.int8)
    arm = np.empty_like(where)
    _place(edges, automaton, keys, where, arm)
    return where, arm


@njit(cache=True, nogil=True)
def _enter(plan, keys, where, arm, states, found):  # type: ignore[no-untyped-def]
    path = np.zeros(plan.cumulative.shape[2] + 1, dtype=np.int64)
    for trial in range(where.shape[0]):
        for person in range(plan.n):
            stratum, given = where[trial, person], np.int64(arm[trial, person])
            start = pick_row(plan.start_edges, stratum, uniform(keys.start[trial], person))
            level = np.int64(keys.level[trial, person]) if keys.level.shape[1] else 0
            gone = walk_on(plan, keys, trial, person, level, given, start, path)
            for index in range(states.size):
                day = 0
                while day < path.size and path[day] != states[index]:
                    day += 1
                if 0 < day < path.size and day <= gone:
                    found[trial, person, index] = day


def entered(plan: ChainPlan, keys: Keys, states: IntArray) -> NDArray[np.int16]:
    """Day on which each participant first enters each state, as in `entries`."""
    where, arm = placed(plan.n, plan.stratum_edges, plan.automaton, keys)
    found = np.full((keys.stratum.size, plan.n, states.size), -1, dtype=np.int16)
    _enter(plan, keys, where, arm, states, found)
    return found
