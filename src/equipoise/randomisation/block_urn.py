"""Block urn design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from equipoise.randomisation.ratio import Ratio, counted
from equipoise.randomisation.shape import Covariates, Scheme, State, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockUrn(Scheme):
    """An urn of `lambda_` rounds; a ball drawn stays out until its round is complete.

    With the balance of permuted blocks of `lambda_` rounds (no arm more than `lambda_`
    rounds ahead) but fewer certain allocations, since completed rounds go back at once.
    State: (ratio, counts beyond completed rounds).

    Source: Zhao & Weng, Contemp Clin Trials 2011;32:953.
    """

    name: ClassVar[str] = "block-urn"
    lambda_: int

    def __post_init__(self) -> None:
        whole(self.name, "lambda_", self.lambda_, 1)

    def empty(self, ratio: Ratio) -> State:
        """A full urn."""
        return (ratio, (0,) * len(ratio))

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """Balls of each arm in the urn over all balls in it."""
        ratio, out = state
        left = self.lambda_ * sum(ratio) - sum(out)
        return tuple((self.lambda_ * r - c) / left for r, c in zip(ratio, out, strict=True))

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """A ball is out; a complete round returns."""
        ratio, out = state
        return (ratio, counted(ratio, out, arm))
