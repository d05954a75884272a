"""How balanced and how predictable a scheme is.

Predictability is measured against somebody who knows the design and every earlier
allocation of the stratum, but not the draws: block sizes that are drawn stay hidden.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.randomisation.atlas import Atlas, TooManyStatesError
from equipoise.randomisation.draws import rehearsal_generator
from equipoise.randomisation.minimisation import Minimisation
from equipoise.randomisation.minimised import minimised
from equipoise.randomisation.ratio import Counts, Ratio, behind, counted, imbalance, reduced
from equipoise.randomisation.sequencing import counting, two_levels
from equipoise.randomisation.shape import Branch, Scheme, State

FloatArray = NDArray[np.float64]

MOST_STATES = 200_000
DEFAULT_TRIALS = 4_000
_AT_ONCE = 2_000_000  # draws held in memory

# state, what the observer holds possible (None where the state hides nothing), counts
Seen = tuple[State, frozenset[State] | None, Counts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Measures of one scheme at one n; `trials` is None where they are exact.

    Attributes:
        guess_rate: mean share of correct guesses by betting on the arm furthest behind its
            target (a toss among ties).
        certain_rate: share of allocations whose arm had probability 1 given the past ones.
        forced_rate: the same for one who also knows drawn block sizes.
        mean_abs_imbalance: mean imbalance at n, in participants (`ratio.imbalance`).
        p95_imbalance: smallest x with P(imbalance at n <= x) >= 0.95.
        n: participants in the stratum.
        trials: simulated sequences, or None.
        guess_mc_error: Monte Carlo standard error; 0 where exact, as the two below.
        certain_mc_error: of `certain_rate`.
        imbalance_mc_error: of `mean_abs_imbalance`.

    """

    guess_rate: float
    certain_rate: float
    mean_abs_imbalance: float
    p95_imbalance: float
    forced_rate: float
    n: int
    trials: int | None = None
    guess_mc_error: float = 0.0
    certain_mc_error: float = 0.0
    imbalance_mc_error: float = 0.0


def balance(
    scheme: Scheme,
    ratio: Sequence[int],
    n: int,
    trials: int | None = None,
    seed: int | None = None,
) -> Balance:
    """Balance and predictability after `n` allocations in one stratum.

    Exact, by following the distribution over states, where `trials` is None and the states
    are at most 200,000; otherwise simulated (4,000 trials unless told, seed 0 unless told).
    Minimisation is always simulated, with two even levels of each factor; its guesser sees
    the counts of the whole trial.

    Raises:
        DesignError: a ratio that does not fit the scheme, or `n` or `trials` below 1.

    """
    counting("n", n, least=1)
    lowest = reduced(ratio)
    start = scheme.start(lowest)
    if trials is None and not scheme.uses_covariates:
        try:
            return _exact(_Map(scheme, lowest, start, MOST_STATES), n)
        except TooManyStatesError:
            pass
    trials = counting("trials", DEFAULT_TRIALS if trials is None else trials, least=1)
    return _simulated(scheme, lowest, (trials, n), 0 if seed is None else seed)


class _Map(Atlas[Seen]):
    """The walk of a scheme together with its observer."""

    def __init__(self, scheme: Scheme, ratio: Ratio, start: State, most: int) -> None:
        self.scheme, self.ratio = scheme, ratio
        possible = frozenset([start]) if scheme.hides else None
        super().__init__((start, possible, (0,) * len(ratio)), self._next, most)

    def _next(self, seen: Seen) -> list[tuple[float, int, Seen]]:
        state, possible, counts = seen
        branches = self.scheme.branches(state)
        after = {arm: self._consistent(possible, arm) for arm in {b.arm for b in branches}}
        return [
            (b.probability, b.arm, (b.state, after[b.arm], counted(self.ratio, counts, b.arm)))
            for b in branches
        ]

    def _consistent(self, possible: frozenset[State] | None, arm: int) -> frozenset[State] | None:
        """States that the observer cannot rule out after seeing `arm`."""
        if possible is None:
            return None
        ways: list[Branch] = [b for state in possible for b in self.scheme.branches(state)]
        return frozenset(b.state for b in ways if b.arm == arm)

    def measures(self) -> FloatArray:
        """For each node visited: chance of a right guess, certain, forced. Shape (nodes, 3)."""
        table = np.zeros((len(self.nodes), 3))
        for number in np.flatnonzero(self.known[: len(self.nodes)]):
            table[number] = self._measured(self.nodes[number])
        return table

    def _measured(self, seen: Seen) -> tuple[float, float, float]:
        state, possible, counts = seen
        chances = self.scheme.probabilities(state)
        bets = behind(self.ratio, counts)
        guess = sum(chances[arm] for arm in bets) / len(bets)
        arms = {_sure_arm(self.scheme.probabilities(each)) for each in possible or (state,)}
        certain = len(arms) == 1 and None not in arms
        return guess, float(certain), float(_sure_arm(chances) is not None)

    def imbalances(self) -> FloatArray:
        """At each node, shape (nodes,)."""
        return np.array([imbalance(self.ratio, counts) for _, _, counts in self.nodes])


