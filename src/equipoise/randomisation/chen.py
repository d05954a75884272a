"""Chen's biased coin with a limit on imbalance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from equipoise.randomisation.big_stick import among_open
from equipoise.randomisation.ratio import Ratio, behind, counted
from equipoise.randomisation.shape import Covariates, Scheme, State, coin, leaning, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Chen(Scheme):
    """Efron's coin inside, the big stick at the limit.

    `p` = 0.5 is the big stick for 1:1; no limit would be Efron's coin. Other ratios as in
    those two. State: (ratio, counts beyond completed rounds).

    Source: Chen, J Stat Plan Inference 1999;81:381.
    """

    name: ClassVar[str] = "chen"
    limit: int
    p: float

    def __post_init__(self) -> None:
        whole(self.name, "limit", self.limit, 1)
        coin(self.name, self.p)

    def empty(self, ratio: Ratio) -> State:
        """All arms level."""
        return (ratio, (0,) * len(ratio))

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """Leaning to the arm behind, over the arms that are open."""
        ratio, beyond = state
        leaned = leaning(ratio, behind(ratio, beyond), self.p)
        return among_open(leaned, ratio, beyond, self.limit)

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """One more in `arm`."""
        ratio, beyond = state
        return (ratio, counted(ratio, beyond, arm))
