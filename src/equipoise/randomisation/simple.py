"""Simple (complete) randomisation: every participant by the ratio alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from equipoise.randomisation.ratio import Ratio, shares
from equipoise.randomisation.shape import Covariates, Scheme, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple(Scheme):
    """Independent draws. Nothing to guess, no control of balance. State: (ratio,)."""

    name: ClassVar[str] = "simple"

    def empty(self, ratio: Ratio) -> State:
        """No memory."""
        return (ratio,)

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """The ratio."""
        return shares(state[0])

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """The same state."""
        return state
