"""Wilcoxon rank sum (Mann-Whitney), and van Elteren's test over strata."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, critical, two_sided
from equipoise.analysis.estimators.inputs import BoolArray, FloatArray
from equipoise.errors import NotEstimable

WHAT = "The probabilistic index"


def wilcoxon(
    score: ArrayLike, arm: ArrayLike, strata: ArrayLike | None = None, *, level: float = 0.95
) -> Estimate:
    """Rank-sum test with the probabilistic index.

    Args:
        score: shape (n,), numbers; only their order counts, so death may be any value
            worse than all others.
        arm: shape (n,), True = experimental.
        strata: shape (n,), labels. Van Elteren's weights 1 / (N + 1) of each stratum; a
            stratum with one arm adds nothing.
        level: of the confidence interval.

    Returns:
        `value` = P(experimental > control) + P(tie) / 2, between 0 and 1, not a difference:
        0.5 means no effect. `statistic` and `p_value` are the rank-sum test of 0.5, normal
        approximation with tie correction, no continuity correction. `se` is that of the
        index itself (DeLong), so the interval need not agree with the test to the last
        digit; it is cut at 0 and 1. Strata with a single participant in an arm, and arms
        that do not overlap at all, use the larger variance of one pair or of the test.

    Raises:
        ValueError: shapes differ or missing values.
        NotEstimable: one arm (in every stratum), or all scores tied.

    Source: Mann & Whitney 1947; van Elteren, Bull ISI 1960;37:351; DeLong et al.,
    Biometrics 1988;44:837.
    Checked against scipy in tests/contract/test_estimators_categorical.py.

    """
    score, arm = inputs.real(score, "score"), inputs.two_arms(arm, WHAT)
    n = inputs.same_length(score=score, arm=arm)
    stratum = inputs.strata_codes(strata, n)
    parts = [_part(score[stratum == s], arm[stratum == s]) for s in range(int(stratum.max()) + 1)]
    return _combine([part for part in parts if part.weight > 0], n, critical(level))


def _combine(parts: list[_Part], n: int, quantile: float) -> Estimate:
    if not any(part.null_variance > 0 for part in parts):
        raise NotEstimable(WHAT, "no two participants of different arms can be ranked")
    weights = np.array([part.weight for part in parts])
    share = weights / weights.sum()
    value = float(share @ [part.beats for part in parts])
    null = float(share**2 @ [part.null_variance for part in parts])
    own = float(share**2 @ [part.variance for part in parts])
    se = (own if own > 0 else null) ** 0.5
    z = (value - 0.5) / null**0.5
    return Estimate(
        value=value,
        se=se,
        ci_low=max(0.0, value - quantile * se),
        ci_high=min(1.0, value + quantile * se),
        statistic=z,
        p_value=two_sided(z),
        n=n,
    )


class _Part(NamedTuple):
    """One stratum."""

    weight: float  # of its index in van Elteren's statistic: m n / (N + 1)
    beats: float  # probabilistic index
    variance: float  # of that index
    null_variance: float  # of that index if the arms do not differ


def _part(score: FloatArray, arm: BoolArray) -> _Part:
    ours, theirs = np.sort(score[arm]), np.sort(score[~arm])
    m, n = ours.size, theirs.size
    if m == 0 or n == 0:
        return _Part(0.0, 0.5, 0.0, 0.0)
    wins = _placements(theirs, ours)  # share of control that each experimental score beats, (m,)
    losses = _placements(ours, theirs)  # (n,)
    total = m + n
    ties = np.unique(score, return_counts=True)[1].astype(np.float64)
    room = total + 1 - float((ties**3 - ties).sum()) / (total * (total - 1))
    pair = _one_pair(ours, theirs)
    variance = _spread(wins, pair) / m + _spread(losses, pair) / n
    return _Part(
        m * n / (total + 1.0), float(wins.mean()), variance, max(room, 0.0) / (12.0 * m * n)
    )


def _placements(others: FloatArray, scores: FloatArray) -> FloatArray:
    """Share of `others` (sorted) below each score, ties counting one half."""
    below = np.searchsorted(others, scores, side="left")
    upto = np.searchsorted(others, scores, side="right")
    return (below + upto) / (2.0 * others.size)


def _spread(placements: FloatArray, single: float) -> float:
    return float(placements.var(ddof=1)) if placements.size > 1 else single


def _one_pair(ours: FloatArray, theirs: FloatArray) -> float:
    """Variance of the comparison of one random pair: an upper bound where none is seen."""
    below = np.searchsorted(theirs, ours, side="left").mean() / theirs.size
    upto = np.searchsorted(theirs, ours, side="right").mean() / theirs.size
    index = (below + upto) / 2
    return float(below + (upto - below) / 4 - index**2)
