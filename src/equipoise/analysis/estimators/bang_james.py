"""Blinding indices: did people guess their arm better than by chance?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, critical, two_sided, wald
from equipoise.analysis.estimators.inputs import FloatArray
from equipoise.errors import NotEstimable

GUESSES = ("experimental", "control", "unknown")
WHAT = "The blinding index"


class Bang(NamedTuple):
    """Bang's index of each arm."""

    experimental: Estimate
    control: Estimate


def bang(guess: ArrayLike, arm: ArrayLike, *, level: float = 0.95) -> Bang:
    """Bang's blinding index, one per arm.

    Args:
        guess: shape (n,), each "experimental", "control" or "unknown".
        arm: shape (n,), True = experimental.
        level: of the confidence intervals.

    Returns:
        Per arm, the share of right guesses minus the share of wrong ones: 1 = everybody
        knew, 0 = guessing at random, -1 = everybody took the other arm. Limits are cut at
        -1 and 1. Where everybody in an arm gives the same answer the se is 0, z and p are
        NaN.

    Raises:
        ValueError: shapes differ, another guess.
        NotEstimable: everyone is in one arm.

    Source: Bang, Ni & Davis, Control Clin Trials 2004;25:143.

    """
    counts = _counts(guess, arm)
    return Bang(
        experimental=_bang(float(counts[0, 0]), float(counts[0, 1]), float(counts[0].sum()), level),
        control=_bang(float(counts[1, 1]), float(counts[1, 0]), float(counts[1].sum()), level),
    )


def james(guess: ArrayLike, arm: ArrayLike, *, level: float = 0.95) -> Estimate:
    """James's blinding index of the whole trial.

    Args:
        guess: shape (n,), each "experimental", "control" or "unknown".
        arm: shape (n,), True = experimental.
        level: of the confidence interval.

    Returns:
        1 = everybody answers "unknown" (complete blinding), 0.5 = guessing at random,
        0 = everybody is right. Weights 0 right, 0.5 wrong, 1 unknown. `statistic` tests
        0.5, so negative = blinding broken. Delta-method variance; limits cut at 0 and 1.

    Raises:
        ValueError: shapes differ, another guess.
        NotEstimable: one arm, nobody ventured a guess, or all gave the same answer.

    Source: James et al., Stat Med 1996;15:1421.

    """
    counts = _counts(guess, arm)
    n = int(counts.sum())
    share = counts / n
    index, slope = _james(share)
    variance = float((slope**2 * share).sum() - (slope * share).sum() ** 2) / n
    around = wald(index - 0.5, max(variance, 0.0) ** 0.5, n, level=level, what=WHAT)
    return Estimate(
        value=index,
        se=around.se,
        ci_low=max(0.0, around.ci_low + 0.5),
        ci_high=min(1.0, around.ci_high + 0.5),
        statistic=around.statistic,
        p_value=around.p_value,
        n=n,
    )


def _counts(guess: ArrayLike, arm: ArrayLike) -> FloatArray:
    """Arm (experimental, control) by guess (experimental, control, unknown): (2, 3)."""
    side = inputs.two_arms(arm, WHAT)
    said = np.asarray(guess)
    if said.shape != side.shape or not np.isin(said, GUESSES).all():
        raise ValueError(f"guess must have shape {side.shape} and hold only {', '.join(GUESSES)}")
    rows = [[float((said[mask] == word).sum()) for word in GUESSES] for mask in (side, ~side)]
    return np.array(rows)


def _bang(right: float, wrong: float, n: float, level: float) -> Estimate:
    value = (right - wrong) / n
    se = (max((right + wrong) / n - value**2, 0.0) / n) ** 0.5
    z = value / se if se > 0 else float("nan")
    half = critical(level) * se
    return Estimate(
        value=value,
        se=se,
        ci_low=max(-1.0, value - half),
        ci_high=min(1.0, value + half),
        statistic=z,
        p_value=two_sided(z),
        n=int(n),
    )


def _james(share: FloatArray) -> tuple[float, FloatArray]:
    """The index of a (2, 3) table of shares that sum to 1, and its slope in each cell.

    With q the share that guess, w the share that guess wrong and e the expected wrong
    product of margins, James's formula is 1 - q + q^2 w / (2 e).
    """
    known = share[:, :2]
    q, w = known.sum(), known[0, 1] + known[1, 0]
    arms, guesses = known.sum(axis=1), known.sum(axis=0)
    e = guesses[1] * arms[0] + guesses[0] * arms[1]
    if e <= 0:
        raise NotEstimable(WHAT, "too few participants ventured a guess")
    slope = np.zeros((2, 3))
    for row in range(2):
        for column in range(2):
            wrong = float(row != column)
            de = guesses[1 - row] + arms[1 - column]
            slope[row, column] = -1 + q * w / e + q**2 * (wrong / e - w * de / e**2) / 2
    return float(1 - q + q**2 * w / (2 * e)), slope
