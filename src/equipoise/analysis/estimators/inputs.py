"""Reading arguments: one row per participant, nothing missing, nothing guessed.

A missing value is refused, never dropped: who is left out of an analysis is decided by
the analysis plan, not by an estimator.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise.errors import NotEstimable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def real(values: ArrayLike, name: str) -> FloatArray:
    """One-dimensional finite float64 array.

    Raises:
        ValueError: not numbers, not one-dimensional, empty, missing or infinite values.

    """
    array = _numbers(values, name)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be one-dimensional and not empty; got shape {array.shape}")
    return array


def times(values: ArrayLike, name: str = "time") -> FloatArray:
    """Times since randomisation: as `real`, and never negative."""
    array = real(values, name)
    if array.min() < 0:
        raise ValueError(f"{name} must not be negative; the smallest is {array.min():g}")
    return array


def binary(values: ArrayLike, name: str) -> BoolArray:
    """Boolean array from True/False or 1/0, nothing else.

    Raises:
        ValueError: as `real`, or a value other than 0 and 1.

    """
    array = real(values, name)
    truth = array == 1.0
    if not np.all(truth | (array == 0.0)):
        raise ValueError(f"{name} must hold True and False (or 1 and 0) only")
    return np.asarray(truth, dtype=np.bool_)


def two_arms(values: ArrayLike, what: str) -> BoolArray:
    """The arm of each participant, True = experimental; both arms occur.

    Raises:
        ValueError: as `binary`.
        NotEstimable: everyone is in one arm.

    """
    arm = binary(values, "arm")
    if arm.all() or not arm.any():
        raise NotEstimable(what, "everyone is in one arm, and a contrast needs two")
    return arm


def strata_codes(strata: ArrayLike | None, n: int) -> IntArray:
    """Stratum of each participant as 0, 1, 2 ...; one stratum where None.

    Labels may be numbers or text.

    Raises:
        ValueError: wrong length, or a missing label.

    """
    if strata is None:
        return np.zeros(n, dtype=np.int64)
    _refuse_mask(strata, "strata")
    labels = np.asarray(strata)
    if labels.ndim != 1 or labels.size != n:
        raise ValueError(f"strata must have shape ({n},); got {labels.shape}")
    try:
        levels, codes = np.unique(labels, return_inverse=True)
    except TypeError:
        raise ValueError("strata must not hold missing or mixed labels") from None
    if any(_is_missing(label) for label in levels.tolist()):
        raise ValueError("strata must not hold missing labels")
    return codes.astype(np.int64)


def covariate_columns(covariates: ArrayLike | None, n: int) -> FloatArray:
    """Covariates as (n, p); (n, 0) where None, (n, 1) from a single column.

    Raises:
        ValueError: not numbers, wrong number of rows, missing or infinite values.

    """
    if covariates is None:
        return np.zeros((n, 0))
    array = _numbers(covariates, "covariates")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[0] != n:
        raise ValueError(f"covariates must have {n} rows; got shape {array.shape}")
    return array


def same_length(**arrays: NDArray[Any]) -> int:
    """Number of participants, the same in every array.

    Raises:
        ValueError: the lengths differ.

    """
    sizes = {name: array.size for name, array in arrays.items()}
    if len(set(sizes.values())) != 1:
        told = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"every array needs one row per participant; got {told}")
    return next(iter(sizes.values()))


def _is_missing(label: object) -> bool:
    return label is None or (isinstance(label, float) and math.isnan(label))


def _numbers(values: ArrayLike, name: str) -> FloatArray:
    _refuse_mask(values, name)
    array = np.asarray(values)
    if array.dtype.kind not in "biufO":
        raise ValueError(f"{name} must hold numbers; got {array.dtype}")
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers, none of them missing") from None
    if not np.all(np.isfinite(numbers)):
        raise ValueError(f"{name} must not hold missing (NaN) or infinite values")
    return numbers


def _refuse_mask(values: object, name: str) -> None:
    if np.ma.is_masked(values):
        raise ValueError(f"{name} must not hold missing (masked) values")
