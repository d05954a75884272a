"""The same kernel in NumPy: one trial at a time, all its participants at once."""

from __future__ import annotations

import numpy as np

from equipoise.rehearsal.kernels.plan import (
    Automaton,
    BoolArray,
    ChainPlan,
    Counts,
    FloatArray,
    IntArray,
    Keys,
    empty_counts,
)
from equipoise.rehearsal.streams import uniforms


def simulate(plan: ChainPlan, keys: Keys) -> Counts:
    """Simulate one trial for each key."""
    counts = empty_counts(plan, keys.stratum.size)
    for trial in range(keys.stratum.size):
        where = _pick(plan.stratum_edges, uniforms(keys.stratum[trial], 0, plan.n))
        arm = allocate(plan.automaton, where, uniforms(keys.allocation[trial], 0, plan.n))
        start_chance = uniforms(keys.start[trial], 0, plan.n)
        start = _pick_rows(plan.start_edges[where], start_chance)
        days = plan.cumulative.shape[1]
        chances = uniforms(keys.days[trial], 0, plan.n * days).reshape(plan.n, days)
        path = _paths(plan, start, arm, chances)
        np.add.at(counts.first[trial], (where, arm, reached_for_good(plan, path)), 1)
        for index, day in enumerate(plan.snapshots):
            np.add.at(counts.states[trial, index], (where, arm, path[:, day]), 1)
    return counts


def _pick(edges: FloatArray, u: FloatArray) -> IntArray:
    return np.searchsorted(edges, u, side="right").astype(np.int64)


def _pick_rows(edges: FloatArray, u: FloatArray) -> IntArray:
    """Shape (n,): per row the first edge above u, the last column at most."""
    result: IntArray = np.minimum((u[:, None] >= edges).sum(axis=1), edges.shape[1] - 1)
    return result


def allocate(automaton: Automaton, where: IntArray, u: FloatArray) -> IntArray:
    """Arms of participants in order, each stratum with a state of its own."""
    ways = automaton.edge.shape[1] - 1
    node: dict[int, int] = {}
    arms: IntArray = np.empty(where.size, dtype=np.int64)
    for person, stratum in enumerate(where.tolist()):
        at = node.get(stratum, 0)
        way = min(int((u[person] >= automaton.edge[at]).sum()), ways)
        arms[person] = automaton.arm[at, way]
        node[stratum] = int(automaton.target[at, way])
    return arms


def _paths(plan: ChainPlan, start: IntArray, arm: IntArray, chances: FloatArray) -> IntArray:
    """States by day, shape (n, days + 1)."""
    days = plan.cumulative.shape[1]
    path = np.empty((start.size, days + 1), dtype=np.int64)
    path[:, 0] = start
    for day in range(days):
        rows = plan.cumulative[arm, day, path[:, day]]
        stays = plan.absorbing[path[:, day]]
        path[:, day + 1] = np.where(stays, path[:, day], _pick_rows(rows, chances[:, day]))
    return path


def reached_for_good(plan: ChainPlan, path: IntArray) -> IntArray:
    """Day from which the endpoint's rule was reached and not lost again; days + 1 if never."""
    reached: BoolArray = plan.reached[path]
    lost: BoolArray = plan.lost[path]
    never = path.shape[1]
    last_loss = np.where(lost.any(axis=1), never - 1 - np.argmax(lost[:, ::-1], axis=1), -1)
    open_days = reached & (np.arange(never)[None, :] > last_loss[:, None])
    day: IntArray = np.where(open_days.any(axis=1), np.argmax(open_days, axis=1), never)
    return day
