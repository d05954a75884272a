"""Analysis of covariance by least squares."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, critical
from equipoise.analysis.estimators.inputs import FloatArray
from equipoise.errors import NotEstimable

Robust = Literal["hc0", "hc1", "hc2", "hc3"]
WHAT = "The adjusted mean difference"


def ancova(
    y: ArrayLike,
    arm: ArrayLike,
    covariates: ArrayLike | None = None,
    robust: Robust | None = None,
    *,
    level: float = 0.95,
) -> Estimate:
    """Adjusted difference in means.

    Args:
        y: shape (n,), the outcome, any unit.
        arm: shape (n,), True = experimental.
        covariates: shape (n,) or (n, p), numbers; indicator columns for categories.
        robust: None = equal variances; "hc0" to "hc3" = sandwich variance.
        level: of the confidence interval.

    Returns:
        `value` in the unit of `y`. `statistic` is t, referred to n - 2 - p degrees of
        freedom with every variance; the interval uses the same t.

    Raises:
        ValueError: shapes differ, missing values, unknown `robust`.
        NotEstimable: one arm, collinear covariates, no degrees of freedom left, no residual
            variance, or (hc2, hc3) somebody fitted exactly by their own column.

    Source: MacKinnon & White, J Econometrics 1985;29:305.
    Checked against statsmodels in tests/contract/test_estimators_means.py.

    """
    if robust not in (None, "hc0", "hc1", "hc2", "hc3"):
        raise ValueError(f"robust must be None or 'hc0' to 'hc3'; got {robust!r}")
    y, arm = inputs.real(y, "y"), inputs.two_arms(arm, WHAT)
    n = inputs.same_length(y=y, arm=arm)
    columns = inputs.covariate_columns(covariates, n)
    nuisance = np.column_stack([np.ones(n), columns - columns.mean(axis=0)])
    freedom = n - nuisance.shape[1] - 1
    if freedom < 1:
        raise NotEstimable(WHAT, "there are as many columns as participants")
    value, variance = _fit(y, arm.astype(np.float64), nuisance, freedom, robust)
    return _t(value, variance**0.5, freedom, n, level)


def _fit(
    y: FloatArray, arm: FloatArray, nuisance: FloatArray, freedom: int, robust: Robust | None
) -> tuple[float, float]:
    """The arm's coefficient and its variance."""
    # Frisch-Waugh: the arm's coefficient from what the other columns leave of arm and y.
    basis = _basis(nuisance)
    own = _leave(basis, arm)
    length = float(own @ own)
    if length < 1e-10 * y.size:
        raise NotEstimable(WHAT, "the covariates repeat the arm")
    outcome = _leave(basis, y - y.mean())
    value = float(own @ outcome) / length
    residual = outcome - value * own
    leverage = (basis**2).sum(axis=1) + own**2 / length
    variance = _meat(own, residual, leverage, freedom, robust) / length**2
    if not variance > (1e-14 * float(np.abs(y).max())) ** 2 / length:
        raise NotEstimable(WHAT, "the outcome is fitted exactly, so it shows no variation")
    return value, variance


def _basis(columns: FloatArray) -> FloatArray:
    """Orthonormal basis of the columns, same shape."""
    norms = np.sqrt((columns**2).sum(axis=0))
    if np.any(norms <= 1e-12 * np.sqrt(columns.shape[0])):
        raise NotEstimable(WHAT, "a covariate is constant")
    q, r = np.linalg.qr(columns / norms)
    if np.abs(np.diag(r)).min() < 1e-9:
        raise NotEstimable(WHAT, "the covariates repeat each other")
    return np.asarray(q)


def _leave(basis: FloatArray, vector: FloatArray) -> FloatArray:
    left = vector - basis @ (basis.T @ vector)
    return np.asarray(left - basis @ (basis.T @ left))  # twice is enough for full accuracy


def _meat(
    own: FloatArray, residual: FloatArray, leverage: FloatArray, freedom: int, robust: Robust | None
) -> float:
    if robust is None:
        return float(residual @ residual) / freedom * float(own @ own)
    if robust in ("hc0", "hc1"):
        inflation = own.size / freedom if robust == "hc1" else 1.0
        return float((own * residual) @ (own * residual)) * inflation
    room = 1 - leverage
    if room.min() < 1e-10:
        raise NotEstimable(WHAT, "somebody is fitted exactly by a column of their own")
    power = 1 if robust == "hc2" else 2
    return float(((own * residual) ** 2 / room**power).sum())


def _t(value: float, se: float, freedom: int, n: int, level: float) -> Estimate:
    from scipy import stats  # half a second to import, and rarely needed

    critical(level)  # refuses an impossible level
    half = float(stats.t.ppf(0.5 + level / 2, freedom)) * se
    return Estimate(
        value=value,
        se=se,
        ci_low=value - half,
        ci_high=value + half,
        statistic=value / se,
        p_value=float(2 * stats.t.sf(abs(value / se), freedom)),
        n=n,
    )