def _sure_arm(chances: tuple[float, ...]) -> int | None:
    return chances.index(1.0) if 1.0 in chances else None


def _exact(seen: _Map, n: int) -> Balance:
    mass, visits = np.ones(1), np.zeros(0)
    for _ in range(n):
        visits = _sum(visits, mass)
        mass = seen.flow(mass)
    weights, distances = _padded(visits, len(seen.nodes)), seen.imbalances()
    guess, certain, forced = (_dot(weights, column) / n for column in seen.measures().T)
    return Balance(
        guess_rate=guess,
        certain_rate=certain,
        forced_rate=forced,
        mean_abs_imbalance=_dot(mass, distances),
        p95_imbalance=_quantile(distances, mass, 0.95),
        n=n,
    )


def _simulated(scheme: Scheme, ratio: Ratio, shape: tuple[int, int], seed: int) -> Balance:
    trials, n = shape
    generator = rehearsal_generator(seed, "balance")
    seen = _Map(scheme, ratio, scheme.start(ratio), 50 * MOST_STATES)
    rows = max(1, _AT_ONCE // n)
    parts = []
    for first in range(0, trials, rows):
        u = generator.random((min(rows, trials - first), n))
        if isinstance(scheme, Minimisation):
            parts.append(_minimised(scheme, ratio, u, generator))
        else:
            parts.append(_walked(seen, u))
    return _summary(np.concatenate(parts), n)


def _walked(seen: _Map, u: FloatArray) -> FloatArray:
    """For each trial: right guesses, certain, forced (shares) and imbalance. Shape (trials, 4)."""
    visits = np.empty(u.shape, dtype=np.int64)
    at = np.zeros(len(u), dtype=np.int64)
    for place in range(u.shape[1]):
        visits[:, place] = at
        _, at = seen.advance(at, u[:, place])
    measures = seen.measures()
    shares = [measures[visits, column].mean(axis=1) for column in range(3)]
    return np.column_stack([*shares, seen.imbalances()[at]])


def _minimised(
    scheme: Minimisation, ratio: Ratio, u: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """As `_walked`."""
    arms, certain = minimised(scheme, ratio, two_levels(scheme, u.shape, generator), u)
    given = arms[:, :, None] == np.arange(len(ratio))  # (trials, n, arms)
    counts = given.cumsum(axis=1)
    before = counts - given
    above = before * sum(ratio) - before.sum(axis=2, keepdims=True) * np.array(ratio)
    bets = above == above.min(axis=2, keepdims=True)
    guess = (bets & given).sum(axis=2) / bets.sum(axis=2)
    distances = [imbalance(ratio, tuple(row)) for row in counts[:, -1].tolist()]
    sure = certain.mean(axis=1)
    return np.column_stack([guess.mean(axis=1), sure, sure, distances])


def _summary(each: FloatArray, n: int) -> Balance:
    """From the measures of each trial, shape (trials, 4)."""
    guess, certain, forced, distance = map(float, each.mean(axis=0))
    errors = [math.inf] * 4 if len(each) < 2 else _errors(each)
    return Balance(
        guess_rate=guess,
        certain_rate=certain,
        forced_rate=forced,
        mean_abs_imbalance=distance,
        p95_imbalance=_quantile(each[:, 3], np.full(len(each), 1 / len(each)), 0.95),
        n=n,
        trials=len(each),
        guess_mc_error=errors[0],
        certain_mc_error=errors[1],
        imbalance_mc_error=errors[3],
    )


def _errors(each: FloatArray) -> list[float]:
    return [float(sd) / math.sqrt(len(each)) for sd in each.std(axis=0, ddof=1)]


def _quantile(values: FloatArray, weights: FloatArray, level: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) >= level - 1e-9
    return float(values[order][int(np.argmax(reached))])


def _dot(one: FloatArray, other: FloatArray) -> float:
    """Correctly rounded, so that no two machines differ."""
    return math.fsum((one * other).tolist())


def _padded(values: FloatArray, size: int) -> FloatArray:
    return np.pad(values, (0, size - len(values)))


def _sum(one: FloatArray, other: FloatArray) -> FloatArray:
    size = max(len(one), len(other))
    return _padded(one, size) + _padded(other, size)
