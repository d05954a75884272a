"""Win ratio, win odds and net benefit of prioritised outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, wald
from equipoise.analysis.estimators.inputs import BoolArray, FloatArray
from equipoise.errors import NotEstimable

Measure = Literal["ratio", "odds", "net-benefit"]
WHAT = "The win ratio"
CELLS = 2_000_000  # pairs compared at once, to bound memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One level of the hierarchy.

    A plain value: the better value wins where the two differ by more than `margin`.
    A time with `event`: a pair is decided only where one is known to have had the event
    first. `event` True with `larger_wins` True is a bad event (death: later wins); with
    `larger_wins` False a good one (recovery: earlier wins). Someone censored at a time was
    free of the event at that time.
    """

    value: ArrayLike  # (n,)
    event: ArrayLike | None = None  # (n,)
    larger_wins: bool = True
    margin: float = 0.0  # in the unit of `value`, >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wins:
    """Shares of the pairs that the experimental participant wins, loses and ties.

    Over strata they are weighted by pairs / size (Mantel-Haenszel). `covariance` is that
    of (win, loss), shape (2, 2).
    """

    win: float
    loss: float
    tie: float
    covariance: FloatArray
    n: int


def win_ratio(
    outcomes: Sequence[Outcome],
    arm: ArrayLike,
    strata: ArrayLike | None = None,
    measure: Measure = "ratio",
    *,
    level: float = 0.95,
) -> Estimate:
    """Compare every experimental with every control participant, most important outcome first.

    Args:
        outcomes: the hierarchy; a later one is looked at only where all before it tie.
        arm: shape (n,), True = experimental.
        strata: shape (n,), labels; pairs are formed inside each stratum only.
        measure: "ratio" = wins / losses; "odds" = (wins + ties / 2) / (losses + ties / 2);
            "net-benefit" = wins - losses.
        level: of the confidence interval.

    Returns:
        `value` = log win ratio, log win odds, or net benefit: 0 means no effect, positive
        favours the experimental arm. Large-sample (U-statistic) variance, Wald test.

    Raises:
        ValueError: shapes differ, missing values, no outcome, negative margin.
        NotEstimable: one arm (in every stratum); no wins or no losses for a ratio.

    Source: Pocock et al., Eur Heart J 2012;33:176; Bebu & Lachin, Biostatistics
    2016;17:178; strata: Dong et al., J Biopharm Stat 2018;28:778; odds: Brunner et al.,
    Stat Med 2021;40:3367.
    Checked pair by pair in tests/contract/test_estimators_categorical.py.

    """
    if measure not in ("ratio", "odds", "net-benefit"):
        raise ValueError(f"measure must be 'ratio', 'odds' or 'net-benefit'; got {measure!r}")
    shares = wins(outcomes, arm, strata)
    value, slope = _measure(shares, measure)
    se = max(float(slope @ shares.covariance @ slope), 0.0) ** 0.5
    return wald(value, se, shares.n, level=level, what=WHAT)


def wins(outcomes: Sequence[Outcome], arm: ArrayLike, strata: ArrayLike | None = None) -> Wins:
    """Shares of wins, losses and ties, with their covariance; arguments as `win_ratio`."""
    side = inputs.two_arms(arm, WHAT)
    stratum = inputs.strata_codes(strata, side.size)
    read = [_read(outcome, side.size) for outcome in outcomes]
    if not read:
        raise ValueError("outcomes must hold at least one outcome")
    groups = [np.flatnonzero(stratum == s) for s in range(int(stratum.max()) + 1)]
    parts = [_part(read, rows[side[rows]], rows[~side[rows]]) for rows in groups]
    parts = [part for part in parts if part.weight > 0]
    if not parts:
        raise NotEstimable(WHAT, "no stratum holds both arms")
    weights = np.array([part.weight for part in parts])
    share = weights / weights.sum()
    win, loss = (float(x) for x in share @ np.array([part.means for part in parts]))
    covariance = np.einsum("s,sab->ab", share**2, np.array([part.covariance for part in parts]))
    return Wins(win=win, loss=loss, tie=1 - win - loss, covariance=covariance, n=side.size)


