"""Wei's urn: balance is sought strongly at first and ever less later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from equipoise.errors import DesignError
from equipoise.randomisation.ratio import Ratio, shares
from equipoise.randomisation.shape import Covariates, Scheme, State, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class WeiUrn(Scheme):
    """UD(initial, added): draw a ball and return it with `added` balls of each other kind.

    Arm i owns r_i of the R kinds of ball, so that after n allocations its probability is
    (initial r_i + added (r_i n - n_i)) / (initial R + added (R - 1) n): Wei's urn for equal
    arms, and for any ratio the expected share of arm i stays r_i / R at every step.
    State: (ratio, counts).

    Source: Wei, Ann Stat 1978;6:92; Wei & Lachin, Control Clin Trials 1988;9:345.
    """

    name: ClassVar[str] = "wei-urn"
    initial: int
    added: int

    def __post_init__(self) -> None:
        whole(self.name, "initial", self.initial, 0)
        whole(self.name, "added", self.added, 0)
        if self.initial + self.added == 0:
            raise DesignError(f"{self.name}: initial and added cannot both be 0")

    def empty(self, ratio: Ratio) -> State:
        """No ball drawn."""
        return (ratio, (0,) * len(ratio))

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """Balls of each arm over all balls; the ratio where the urn is still empty."""
        ratio, counts = state
        n, total = sum(counts), sum(ratio)
        balls = self.initial * total + self.added * (total - 1) * n
        if not balls:
            return shares(ratio)
        return tuple(
            (self.initial * r + self.added * (r * n - c)) / balls
            for r, c in zip(ratio, counts, strict=True)
        )

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """One more of `arm` drawn."""
        ratio, counts = state
        return (ratio, tuple(c + (i == arm) for i, c in enumerate(counts)))
