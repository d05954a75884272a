"""`variates` for compiled code. Needs Numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.kernels.variates import (
    COEFFICIENTS,
    LN2,
    LOGARITHM,
    MANTISSA,
    ONE,
    RECIPROCAL,
)


@njit(inline="always")
def minus_log(value):  # type: ignore[no-untyped-def]
    """-log of a number above 0."""
    code = np.float64(value).view(np.int64)
    exponent = (code >> 52) - 1023
    mantissa = np.int64((code & MANTISSA) | ONE).view(np.float64)
    place = (code & MANTISSA) >> 44
    t = mantissa * RECIPROCAL[place] - 1.0
    series = t * (1.0 + t * (-0.5 + t * (1 / 3 + t * (-0.25 + t * 0.2))))
    return -(exponent * LN2 + (LOGARITHM[place] + series))


@njit(inline="always")
def exponential(u):  # type: ignore[no-untyped-def]
    """A unit exponential from a number in [0, 1)."""
    return minus_log(1.0 - u)


@njit(inline="always")
def _ratio(which, r):  # type: ignore[no-untyped-def]
    above = COEFFICIENTS[which, 0, 7]
    below = COEFFICIENTS[which, 1, 7]
    for power in range(6, -1, -1):
        above = above * r + COEFFICIENTS[which, 0, power]
        below = below * r + COEFFICIENTS[which, 1, power]
    return above / below


@njit(inline="always")
def normal(u):  # type: ignore[no-untyped-def]
    """A standard normal from a number in [0, 1); 0 is read as 2**-54."""
    p = max(u, 2.0**-54)
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(0, 0.180625 - q * q)
    tail = np.sqrt(minus_log(p if q < 0 else 1.0 - p))
    outer = _ratio(1, tail - 1.6) if tail <= 5.0 else _ratio(2, tail - 5.0)
    return -outer if q < 0 else outer