def _measure(shares: Wins, measure: Measure) -> tuple[float, FloatArray]:
    """Value on its scale, and its slope in (win, loss)."""
    if measure == "net-benefit":
        return shares.win - shares.loss, np.array([1.0, -1.0])
    half = shares.tie / 2 if measure == "odds" else 0.0
    up, down = shares.win + half, shares.loss + half
    if min(up, down) <= 0:
        raise NotEstimable(WHAT, "one arm wins no comparison at all")
    slope = np.array([1 / up, -1 / down])
    if measure == "odds":
        slope = np.array([0.5, -0.5]) / (up * down)
    return float(np.log(up / down)), slope


class _Read(NamedTuple):
    value: FloatArray
    event: BoolArray | None
    larger_wins: bool
    margin: float


def _read(outcome: Outcome, n: int) -> _Read:
    value = inputs.real(outcome.value, "value")
    event = None if outcome.event is None else inputs.binary(outcome.event, "event")
    if value.size != n or (event is not None and event.size != n):
        raise ValueError(f"every outcome needs one row per participant, {n}")
    if not outcome.margin >= 0:
        raise ValueError(f"margin must not be negative; got {outcome.margin}")
    return _Read(value, event, outcome.larger_wins, float(outcome.margin))


class _Part(NamedTuple):
    """One stratum."""

    weight: float
    means: FloatArray  # (2,) shares won and lost
    covariance: FloatArray  # (2, 2)


def _part(outcomes: Sequence[_Read], ours: NDArray[np.intp], theirs: NDArray[np.intp]) -> _Part:
    m, n = ours.size, theirs.size
    if m == 0 or n == 0:
        return _Part(0.0, np.zeros(2), np.zeros((2, 2)))
    by_ours = np.zeros((2, m))
    by_theirs = np.zeros((2, n))
    for rows in _blocks(m, n):
        result = _compare(outcomes, ours[rows], theirs)
        for k, sign in enumerate((1, -1)):
            by_ours[k, rows] = (result == sign).sum(axis=1) / n
            by_theirs[k] += (result == sign).sum(axis=0) / m
    means = by_ours.mean(axis=1)
    pair = np.diag(means) - np.outer(means, means)  # of one pair: a bound where m or n is 1
    spread_ours = np.cov(by_ours) if m > 1 else pair
    spread_theirs = np.cov(by_theirs) if n > 1 else pair
    return _Part(m * n / (m + n), means, spread_ours / m + spread_theirs / n)


def _blocks(m: int, n: int) -> Iterator[slice]:
    size = max(1, CELLS // n)
    return (slice(at, min(at + size, m)) for at in range(0, m, size))


def _compare(
    outcomes: Sequence[_Read], ours: NDArray[np.intp], theirs: NDArray[np.intp]
) -> NDArray[np.int8]:
    """1 where the experimental participant (row) wins, -1 where they lose, 0 tied."""
    result = np.zeros((ours.size, theirs.size), dtype=np.int8)
    for outcome in outcomes:
        longer = _longer(outcome, ours, theirs)
        shorter = _longer(outcome, theirs, ours).T
        verdict = longer.astype(np.int8) - shorter.astype(np.int8)
        result = np.where(result == 0, verdict if outcome.larger_wins else -verdict, result)
    return result


def _longer(outcome: _Read, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> BoolArray:
    """Where the row is known to have the larger value than the column."""
    gap = outcome.value[rows][:, None] - outcome.value[columns][None, :]
    larger = gap > outcome.margin
    if outcome.event is None:
        return larger
    happened = outcome.event
    if outcome.margin == 0:
        larger |= (gap == 0) & ~happened[rows][:, None]
    return np.asarray(larger & happened[columns][None, :], dtype=np.bool_)
