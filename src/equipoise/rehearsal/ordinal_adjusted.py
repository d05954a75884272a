"""The proportional-odds model with covariates, of thousands of trials at once.

People who share their covariates are a group, so that a trial is a table of group, arm and
score; `analysis.estimators.proportional_odds` fits the same model person by person.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
CountArray = NDArray[np.int32]

TOLERANCE, CONVERGED = 1e-10, 1e-6
STEPS, FREELY, LONG, SHORT = 60, 10, 2.0, 0.5
MOST, LOOSEST = 15.0, 100.0  # a log odds, or an error, beyond this is separation
COLLINEAR = 1e-9  # relative to the largest singular value


def adjusted_odds(table: CountArray, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log odds of a higher score in arm 1, adjusted, and its Wald z; shape (trials,) each.

    Args:
        table: shape (trials, groups, 2, k), participants by group, arm and score ascending.
        columns: shape (groups, p), the covariates of each group.

    NaN and 0 where it cannot be estimated: one arm or one score, covariates that cannot be
    told apart, or separation.
    """
    trials = table.shape[0]
    estimate, z = np.full(trials, np.nan), np.zeros(trials)
    scores = table.sum(axis=(1, 2)) > 0
    present = table.sum(axis=(2, 3)) > 0
    patterns, which = np.unique(np.hstack((scores, present)), axis=0, return_inverse=True)
    for index, pattern in enumerate(patterns):
        used, groups = pattern[: scores.shape[1]], pattern[scores.shape[1] :]
        rows = np.flatnonzero(which.ravel() == index)
        design = _design(columns[groups])
        if used.sum() < 2 or design is None:
            continue
        counts = table[rows][:, groups][..., used].astype(np.float64)
        beta, error, fine = _newton(counts, design)
        fine &= (table[rows].sum(axis=(1, 3)) > 0).all(axis=1)
        estimate[rows] = np.where(fine, beta, np.nan)
        z[rows] = np.divide(beta, error, out=np.zeros_like(beta), where=fine)
    return estimate, z


def _design(columns: FloatArray) -> FloatArray | None:
    """Columns that differ between the groups, centred; None where they are collinear."""
    kept: FloatArray = columns[:, np.ptp(columns, axis=0) > 0] if columns.size else columns[:, :0]
    kept = np.asarray(kept - kept.mean(axis=0))
    if kept.shape[1] == 0:
        return kept
    sizes = np.linalg.svd(kept / np.abs(kept).max(axis=0), compute_uv=False)
    alike = sizes.size < kept.shape[1] or sizes[-1] < COLLINEAR * sizes[0]
    return None if alike else kept


def _newton(counts: FloatArray, design: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Effect, error and whether it was found, shape (m,) each; counts (m, groups, 2, k)."""
    m, groups, _, k = counts.shape
    cells = counts.reshape(m, 2 * groups, k)
    x = np.column_stack((np.tile([0.0, 1.0], groups), np.repeat(design, 2, axis=0)))
    size = k - 1 + x.shape[1]
    above = (
        1 - np.cumsum(counts.sum(axis=(1, 2)), axis=1)[:, :-1] / counts.sum(axis=(1, 2, 3))[:, None]
    )
    theta = np.concatenate((np.log(above / (1 - above)), np.zeros((m, x.shape[1]))), axis=1)
    step, ridge = np.full((m, size), np.inf), 1e-12 * np.eye(size)
    information = np.empty((m, size, size))
    going = np.arange(m)  # a trial that has arrived rests, so that no other changes its numbers
    for taken in range(STEPS):
        longest = LONG if taken < FREELY else SHORT  # a few people may send a step to and fro
        with np.errstate(over="ignore", invalid="ignore"):  # where arms are separated
            gradient, information[going] = _terms(cells[going], x, theta[going])
        step[going] = np.linalg.solve(information[going] + ridge, gradient[..., None])[..., 0]
        theta[going] += np.clip(step[going], -longest, longest)
        going = going[np.abs(step[going]).max(axis=1) >= TOLERANCE]
        if not going.size:
            break
    variance = np.linalg.inv(information + ridge)[:, k - 1, k - 1]
    beta, error = theta[:, k - 1], np.sqrt(np.maximum(variance, 0.0))
    steady = np.abs(step).max(axis=1, initial=0.0) < CONVERGED
    fine = steady & (error > 0) & (error < LOOSEST) & (np.abs(beta) < MOST)
    return beta, error, fine


def _terms(cells: FloatArray, x: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient (m, q) and observed information (m, q, q) of the cumulative-logit likelihood."""
    cuts = cells.shape[2] - 1
    shift = np.einsum("mp,cp->mc", theta[:, cuts:], x)
    reach = 1 / (1 + np.exp(-(theta[:, None, :cuts] + shift[..., None])))  # P(score above cut)
    ends = np.ones((*shift.shape, 1))
    share = np.maximum(-np.diff(np.concatenate((ends, reach, 0 * ends), axis=2), axis=2), 1e-300)
    slope = reach * (1 - reach)
    each = np.divide(cells, share)
    rise = each[..., 1:] - each[..., :-1]
    bend = np.divide(each, share)
    own = -slope * (1 - 2 * reach) * rise + slope**2 * (bend[..., 1:] + bend[..., :-1])
    beside = -slope[..., :-1] * slope[..., 1:] * bend[..., 1:-1]
    whole = own.copy()
    whole[..., :-1] += beside
    whole[..., 1:] += beside
    q, index = theta.shape[1], np.arange(cuts)
    score = slope * rise
    gradient = np.concatenate(
        (score.sum(axis=1), np.einsum("mc,cp->mp", score.sum(axis=2), x)), axis=1
    )
    information = np.zeros((cells.shape[0], q, q))
    information[:, index, index] = own.sum(axis=1)
    information[:, index[:-1], index[1:]] = beside.sum(axis=1)
    information[:, index[1:], index[:-1]] = beside.sum(axis=1)
    mixed = np.swapaxes(whole, 1, 2) @ x  # (m, cuts, p)
    information[:, :cuts, cuts:] = mixed
    information[:, cuts:, :cuts] = np.swapaxes(mixed, 1, 2)
    information[:, cuts:, cuts:] = (x.T[None] * whole.sum(axis=2)[:, None, :]) @ x
    return gradient, information
