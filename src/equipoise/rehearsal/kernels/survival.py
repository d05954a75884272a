"""Trials with a continuous time to an event, looked at after given numbers of events.

The NumPy kernel: one trial at a time, all its pairs at once. `survival_compiled` gives the
same numbers to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise.rehearsal.kernels.plan import Automaton, FloatArray, IntArray, UIntArray
from equipoise.rehearsal.kernels.variates import exponential
from equipoise.rehearsal.kernels.vectorised import allocate, pick
from equipoise.rehearsal.streams import uniforms

NEVER = 1e300


class SurvivalKeys(NamedTuple):
    """Stream keys, each of shape (trials,)."""

    arrival: UIntArray
    stratum: UIntArray
    allocation: UIntArray
    event: UIntArray
    leave: UIntArray


class SurvivalPlan(NamedTuple):
    """A trial of two arms, 1 experimental, stopped by a stratified log-rank test.

    Attributes:
        n: participants.
        spacing: mean days between arrivals.
        stratum_edges: shape (strata - 1,), cumulative shares.
        automaton: the scheme; every stratum starts at row 0.
        start: shape (pieces,), day on which each piece of the hazard begins, from 0.
        load: shape (strata, 2, pieces), cumulative hazard at the beginning of each piece.
        pace: shape (strata, 2, pieces), 1 / hazard of each piece.
        leaving: mean days to drop-out, 0 where nobody leaves.
        events: shape (looks,), number of events at which each look takes place.
        bound: shape (looks,), z at which the trial stops.
        sides: 1 or 2.
        sign: 1 where more events are better, -1 where fewer are.
        cap: days within which most events fall; decides nothing but speed.

    """

    n: int
    spacing: float
    stratum_edges: FloatArray
    automaton: Automaton
    start: FloatArray
    load: FloatArray
    pace: FloatArray
    leaving: float
    events: IntArray
    bound: FloatArray
    sides: int
    sign: float
    cap: float


class Survived(NamedTuple):
    """What each trial came to, shape (trials,).

    `look` is where it ended, `z` and `value` (log rate ratio, one step) what was seen there,
    `day` when, `people` how many had arrived, `events` how many events there were.
    """

    look: NDArray[np.int64]
    z: FloatArray
    value: FloatArray
    day: FloatArray
    people: NDArray[np.int64]
    events: NDArray[np.int64]


def empty(trials: int) -> Survived:
    """Room for the answers."""
    whole, real = np.zeros((3, trials), dtype=np.int64), np.zeros((3, trials))
    return Survived(whole[0], real[0], real[1], real[2], whole[1], whole[2])


def simulate(plan: SurvivalPlan, keys: SurvivalKeys) -> Survived:
    """Simulate one trial for each key."""
    found = empty(keys.arrival.size)
    for trial in range(keys.arrival.size):
        people = _people(plan, keys, trial)
        _looks(plan, found, trial, *people)
    return found


def _people(
    plan: SurvivalPlan, keys: SurvivalKeys, trial: int
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], IntArray]:
    """Arrival, time followed, whether it ended in an event, and cell; shape (n,) each."""
    n = plan.n
    arrived = np.cumsum(exponential(uniforms(keys.arrival[trial], 0, n)) * plan.spacing)
    where = np.zeros(n, dtype=np.int64)
    if plan.stratum_edges.size:
        where = pick(plan.stratum_edges, uniforms(keys.stratum[trial], 0, n))
    arm = allocate(plan.automaton, where, uniforms(keys.allocation[trial], 0, n))
    load = exponential(uniforms(keys.event[trial], 0, n))
    piece = (load[:, None] >= plan.load[where, arm]).sum(axis=1) - 1
    time = plan.start[piece] + (load - plan.load[where, arm, piece]) * plan.pace[where, arm, piece]
    event = np.ones(n, dtype=bool)
    if plan.leaving > 0:
        leaves = exponential(uniforms(keys.leave[trial], 0, n)) * plan.leaving
        event = time <= leaves
        time = np.minimum(time, leaves)
    return arrived, time, event, 2 * where + arm


def _looks(
    plan: SurvivalPlan,
    found: Survived,
    trial: int,
    arrived: FloatArray,
    time: FloatArray,
    event: NDArray[np.bool_],
    cell: IntArray,
) -> None:
    order = np.argsort(time, kind="stable")
    moments = np.sort((arrived + time)[event])
    last = plan.events.size - 1
    for look in range(last + 1):
        enough = plan.events[look] <= moments.size
        now = float(moments[plan.events[look] - 1]) if enough else NEVER
        at = look if enough else last
        value, z = _logrank(plan, arrived[order], time[order], event[order], cell[order], now)
        crossed = abs(z) >= plan.bound[at] if plan.sides == 2 else z >= plan.bound[at]
        if crossed or at == last:
            day = now if enough else float((arrived + time).max())
            people = int((arrived <= day).sum())
            seen = int((moments <= day).sum())
            answers = (at, z, value, day, people, seen)
            for column, answer in zip(found, answers, strict=True):
                column[trial] = answer
            return


def _logrank(
    plan: SurvivalPlan,
    arrived: FloatArray,
    time: FloatArray,
    event: NDArray[np.bool_],
    cell: IntArray,
    now: float,
) -> tuple[float, float]:
    """One-step log rate ratio and signed z, everything in order of `time`."""
    rows = np.flatnonzero(event & (arrived + time <= now))
    here = (arrived[None, :] + time[rows, None] <= now) & (np.arange(time.size) >= rows[:, None])
    treated = 2 * (cell[rows] // 2) + 1
    ours = (here & (cell == treated[:, None])).sum(axis=1)
    theirs = (here & (cell == treated[:, None] - 1)).sum(axis=1)
    share = ours * reciprocals(plan.n)[ours + theirs]
    expected = float(np.cumsum(share)[-1]) if share.size else 0.0
    variance = float(np.cumsum(share * (1.0 - share))[-1]) if share.size else 0.0
    if variance <= 0:
        return 0.0, 0.0
    excess = float((cell[rows] % 2).sum()) - expected
    return excess / variance, plan.sign * excess / float(np.sqrt(variance))


def reciprocals(n: int) -> FloatArray:
    """1 / k for k from 0 to n, shape (n + 1,); 0 for k = 0."""
    return np.concatenate(([0.0], 1.0 / np.arange(1, n + 1)))
