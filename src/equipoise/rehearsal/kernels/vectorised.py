"""The same kernel in NumPy: one trial at a time, all its participants at once."""

from __future__ import annotations

import numpy as np

from equipoise.rehearsal.kernels.plan import (
    RELAPSE_AFTER,
    RELAPSE_LENGTH,
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

Cell = tuple[IntArray, IntArray, IntArray]
"""Segment, stratum and arm of each participant."""


def simulate(plan: ChainPlan, keys: Keys) -> Counts:
    """Simulate one trial for each key."""
    counts = empty_counts(plan, keys.stratum.size)
    for trial in range(keys.stratum.size):
        _trial(plan, keys, trial, counts)
    return counts


def _trial(plan: ChainPlan, keys: Keys, trial: int, counts: Counts) -> None:
    plan = plan._replace(n=randomised(plan.n, keys.people, trial))
    path, gone, cell = followed(plan, keys, trial)
    _count_reached(plan, path, gone, cell, counts, trial)
    _count_states(plan, path, gone, cell, counts, keys, trial)


def randomised(planned: int, people: IntArray, trial: int) -> int:
    """How many one trial randomises; streams go on person by person, so a shorter trial has
    the first people of the longer one.
    """
    return int(people[trial]) if people.size else planned


def followed(plan: ChainPlan, keys: Keys, trial: int) -> tuple[IntArray, IntArray, Cell]:
    """The participants of one trial.

    Returns:
        states by day, shape (n, days + 1); the day each was last followed, days + 1 if to the
        end, shape (n,); and segment, stratum and arm.

    """
    where, arm = arms(plan, keys, trial)
    segment = np.searchsorted(plan.ends, np.arange(plan.n), side="right")
    start = pick_rows(plan.start_edges[where], uniforms(keys.start[trial], 0, plan.n))
    days = plan.cumulative.shape[2]
    chances = uniforms(keys.days[trial], 0, plan.n * days).reshape(plan.n, days)
    level = np.zeros_like(arm)
    if keys.level.shape[1]:
        level = keys.level[trial, : plan.n].astype(np.int64)
    path = _paths(plan, level, start, arm, chances)
    if plan.relapse > 0:
        _relapse(plan, path, uniforms(keys.relapse[trial], 0, 4 * plan.n).reshape(plan.n, 4))
    gone = np.full(plan.n, days + 1)
    if plan.leave.size:
        gone = 1 + np.searchsorted(plan.leave, uniforms(keys.leave[trial], 0, plan.n), "right")
        gone[path[np.arange(plan.n), np.minimum(gone, days)] == plan.death] = days + 1
    return path, gone, (segment, where, arm)


def arms(plan: ChainPlan, keys: Keys, trial: int) -> tuple[IntArray, IntArray]:
    """Stratum and arm of each participant of one trial, shape (n,) each."""
    where = pick(plan.stratum_edges, uniforms(keys.stratum[trial], 0, plan.n))
    if keys.given.shape[1]:
        return where, keys.given[trial, : plan.n].astype(np.int64)
    return where, allocate(plan.automaton, where, uniforms(keys.allocation[trial], 0, plan.n))


def pick(edges: FloatArray, u: FloatArray) -> IntArray:
    """The first edge above each number, the number of edges if there is none."""
    return np.searchsorted(edges, u, side="right").astype(np.int64)


def pick_rows(edges: FloatArray, u: FloatArray) -> IntArray:
    """Shape (n,): per row the first edge above u, the last column at most."""
    result: IntArray = np.minimum((u[:, None] >= edges).sum(axis=1), edges.shape[1] - 1)
    return result


def allocate(automaton: Automaton, where: IntArray, u: FloatArray) -> IntArray:
    """Arms of participants in order, each stratum with a state of its own."""
    ways = automaton.edge.shape[1] - 1
    node: dict[int, int] = {}
    given: IntArray = np.empty(where.size, dtype=np.int64)
    for person, stratum in enumerate(where.tolist()):
        at = node.get(stratum, 0)
        way = min(int((u[person] >= automaton.edge[at]).sum()), ways)
        given[person] = automaton.arm[at, way]
        node[stratum] = int(automaton.target[at, way])
    return given


def _paths(
    plan: ChainPlan, level: IntArray, start: IntArray, arm: IntArray, chances: FloatArray
) -> IntArray:
    """States by day, shape (n, days + 1)."""
    days = plan.cumulative.shape[2]
    path = np.empty((start.size, days + 1), dtype=np.int64)
    path[:, 0] = start
    for day in range(days):
        rows = plan.cumulative[level, arm, day, path[:, day]]
        stays = plan.absorbing[path[:, day]]
        path[:, day + 1] = np.where(stays, path[:, day], pick_rows(rows, chances[:, day]))
    return path


def _relapse(plan: ChainPlan, path: IntArray, chances: FloatArray) -> None:
    """Let those who reached the best state fall ill again for some days, in place."""
    days = np.arange(path.shape[1])
    best = np.where((path == 0).any(axis=1), np.argmax(path == 0, axis=1), path.shape[1])
    start = best + _whole(RELAPSE_AFTER, chances[:, 1])
    stop = start + _whole(RELAPSE_LENGTH, chances[:, 2])
    ill = 1 + (chances[:, 3] * 2.0).astype(np.int64)
    inside = (days >= start[:, None]) & (days < stop[:, None])
    inside &= (chances[:, 0] < plan.relapse)[:, None]
    path[:] = np.where(inside, ill[:, None], path)


def _whole(span: tuple[int, int], chances: FloatArray) -> IntArray:
    return span[0] + (chances * (span[1] - span[0] + 1)).astype(np.int64)


def reached_for_good(plan: ChainPlan, path: IntArray) -> IntArray:
    """Day from which the endpoint's rule was reached and not lost again; days + 1 if never."""
    reached: BoolArray = plan.reached[path]
    lost: BoolArray = plan.lost[path]
    never = path.shape[1]
    last_loss = np.where(lost.any(axis=1), never - 1 - np.argmax(lost[:, ::-1], axis=1), -1)
    open_days = reached & (np.arange(never)[None, :] > last_loss[:, None])
    day: IntArray = np.where(open_days.any(axis=1), np.argmax(open_days, axis=1), never)
    return day


def _count_reached(
    plan: ChainPlan, path: IntArray, gone: IntArray, cell: Cell, counts: Counts, trial: int
) -> None:
    days = path.shape[1] - 1
    seen = path[np.arange(path.shape[0])[:, None], np.minimum(np.arange(days + 1), gone[:, None])]
    day = reached_for_good(plan, seen)
    known = (gone > days) | (day <= gone)
    kept = tuple(each[known] for each in cell)
    np.add.at(counts.first[trial], (*kept, day[known]), 1)
    if counts.left.shape[-1]:
        others = tuple(each[~known] for each in cell)
        np.add.at(counts.left[trial], (*others, gone[~known]), 1)


def _count_states(
    plan: ChainPlan,
    path: IntArray,
    gone: IntArray,
    cell: Cell,
    counts: Counts,
    keys: Keys,
    trial: int,
) -> None:
    k = plan.snapshots.size
    if plan.by_start:
        segment, where, arm = cell
        cell = segment, where * plan.cumulative.shape[3] + path[:, 0], arm
    chances = uniforms(keys.absent[trial], 0, plan.n * k).reshape(plan.n, k)
    for index, day in enumerate(plan.snapshots):
        state = path[np.arange(plan.n), np.minimum(day, gone)]
        known = (state == plan.death) | (gone >= day)
        if plan.absent.size:
            known &= (state != 0) | (chances[:, index] >= plan.absent[index])
        kept = tuple(each[known] for each in cell)
        np.add.at(counts.states[trial, index], (*kept, state[known]), 1)
