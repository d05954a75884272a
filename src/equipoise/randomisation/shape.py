"""The shape that every scheme has.

A scheme is a frozen dataclass of its parameters. `start(ratio)` gives a state, a small
hashable tuple; `step(state, u)` turns one uniform draw into an arm and the next state, and
does nothing else. A scheme file says what the arm probabilities are in a state and what an
allocation does to the state; the step, sequences, exact balance and the re-randomisation
test follow from these two.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar, NamedTuple, SupportsIndex

from equipoise.errors import DesignError
from equipoise.randomisation.ratio import Ratio, reduced

State = tuple[Any, ...]
Covariates = Mapping[str, Any]


class Branch(NamedTuple):
    """One thing that can happen next."""

    probability: float
    arm: int
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme(ABC):
    """A randomisation procedure. `ratio` is kept, reduced, as the first entry of the state."""

    name: ClassVar[str]
    hides: ClassVar[bool] = False  # the state holds more than the allocations show
    uses_covariates: ClassVar[bool] = False

    def start(self, ratio: Sequence[SupportsIndex]) -> State:
        """The state before the first allocation.

        Raises:
            DesignError: a ratio that is not two or more positive integers, or does not fit.

        """
        return self.empty(reduced(ratio))

    @abstractmethod
    def empty(self, ratio: Ratio) -> State:
        """The first state, for a ratio already in lowest terms."""

    @abstractmethod
    def probabilities(
        self, state: State, covariates: Covariates | None = None
    ) -> tuple[float, ...]:
        """Probability of each arm for the next participant; they sum to 1."""

    @abstractmethod
    def after(self, state: State, arm: int, covariates: Covariates | None = None) -> State:
        """The state once `arm` has been allocated."""

    def branches(self, state: State, covariates: Covariates | None = None) -> tuple[Branch, ...]:
        """Everything that can happen next, arm by arm."""
        return tuple(
            Branch(probability, arm, self.after(state, arm, covariates))
            for arm, probability in enumerate(self.probabilities(state, covariates))
            if probability > 0
        )

    def step(
        self, state: State, u: float, covariates: Covariates | None = None
    ) -> tuple[int, State]:
        """Allocate one participant: the arm (0-based) and the next state.

        Args:
            state: from `start` or an earlier step; never changed.
            u: one uniform draw, 0 <= u < 1.
            covariates: what minimisation looks at; other schemes do not.

        Raises:
            ValueError: `u` outside [0, 1).

        """
        if not 0 <= u < 1:
            raise ValueError(f"a draw must be at least 0 and below 1; got {u}")
        branches = self.branches(state, covariates)
        edges = upper_edges(branch.probability for branch in branches)
        place = next(i for i, edge in enumerate(edges) if u < edge)
        return branches[place].arm, branches[place].state


def upper_edges(probabilities: Iterable[float]) -> tuple[float, ...]:
    """Upper ends of the intervals of [0, 1) that belong to each probability.

    From the last possible one on they are infinite, so that rounding of the sum can leave
    no draw without an arm, nor give one to an arm of probability 0.
    """
    each = tuple(probabilities)
    last = max(i for i, probability in enumerate(each) if probability > 0)
    sums = accumulate(each)
    return tuple(total if i < last else math.inf for i, total in enumerate(sums))


def leaning(ratio: Ratio, preferred: Sequence[int], p: float) -> tuple[float, ...]:
    """Arm probabilities of a biased coin that leans towards `preferred`.

    With equal arms and one preferred it gets `p` and the others share 1 - p. For other
    ratios `p` belongs to the arm with the smallest share, and every arm keeps the same
    probability whichever other arm is preferred: a share q = (1 - p) R / (R - min r) of
    participants follows the ratio and the rest goes to the preferred arm. Tied arms divide
    that rest in the ratio (equally, when they are equal), so a full tie is the ratio itself.

    Source: Han, Enas & McEntegart, Stat Med 2009;28:3365 (biased-coin minimisation).
    """
    total = sum(ratio)
    free = (1 - p) * total / (total - min(ratio))
    tied = sum(ratio[arm] for arm in preferred)
    return tuple(
        free * r / total + ((1 - free) * r / tied if arm in preferred else 0.0)
        for arm, r in enumerate(ratio)
    )


def whole(scheme: str, parameter: str, value: object, least: int) -> None:
    """Refuse a parameter that is not a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise DesignError(
            f"{scheme}: {parameter} must be a whole number of {least} or more; got {value!r}"
        )


def coin(scheme: str, p: object) -> None:
    """Refuse a coin probability outside [0.5, 1]."""
    number = isinstance(p, int | float) and not isinstance(p, bool)
    if not number or not 0.5 <= float(p) <= 1:  # type: ignore[arg-type]
        raise DesignError(f"{scheme}: p must be from 0.5 to 1; got {p!r}")


def restored(document: object) -> State:
    """A state that went through JSON: lists become tuples again."""
    if not isinstance(document, list | tuple):
        raise ValueError(f"a state is a list, not {type(document).__name__}")
    return tuple(restored(each) if isinstance(each, list | tuple) else each for each in document)
