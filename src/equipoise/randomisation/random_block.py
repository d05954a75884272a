"""Permuted blocks whose size is itself drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from equipoise.errors import DesignError
from equipoise.randomisation.permuted_block import fitting, placed, places_left
from equipoise.randomisation.ratio import Ratio, shares
from equipoise.randomisation.shape import Branch, Covariates, Scheme, State, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomBlock(Scheme):
    """Blocks of a size drawn uniformly from `sizes` as each block opens.

    State: (ratio, size of the open block or 0, counts in it). One draw gives both the size
    and the first arm of a block: within the interval of an arm, equal parts are the sizes.
    """

    name: ClassVar[str] = "random-block"
    hides: ClassVar[bool] = True
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if isinstance(self.sizes, str) or not isinstance(self.sizes, Sequence) or not self.sizes:
            raise DesignError(
                f"{self.name}: sizes must be a list of block sizes; got {self.sizes!r}"
            )
        for size in self.sizes:
            whole(self.name, "each size", size, 2)
        if len(set(self.sizes)) < len(self.sizes):
            raise DesignError(f"{self.name}: sizes must differ; got {list(self.sizes)}")
        object.__setattr__(self, "sizes", tuple(self.sizes))

    def empty(self, ratio: Ratio) -> State:
        """No block is open; each size must be a multiple of the ratio's sum."""
        for size in self.sizes:
            fitting(self.name, size, ratio)
        return (ratio, 0, (0,) * len(ratio))

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """The ratio as a block opens (whatever its size), then places left over places left."""
        ratio, size, counts = state
        return places_left(ratio, counts, size) if size else shares(ratio)

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """One place of the open block is used. Refused between blocks: the size is not known."""
        ratio, size, counts = state
        if not size:
            raise ValueError("the next block has no size yet: use branches or step")
        return _within(ratio, size, placed(counts, arm, size))

    def branches(self, state: State, covariates: Covariates | None = None) -> tuple[Branch, ...]:
        """As a block opens, each arm with each size; inside it, each arm with places left."""
        ratio, size, counts = state
        if size:
            return Scheme.branches(self, state, covariates)
        return tuple(
            Branch(share / len(self.sizes), arm, _within(ratio, drawn, placed(counts, arm, drawn)))
            for arm, share in enumerate(shares(ratio))
            for drawn in self.sizes
        )


def _within(ratio: Ratio, size: int, counts: tuple[int, ...]) -> State:
    return (ratio, size if any(counts) else 0, counts)
