"""Test statistics of thousands of trials at once, from tables of counts.

The trial kernel counts participants by stratum, arm and day; these functions turn the
counts into the statistics of `equipoise.analysis.estimators`, one number per trial. The
tests compare them with those estimators trial by trial.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr

from equipoise.rehearsal.ordinal import proportional_odds

FloatArray = NDArray[np.float64]
CountArray = NDArray[np.int32]

__all__ = [
    "logrank",
    "mantel_haenszel",
    "mean_difference",
    "ordinal_score",
    "proportional_odds",
    "rank_sum",
    "risk_difference",
]


def logrank(first: CountArray, left: CountArray | None = None) -> tuple[FloatArray, FloatArray]:
    """Stratified log-rank comparison of arm 1 with arm 0.

    Args:
        first: shape (trials, strata, 2, days + 2), participants by day reached, the last
            column those who never did.
        left: shape (trials, strata, 2, days + 1), those censored after each day.

    Returns:
        one-step log rate ratio (O - E) / V and z = (O - E) / sqrt(V), shape (trials,) each;
        positive when arm 1 reaches the endpoint sooner; 0 where nothing can be compared.

    Sums run day by day from the last, in the order of `kernels.logrank_compiled`, so that
    both give the same numbers to the last bit.
    """
    trials, strata, _, columns = first.shape
    events = np.ascontiguousarray(np.moveaxis(first, 0, -1))  # (strata, 2, days + 2, trials)
    gone = None if left is None else np.ascontiguousarray(np.moveaxis(left, 0, -1))
    excess, variance = np.zeros(trials), np.zeros(trials)
    for stratum in range(strata):
        theirs, ours = (events[stratum, arm, columns - 1].astype(np.int64) for arm in (0, 1))
        for day in range(columns - 2, -1, -1):
            a, b = events[stratum, 0, day], events[stratum, 1, day]
            theirs, ours = theirs + a, ours + b
            if gone is not None:
                theirs, ours = theirs + gone[stratum, 0, day], ours + gone[stratum, 1, day]
            total, happened = theirs + ours, a + b
            share = ours / np.maximum(total, 1)
            expected = happened * share
            excess += b - expected
            variance += expected * (1.0 - share) * ((total - happened) / np.maximum(total - 1, 1))
    return _over(excess, variance), _over(excess, np.sqrt(variance))


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    """Above over below; 0 where below is not above 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def risk_difference(events: CountArray, totals: CountArray) -> tuple[FloatArray, FloatArray]:
    """Difference of proportions (arm 1 minus arm 0) and its pooled z, shape (trials,) each.

    Args:
        events: shape (trials, 2).
        totals: shape (trials, 2).

    """
    share = np.divide(events, totals, out=np.zeros(events.shape), where=totals > 0)
    pooled = events.sum(axis=1) / np.maximum(totals.sum(axis=1), 1)
    scale = np.divide(1.0, totals, out=np.zeros(totals.shape), where=totals > 0).sum(axis=1)
    error = np.sqrt(pooled * (1 - pooled) * scale)
    difference = share[:, 1] - share[:, 0]
    return difference, _over(difference, error)


def mantel_haenszel(events: CountArray, totals: CountArray) -> tuple[FloatArray, FloatArray]:
    """Common risk difference (arm 1 minus arm 0) with Sato's variance, shape (trials,) each.

    Args:
        events: shape (trials, strata, 2).
        totals: shape (trials, strata, 2).

    """
    a, c = events[..., 1].astype(np.float64), events[..., 0].astype(np.float64)
    m, n = totals[..., 1].astype(np.float64), totals[..., 0].astype(np.float64)
    size = np.maximum(m + n, 1)
    weight = (m * n / size).sum(axis=1)
    value = _over(((a * n - c * m) / size).sum(axis=1), weight)
    p = ((m**2 * c - n**2 * a + m * n * (n - m) / 2) / size**2).sum(axis=1)
    q = ((a * (n - c) + c * (m - a)) / (2 * size)).sum(axis=1)
    variance = np.maximum(_over(value * p + q, weight**2), 0)
    return value, _over(value, np.sqrt(variance))


