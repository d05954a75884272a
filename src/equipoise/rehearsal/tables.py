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
    "risk_difference",
]


def at_risk(first: CountArray, left: CountArray | None = None) -> FloatArray:
    """At risk on each day, same shape as the event columns of `first`.

    Args:
        first: shape (..., days + 2), participants by day reached, last column never.
        left: shape (..., days + 1), participants by the last day on which they were followed.

    """
    leaves = first if left is None else first + np.pad(left, [(0, 0)] * (left.ndim - 1) + [(0, 1)])
    later = np.cumsum(leaves[..., ::-1], axis=-1)[..., ::-1]
    result: FloatArray = later[..., :-1].astype(np.float64)
    return result


def logrank(first: CountArray, left: CountArray | None = None) -> tuple[FloatArray, FloatArray]:
    """Stratified log-rank comparison of arm 1 with arm 0.

    Args:
        first: shape (trials, strata, 2, days + 2).
        left: shape (trials, strata, 2, days + 1), those censored after each day.

    Returns:
        one-step log rate ratio (O - E) / V and z = (O - E) / sqrt(V), shape (trials,) each;
        positive when arm 1 reaches the endpoint sooner; 0 where nothing can be compared.

    """
    events = first[..., :-1].astype(np.float64)
    risk = at_risk(first, left)
    total_events, total_risk = events.sum(axis=2), risk.sum(axis=2)
    share = risk[:, :, 1] / np.maximum(total_risk, 1)
    spread = np.maximum(total_risk - total_events, 0) / np.maximum(total_risk - 1, 1)
    expected = total_events * share
    excess = (events[:, :, 1] - expected).sum(axis=(1, 2))
    variance = (expected * (1 - share) * spread).sum(axis=(1, 2))
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
