"""Proportional odds: the common odds ratio of an ordinal score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, wald
from equipoise.analysis.estimators.inputs import FloatArray, IntArray
from equipoise.analysis.estimators.newton import Maximum, Point, maximise
from equipoise.errors import NotEstimable

WHAT = "The common odds ratio"


def proportional_odds(
    score: ArrayLike, arm: ArrayLike, covariates: ArrayLike | None = None, *, level: float = 0.95
) -> Estimate:
    """Log odds ratio of a higher score, by maximum likelihood.

    Args:
        score: shape (n,), ordered numbers; only their order counts. Levels that nobody has
            are left out.
        arm: shape (n,), True = experimental.
        covariates: shape (n,) or (n, p), numbers; indicator columns for categories.
        level: of the confidence interval.

    Returns:
        `value` = log odds of a HIGHER score, experimental over control, common to every
        cut. On a scale where high is bad (WHO-CPS, ACTT) a negative value is benefit. Wald
        interval and test from the observed information.

    Raises:
        ValueError: shapes differ or missing values.
        NotEstimable: one arm, one level, collinear covariates, or separation.

    Source: McCullagh, JRSS B 1980;42:109.
    Checked against statsmodels in tests/contract/test_estimators_categorical.py.

    """
    fit = proportional_odds_fit(score, arm, covariates)
    at = fit.parameters.size - _columns(covariates) - 1
    value, se = float(fit.parameters[at]), float(fit.covariance[at, at]) ** 0.5
    return wald(value, se, int(np.size(np.asarray(score))), level=level, what=WHAT)


def proportional_odds_fit(
    score: ArrayLike, arm: ArrayLike, covariates: ArrayLike | None = None
) -> Maximum:
    """The whole fit: K - 1 intercepts logit P(score >= level), then arm, then covariates."""
    score, arm = inputs.real(score, "score"), inputs.two_arms(arm, WHAT)
    n = inputs.same_length(score=score, arm=arm)
    levels, category = np.unique(score, return_inverse=True)
    if levels.size < 2:
        raise NotEstimable(WHAT, "everyone has the same score")
    x = np.column_stack([arm.astype(np.float64), inputs.covariate_columns(covariates, n)])
    x[:, 1:] -= x[:, 1:].mean(axis=0)
    rows = _collapse(category.astype(np.int64), x, levels.size)
    share = np.cumsum(np.bincount(category)[::-1])[::-1][1:] / n  # P(score >= level), (K - 1,)
    start = np.concatenate((special.logit(share), np.zeros(x.shape[1])))
    return maximise(lambda theta: _likelihood(theta, rows), start, WHAT)


def _columns(covariates: ArrayLike | None) -> int:
    if covariates is None:
        return 0
    shape = np.shape(np.asarray(covariates))
    return 1 if len(shape) == 1 else int(shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Distinct rows and how many participants share each."""

    weight: FloatArray  # (r,)
    lower: FloatArray  # (r, q) design of P(score >= own level); zero row where that is 1
    upper: FloatArray  # (r, q) design of P(score >= next level); zero row where that is 0
    lowest: IntArray  # rows in the lowest category
    highest: IntArray  # rows in the highest


def _collapse(category: IntArray, x: FloatArray, levels: int) -> _Rows:
    distinct, counts = np.unique(np.column_stack([category, x]), axis=0, return_counts=True)
    category, x = distinct[:, 0].astype(np.int64), distinct[:, 1:]
    lowest, highest = np.flatnonzero(category == 0), np.flatnonzero(category == levels - 1)
    cuts = np.eye(levels + 1)[:, 1:levels]  # row j picks intercept j; none for 0 and K
    lower = np.column_stack([cuts[category], x])
    upper = np.column_stack([cuts[category + 1], x])
    lower[lowest] = 0.0
    upper[highest] = 0.0
    return _Rows(
        weight=counts.astype(np.float64), lower=lower, upper=upper, lowest=lowest, highest=highest
    )


def _likelihood(theta: FloatArray, rows: _Rows) -> Point:
    a, b = rows.lower @ theta, rows.upper @ theta
    a[rows.lowest] = np.inf
    b[rows.highest] = -np.inf
    # P(own level) without cancellation: F(a) - F(b) = F(a) F(-b) (1 - exp(b - a)).
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        own = special.expit(a) * special.expit(-b) * -np.expm1(b - a)
        value = float(rows.weight @ np.log(np.maximum(own, 0.0)))
        rise = special.expit(a) * special.expit(-a) / own  # d log P / d a, (r,)
        fall = -special.expit(b) * special.expit(-b) / own  # d log P / d b, (r,)
        bend_a = rise * (1 - 2 * special.expit(a)) - rise**2
        bend_b = fall * (1 - 2 * special.expit(b)) - fall**2
        mixed = -rise * fall
        w, low, up = rows.weight, rows.lower, rows.upper
        gradient = low.T @ (w * rise) + up.T @ (w * fall)
        both = low.T @ ((w * mixed)[:, None] * up)
        information = -(low.T @ ((w * bend_a)[:, None] * low) + up.T @ ((w * bend_b)[:, None] * up))
        information -= both + both.T
    return Point(value, gradient, information)
