"""The proportional-odds model of thousands of trials at once, from 2 x k tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
CountArray = NDArray[np.int32]

TOLERANCE = 1e-10
STEPS = 25


def proportional_odds(table: CountArray) -> tuple[FloatArray, FloatArray]:
    """Log odds of a higher score in arm 1 and its Wald z, from 2 x k tables.

    Args:
        table: shape (trials, 2, k), participants by arm and score, score ascending.

    Returns:
        estimate, z; shape (trials,) each; NaN and 0 where it cannot be estimated.

    Newton on the k - 1 cut points and the arm effect, all trials together. Empty score
    columns of a trial are merged into their neighbour, which leaves the likelihood as it is.
    """
    counts = table.astype(np.float64)
    estimate = np.full(table.shape[0], np.nan)
    z = np.zeros(table.shape[0])
    patterns, group = np.unique(counts.sum(axis=1) > 0, axis=0, return_inverse=True)
    for index, used in enumerate(patterns):
        rows = np.flatnonzero(group.ravel() == index)
        if used.sum() < 2:
            continue
        beta, error = _ordinal_newton(counts[rows][:, :, used])
        fine = np.isfinite(error) & (error > 0) & (np.abs(beta) < 15)
        estimate[rows] = np.where(fine, beta, np.nan)
        z[rows] = np.divide(beta, error, out=np.zeros_like(beta), where=fine)
    return estimate, z


def _ordinal_newton(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cumulative-logit fit of tables without empty columns; (m,) estimates and errors."""
    m, _, k = counts.shape
    pooled = np.cumsum(counts.sum(axis=1), axis=1)[:, :-1] / counts.sum(axis=(1, 2))[:, None]
    theta = np.concatenate((np.log(pooled / (1 - pooled)), np.zeros((m, 1))), axis=1)
    hessian = np.broadcast_to(np.eye(k), (m, k, k))
    for _ in range(STEPS):
        gradient, hessian = _ordinal_terms(counts, theta)
        step = np.linalg.solve(hessian + 1e-12 * np.eye(k), gradient[..., None])[..., 0]
        theta = theta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max(initial=0.0) < TOLERANCE:
            break
    variance = np.linalg.inv(hessian + 1e-12 * np.eye(k))[:, -1, -1]
    return theta[:, -1], np.sqrt(np.maximum(variance, 0))


def _ordinal_terms(counts: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient (m, k) and observed information (m, k, k) of the cumulative-logit likelihood.

    P(score <= j | arm) = expit(cut_j - beta * arm).
    """
    m, _, k = counts.shape
    gradient, information = np.zeros((m, k)), np.zeros((m, k, k))
    ends = np.zeros((m, 1))
    for arm in (0, 1):
        cumulative = 1 / (1 + np.exp(-(theta[:, :-1] - theta[:, -1:] * arm)))
        density = cumulative * (1 - cumulative)
        slope = density * (1 - 2 * cumulative)
        p = np.maximum(
            np.diff(np.concatenate((ends, cumulative, ends + 1), axis=1), axis=1), 1e-300
        )
        # derivatives of p_j with respect to each parameter, shape (m, k categories, k parameters)
        first = _bands(density, arm)
        weight = counts[:, arm] / p
        gradient += np.einsum("mj,mjp->mp", weight, first)
        information += np.einsum("mj,mjp,mjq->mpq", weight / p, first, first)
        information -= _second(weight, slope, arm)
    return gradient, information


def _bands(density: FloatArray, arm: int) -> FloatArray:
    """Derivatives of p_j by (cut_1.., beta): +f_j at cut j, -f_{j-1} at cut j-1, -arm (f_j - f_{j-1})."""
    m, cuts = density.shape
    first = np.zeros((m, cuts + 1, cuts + 1))
    index = np.arange(cuts)
    first[:, index, index] = density
    first[:, index + 1, index] = -density
    first[:, :, -1] = -arm * first[:, :, :-1].sum(axis=2)
    return first


def _second(weight: FloatArray, slope: FloatArray, arm: int) -> FloatArray:
    """Sum over categories of weight times the second derivatives of p_j."""
    m, cuts = slope.shape
    difference = weight[:, :-1] - weight[:, 1:]  # category j against j + 1, per cut
    own = difference * slope
    result = np.zeros((m, cuts + 1, cuts + 1))
    index = np.arange(cuts)
    result[:, index, index] = own
    result[:, index, -1] = -arm * own
    result[:, -1, index] = -arm * own
    result[:, -1, -1] = arm * own.sum(axis=1)
    return result