def mean_difference(table: CountArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Difference of means adjusted for strata, and the z of its t-test's p-value; (trials,).

    Args:
        table: shape (trials, strata, 2, k), participants by stratum, arm and value.
        values: shape (k,), what each column reads.

    Least squares with an indicator of each stratum, as `ancova` with those covariates.
    """
    count = table.sum(axis=3).astype(np.float64)
    total, square = table @ values, table @ values**2
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    weight = count[..., 0] * count[..., 1] / np.maximum(count.sum(axis=2), 1)
    apart = mean[..., 1] - mean[..., 0]
    value = _over((weight * apart).sum(axis=1), weight.sum(axis=1))
    inside = (square - total * mean).sum(axis=(1, 2))
    between = (weight * (apart - value[:, None]) ** 2).sum(axis=1)
    freedom = count.sum(axis=(1, 2)) - (count.sum(axis=2) > 0).sum(axis=1) - 1
    variance = _over(_over(inside + between, freedom), weight.sum(axis=1))
    t = _over(value, np.sqrt(np.maximum(variance, 0)))
    tail = np.where(freedom > 0, stdtr(np.maximum(freedom, 1), -np.abs(t)), 0.5)
    return value, np.sign(t) * -ndtri(np.maximum(tail, 1e-300))


def ordinal_score(table: CountArray) -> FloatArray:
    """Score test of the proportional-odds model: the z of the rank sum with ties, (trials,).

    Args:
        table: shape (trials, 2, k), participants by arm and score, score ascending.

    Source: McCullagh, JRSS B 1980;42:109: the score statistic is Wilcoxon's.
    """
    both = table.sum(axis=1).astype(np.float64)
    rank = np.cumsum(both, axis=1) - both / 2
    arms = table.sum(axis=2).astype(np.float64)
    n = arms.sum(axis=1)
    excess = (table[:, 1] * rank).sum(axis=1) - arms[:, 1] * n / 2
    ties = (both**3).sum(axis=1) - n
    variance = arms[:, 0] * arms[:, 1] / 12 * (n + 1 - ties / np.maximum(n * (n - 1), 1))
    return _over(excess, np.sqrt(np.maximum(variance, 0)))


def rank_sum(table: CountArray) -> tuple[FloatArray, FloatArray]:
    """Probabilistic index (arm 1 above arm 0) and van Elteren's z, shape (trials,) each.

    Args:
        table: shape (trials, strata, 2, k), participants by stratum, arm and score ascending.

    The statistic of `equipoise.analysis.estimators.wilcoxon`: each stratum's index weighted
    by m n / (N + 1). NaN and 0 where nobody can be ranked.
    """
    counts = table.astype(np.float64)
    theirs, ours, both = counts[:, :, 0], counts[:, :, 1], counts.sum(axis=2)
    m, n, total = ours.sum(axis=2), theirs.sum(axis=2), both.sum(axis=2)
    below = np.cumsum(theirs, axis=2) - theirs / 2
    index = np.divide((ours * below).sum(axis=2), m * n, out=np.full(m.shape, 0.5), where=m * n > 0)
    ties = (both**3 - both).sum(axis=2) / np.maximum(total * (total - 1), 1)
    room = np.maximum(total + 1 - ties, 0) / 12
    weight = m * n / (total + 1)
    whole = weight.sum(axis=1)
    variance = (weight**2 * np.divide(room, m * n, out=np.zeros(m.shape), where=m * n > 0)).sum(
        axis=1
    )
    excess = (weight * (index - 0.5)).sum(axis=1)
    value = np.divide(excess, whole, out=np.full(whole.shape, np.nan), where=variance > 0) + 0.5
    return value, _over(excess, np.sqrt(variance))
