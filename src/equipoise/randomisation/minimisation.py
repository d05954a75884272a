"""Minimisation (Pocock and Simon), with a biased coin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from equipoise.digest import canonical_json
from equipoise.errors import DesignError
from equipoise.randomisation.ratio import Counts, Ratio
from equipoise.randomisation.shape import Covariates, Scheme, State, coin, leaning

MEASURES = ("range", "sd", "variance")

Tally = tuple[tuple[tuple[str, Counts], ...], ...]  # for each factor: (level, counts of arms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimisation(Scheme):
    """Lean towards the arm that would leave the participant's factor levels most balanced.

    For each arm k: were the participant given k, how unlike would the arms be among those
    who share each factor level? `measure` ("range", "sd" or "variance" over arms, of counts
    divided by the ratio) is summed over factors with `weights`. The arm with the smallest
    sum is preferred, with probability `p` (see `shape.leaning` for other ratios and ties).
    State: (ratio, for each factor the levels met so far with their counts).

    Source: Pocock & Simon, Biometrics 1975;31:103; ratios after Han, Enas & McEntegart,
    Stat Med 2009;28:3365.
    """

    name: ClassVar[str] = "minimisation"
    uses_covariates: ClassVar[bool] = True
    factors: tuple[str, ...]
    weights: tuple[float, ...] = ()
    p: float = 0.8
    measure: str = "range"

    def __post_init__(self) -> None:
        _check_factors(self.factors)
        object.__setattr__(self, "factors", tuple(self.factors))
        weights = tuple(self.weights or (1.0,) * len(self.factors))
        _check_weights(weights, self.factors)
        object.__setattr__(self, "weights", tuple(map(float, weights)))
        coin(self.name, self.p)
        if self.measure not in MEASURES:
            raise DesignError(
                f"{self.name}: measure must be one of {', '.join(MEASURES)}; got {self.measure!r}"
            )

    def empty(self, ratio: Ratio) -> State:
        """Nobody at any level."""
        return (ratio, ((),) * len(self.factors))

    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """Leaning to the arms with the smallest imbalance.

        Raises:
            DesignError: a factor without a known level.

        """
        ratio, tally = state
        levels = self.levels(covariates)
        counts = [
            dict(met).get(level, (0,) * len(ratio))
            for met, level in zip(tally, levels, strict=True)
        ]
        scores = tuple(self._score(ratio, counts, arm) for arm in range(len(ratio)))
        return leaning(ratio, smallest(scores), self.p)

    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """One more in `arm` at each of the participant's levels."""
        ratio, tally = state
        levels = self.levels(covariates)
        return (
            ratio,
            tuple(
                _added(met, level, arm, len(ratio))
                for met, level in zip(tally, levels, strict=True)
            ),
        )

    def levels(self, covariates: Covariates | None) -> tuple[str, ...]:
        """The participant's level of each factor, as canonical text."""
        return tuple(_level(factor, covariates) for factor in self.factors)

    def _score(self, ratio: Ratio, counts: Sequence[Counts], arm: int) -> float:
        total = 0.0
        for weight, each in zip(self.weights, counts, strict=True):
            total += weight * spread(
                ratio, tuple(c + (i == arm) for i, c in enumerate(each)), self.measure
            )
        return total


def spread(ratio: Ratio, counts: Counts, measure: str) -> float:
    """How unlike the arms are, from counts over the ratio, up to a factor common to all counts.

    Whole numbers until the last step, so that equal imbalances are exactly equal.
    """
    multiple = math.lcm(*ratio)
    scaled = [c * (multiple // r) for c, r in zip(counts, ratio, strict=True)]
    if measure == "range":
        return (max(scaled) - min(scaled)) / multiple
    variance = len(scaled) * sum(x * x for x in scaled) - sum(scaled) ** 2
    return (variance if measure == "variance" else math.sqrt(variance)) / multiple


def smallest(scores: Sequence[float]) -> tuple[int, ...]:
    """Indices of the smallest scores; sums that differ only by rounding are tied."""
    edge = threshold(min(scores))
    return tuple(arm for arm, score in enumerate(scores) if score <= edge)


def threshold(least: float) -> float:
    """Scores up to here tie with the smallest."""
    return least + 1e-9 * (1.0 + least)


def _added(
    met: tuple[tuple[str, Counts], ...], level: str, arm: int, arms: int
) -> tuple[tuple[str, Counts], ...]:
    table = dict(met)
    counts = table.get(level, (0,) * arms)
    table[level] = tuple(c + (i == arm) for i, c in enumerate(counts))
    return tuple(sorted(table.items()))


def _level(factor: str, covariates: Covariates | None) -> str:
    value: Any = None if covariates is None else covariates.get(factor)
    if not isinstance(value, str | int):
        raise DesignError(
            f"minimisation: the participant's {factor!r} is not known; it must be text, a whole "
            f"number or yes/no, got {value!r}"
        )
    return canonical_json(value).decode()


def _check_factors(factors: object) -> None:
    listed = isinstance(factors, Sequence) and not isinstance(factors, str)
    names: list[Any] = list(factors) if listed else []  # type: ignore[call-overload]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise DesignError(f"minimisation: factors must be a list of names; got {factors!r}")
    if len(set(names)) < len(names):
        raise DesignError(f"minimisation: factors must differ; got {names}")


def _check_weights(weights: Sequence[Any], factors: Sequence[str]) -> None:
    if len(weights) != len(factors):
        raise DesignError(
            f"minimisation: {len(factors)} factors need {len(factors)} weights; got {len(weights)}"
        )
    for weight in weights:
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not 0 < weight < math.inf:
            raise DesignError(f"minimisation: weights must be above 0; got {weight!r}")
