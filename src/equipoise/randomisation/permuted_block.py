"""Permuted blocks of one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from equipoise.errors import DesignError
from equipoise.randomisation.ratio import Counts, Ratio
from equipoise.randomisation.shape import Covariates, Scheme, State, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutedBlock(Scheme):
    """Every `size` participants are exactly in the ratio, in random order.

    Draws without replacement are the same as a shuffled block. State: (ratio, counts in
    the open block). The end of a block is certain to whoever knows its size.
    """

    name: ClassVar[str] = "permuted-block"
    size: int

    def __post_init__(self) -> None:
        whole(self.name, "size", self.size, 2)

    def empty(self, ratio: Ratio) -> State:
        """An empty block; the size must be a multiple of the ratio's sum."""
        fitting(self.name, self.size, ratio)
        return (ratio, (0,) * len(ratio))

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """Places left of each arm over places left."""
        ratio, counts = state
        return places_left(ratio, counts, self.size)

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """One place of the block is used; a full block is a new one."""
        ratio, counts = state
        return (ratio, placed(counts, arm, self.size))


def fitting(scheme: str, size: int, ratio: Ratio) -> None:
    """Refuse a block that the ratio does not divide."""
    if size % sum(ratio):
        written = ":".join(map(str, ratio))
        raise DesignError(
            f"{scheme}: a block of {size} cannot hold {written}; "
            f"its size must be a multiple of {sum(ratio)}"
        )


def places_left(ratio: Ratio, counts: Counts, size: int) -> tuple[float, ...]:
    """Probability of each arm in a part-filled block."""
    rounds, left = size // sum(ratio), size - sum(counts)
    return tuple((rounds * r - c) / left for r, c in zip(ratio, counts, strict=True))


def placed(counts: Counts, arm: int, size: int) -> Counts:
    """Counts in the block after one more; zeros once it is full."""
    filled = tuple(c + (i == arm) for i, c in enumerate(counts))
    return filled if sum(filled) < size else (0,) * len(counts)
