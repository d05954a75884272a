"""Efron's biased coin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from equipoise.randomisation.ratio import Ratio, behind, counted
from equipoise.randomisation.shape import Covariates, Scheme, State, coin, leaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Efron(Scheme):
    """The arm behind has probability `p`; a tie is decided by the ratio.

    For other ratios and more arms the coin is that of `shape.leaning`, towards the arm
    furthest below n r_i / R. State: (ratio, counts beyond completed rounds).

    Source: Efron, Biometrika 1971;58:403.
    """

    name: ClassVar[str] = "efron"
    p: float

    def __post_init__(self) -> None:
        coin(self.name, self.p)

    def empty(self, ratio: Ratio) -> State:
        """All arms level."""
        return (ratio, (0,) * len(ratio))

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """Leaning to the arm behind."""
        ratio, beyond = state
        return leaning(ratio, behind(ratio, beyond), self.p)

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """One more in `arm`."""
        ratio, beyond = state
        return (ratio, counted(ratio, beyond, arm))
