"""A randomisation scheme as tables: one row per state, one column per way out."""

from __future__ import annotations

import numpy as np

from equipoise.randomisation import Scheme, State
from equipoise.randomisation.shape import upper_edges
from equipoise.rehearsal.kernels.plan import Automaton

MOST_STATES = 100_000
"""Beyond, states are drawn as they are met: see `rehearsal.lists`."""

ANY = Automaton(
    edge=np.full((1, 1), np.inf),
    arm=np.zeros((1, 1), dtype=np.int8),
    target=np.zeros((1, 1), dtype=np.int64),
)
"""What a kernel carries where arms are given to it."""


def automaton(rule: Scheme, ratio: tuple[int, ...], steps: int) -> Automaton | None:
    """Every state that `steps` allocations can reach, as tables; None where they are too many."""
    states: list[State] = [rule.start(ratio)]
    number, depth = {states[0]: 0}, [0]
    rows: list[list[tuple[float, int, int]]] = []
    while len(rows) < len(states) and depth[len(rows)] < steps:
        at = len(rows)
        row = []
        for branch in rule.branches(states[at]):
            if branch.state not in number:
                number[branch.state] = len(states)
                states.append(branch.state)
                depth.append(depth[at] + 1)
            row.append((branch.probability, branch.arm, number[branch.state]))
        rows.append(row)
        if len(states) > MOST_STATES:
            return None
    return _tables(rows, len(states))


def _tables(rows: list[list[tuple[float, int, int]]], size: int) -> Automaton:
    columns = max(len(row) for row in rows)
    edge = np.full((size, columns), np.inf)
    arm = np.zeros((size, columns), dtype=np.int8)
    target = np.zeros((size, columns), dtype=np.int64)
    for index, row in enumerate(rows):
        edge[index, : len(row)] = upper_edges(probability for probability, _, _ in row)
        arm[index, : len(row)] = [way[1] for way in row]
        target[index, : len(row)] = [way[2] for way in row]
    return Automaton(edge=edge, arm=arm, target=target)
