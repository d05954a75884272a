"""Who is in which stratum and arm, and on which day they first enter a state of the course.

The people are those of the other kernels, met again on their streams, for rules that count
what happens to single participants. The NumPy kernel; `entries_compiled` gives the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from equipoise.rehearsal.kernels.plan import Automaton, ChainPlan, FloatArray, IntArray, Keys
from equipoise.rehearsal.kernels.vectorised import allocate, followed, pick
from equipoise.rehearsal.streams import uniforms

Placed = NDArray[np.int8]


def placed(n: int, edges: FloatArray, automaton: Automaton, keys: Keys) -> tuple[Placed, Placed]:
    """Stratum and arm of every participant, shape (trials, n) each; `edges` of the strata."""
    where = np.empty((keys.stratum.size, n), dtype=np.int8)
    arm = np.empty_like(where)
    for trial in range(keys.stratum.size):
        where[trial] = pick(edges, uniforms(keys.stratum[trial], 0, n))
        if keys.given.shape[1]:
            arm[trial] = keys.given[trial]
        else:
            chances = uniforms(keys.allocation[trial], 0, n)
            arm[trial] = allocate(automaton, where[trial].astype(np.int64), chances)
    return where, arm


def entered(plan: ChainPlan, keys: Keys, states: IntArray) -> NDArray[np.int16]:
    """Day on which each participant first enters each state, shape (trials, n, states).

    -1 where they never do, were in it on day 0, or left follow-up before.
    """
    found = np.full((keys.stratum.size, plan.n, states.size), -1, dtype=np.int16)
    for trial in range(keys.stratum.size):
        path, gone, _ = followed(plan, keys, trial)
        for index, state in enumerate(states):
            inside = path == state
            day = np.argmax(inside, axis=1)
            known = inside.any(axis=1) & (day > 0) & (day <= gone)
            found[trial, known, index] = day[known]
    return found
