"""Big stick: a fair coin until an arm is too far ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from equipoise.randomisation.ratio import Counts, Ratio, counted
from equipoise.randomisation.shape import Covariates, Scheme, State, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class BigStick(Scheme):
    """Allocate by the ratio among the arms that are open; an arm `limit` rounds ahead is closed.

    For 1:1 this is Soares & Wu's design: a fair coin, and the smaller arm by force where
    the difference has reached `limit`. In general the boundary is that of the block urn
    design: an arm is closed once it holds `limit` times its part of a round beyond the
    completed rounds. Some arm is always open, and
    |n_i - n r_i/R| <= limit r_i (1 - r_i/R) always holds (limit / 2 for 1:1).
    State: (ratio, counts beyond completed rounds).

    Source: Soares & Wu, Commun Stat Theory Methods 1983;12:2017; boundary for other ratios
    after Zhao & Weng, Contemp Clin Trials 2011;32:953.
    """

    name: ClassVar[str] = "big-stick"
    limit: int

    def __post_init__(self) -> None:
        whole(self.name, "limit", self.limit, 1)

    def empty(self, ratio: Ratio) -> State:
        """All arms level."""
        return (ratio, (0,) * len(ratio))

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """The ratio among open arms."""
        ratio, beyond = state
        return among_open(tuple(map(float, ratio)), ratio, beyond, self.limit)

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """One more in `arm`."""
        ratio, beyond = state
        return (ratio, counted(ratio, beyond, arm))


def among_open(
    weights: tuple[float, ...], ratio: Ratio, beyond: Counts, limit: int
) -> tuple[float, ...]:
    """`weights` as probabilities over the arms that are not `limit` rounds ahead."""
    opened = tuple(
        weight if count < limit * r else 0.0
        for weight, r, count in zip(weights, ratio, beyond, strict=True)
    )
    total = sum(opened)
    return tuple(weight / total for weight in opened)
