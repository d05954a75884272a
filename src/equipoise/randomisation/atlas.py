"""A map of the states that a walk visits, drawn as it goes.

Nodes get numbers; what can happen at each is written once into NumPy tables. Thousands of
walks then advance together by table look-up, with the very numbers that `Scheme.step`
uses, and a distribution over nodes advances by the same tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from equipoise.randomisation.shape import upper_edges

Node = TypeVar("Node", bound=Hashable)
Way = tuple[float, int, Node]  # probability, arm, next node

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class TooManyStatesError(Exception):
    """The walk visits more nodes than allowed. Caught inside the package."""


class Atlas(Generic[Node]):
    """Nodes numbered from 0 (the start), and the ways out of those expanded so far.

    Tables have one row per node and one column per way: `probability`, `edge` (upper end of
    the interval of draws), `arm`, `target` (number of the next node).
    """

    def __init__(
        self,
        start: Node,
        ways: Callable[[Node], Sequence[Way[Node]]],
        most: int = 2_000_000,
    ) -> None:
        self._ways, self._most = ways, most
        self.nodes: list[Node] = [start]
        self._number: dict[Node, int] = {start: 0}
        self._allocate(rows=64, columns=1)

    def _allocate(self, rows: int, columns: int) -> None:
        self.known = np.zeros(rows, dtype=bool)
        self.probability = np.zeros((rows, columns))
        self.edge = np.full((rows, columns), math.inf)
        self.arm = np.zeros((rows, columns), dtype=np.int8)
        self.target = np.zeros((rows, columns), dtype=np.int64)

    def expand(self, numbers: IntArray) -> None:
        """Write the ways out of these nodes, where they are not yet written."""
        for number in np.unique(numbers[~self.known[numbers]]):
            self._write(int(number), self._ways(self.nodes[number]))

    def advance(self, at: IntArray, u: FloatArray) -> tuple[NDArray[np.int8], IntArray]:
        """One step of each walk: arms and next nodes, both of the shape of `at`."""
        self.expand(at)
        way = (u[:, None] >= self.edge[at]).sum(axis=1)
        return self.arm[at, way], self.target[at, way]

    def flow(self, mass: FloatArray) -> FloatArray:
        """One step of a distribution over nodes, shape (nodes,), to shape (nodes then known,)."""
        held = np.flatnonzero(mass)
        self.expand(held)
        moved = self.probability[held] * mass[held, None]
        after = np.zeros(len(self.nodes))
        np.add.at(after, self.target[held], moved)
        return after

    def _write(self, row: int, ways: Sequence[Way[Node]]) -> None:
        targets = [self._numbered(node) for _, _, node in ways]
        self._make_room(len(self.nodes), len(ways))
        here = (row, slice(0, len(ways)))
        self.probability[here] = [probability for probability, _, _ in ways]
        self.edge[here] = upper_edges(probability for probability, _, _ in ways)
        self.arm[here] = [arm for _, arm, _ in ways]
        self.target[here] = targets
        self.known[row] = True

    def _numbered(self, node: Node) -> int:
        number = self._number.setdefault(node, len(self.nodes))
        if number == len(self.nodes):
            if number >= self._most:
                raise TooManyStatesError
            self.nodes.append(node)
        return number

    def _make_room(self, rows: int, columns: int) -> None:
        old_rows, old_columns = self.edge.shape
        if rows <= old_rows and columns <= old_columns:
            return
        known, probability, edge = self.known, self.probability, self.edge
        arm, target = self.arm, self.target
        self._allocate(2 * rows if rows > old_rows else old_rows, max(columns, old_columns))
        before = (slice(0, old_rows), slice(0, old_columns))
        self.known[:old_rows] = known
        self.probability[before], self.edge[before] = probability, edge
        self.arm[before], self.target[before] = arm, target
