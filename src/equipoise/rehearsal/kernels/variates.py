"""Exponential and normal numbers from uniform ones, the same to the last bit in both engines.

Library logarithms differ in their last bit between engines and processors. These use tables
and the four operations alone, which IEEE 754 fixes: `compiled_variates` does the same sums in
the same order.

Sources: logarithm from a table of 256 reciprocals and a series, after Tang, ACM TOMS
1990;16:378; normal quantile AS 241, Wichura, Appl Stat 1988;37:477.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
UIntArray = NDArray[np.uint64]

LN2 = math.log(2.0)
RECIPROCAL: FloatArray = 1.0 / (1.0 + (np.arange(256) + 0.5) / 256)
LOGARITHM: FloatArray = np.array([-math.log(r) for r in RECIPROCAL.tolist()])
MANTISSA, ONE = (1 << 52) - 1, 1023 << 52

CENTRAL = (
    (3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125),
    (45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
    (1.0, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077),
    (21213.794301586595867, 39307.89580009271061, 28729.085735721942674, 5226.495278852545925),
)
MIDDLE = (
    (1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504),
    (
        1.27045825245236838258,
        0.24178072517745061177,
        0.0227238449892691845833,
        7.7454501427834140764e-4,
    ),
    (1.0, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455),
    (
        0.14810397642748007459,
        0.0151986665636164571966,
        5.475938084995344946e-4,
        1.05075007164441684324e-9,
    ),
)
FAR = (
    (6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123),
    (
        0.026532189526576123093,
        0.0012426609473880784386,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (1.0, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525),
    (
        7.868691311456132591e-4,
        1.8463183175100546818e-5,
        1.4215117583164458887e-7,
        2.04426310338993978564e-15,
    ),
)


def _flat(quarters: tuple[tuple[float, ...], ...]) -> FloatArray:
    """Eight coefficients above the line, eight below, lowest power first."""
    return np.array(quarters).reshape(2, 8)


COEFFICIENTS: FloatArray = np.array([_flat(CENTRAL), _flat(MIDDLE), _flat(FAR)])


def minus_log(value: FloatArray) -> FloatArray:
    """-log of numbers above 0, element by element, to about 1e-15 of 1."""
    code = np.ascontiguousarray(value).view(np.int64)
    exponent = (code >> 52) - 1023
    mantissa = ((code & MANTISSA) | ONE).view(np.float64)
    place = (code & MANTISSA) >> 44
    t = mantissa * RECIPROCAL[place] - 1.0
    series = t * (1.0 + t * (-0.5 + t * (1 / 3 + t * (-0.25 + t * 0.2))))
    return np.asarray(-(exponent * LN2 + (LOGARITHM[place] + series)))


def exponential(u: FloatArray) -> FloatArray:
    """Unit exponentials from numbers in [0, 1)."""
    return minus_log(1.0 - u)


def normal(u: FloatArray) -> FloatArray:
    """Standard normals from numbers in [0, 1); 0 is read as 2**-54."""
    p = np.maximum(u, 2.0**-54)
    q = p - 0.5
    tail = np.sqrt(minus_log(np.where(q < 0, p, 1.0 - p)))
    middle = np.abs(q) <= 0.425
    near = _ratio(COEFFICIENTS[1], tail - 1.6)
    outer = np.where(tail <= 5.0, near, _ratio(COEFFICIENTS[2], tail - 5.0))
    inner = q * _ratio(COEFFICIENTS[0], 0.180625 - q * q)
    return np.where(middle, inner, np.where(q < 0, -outer, outer))


def _ratio(c: FloatArray, r: FloatArray) -> FloatArray:
    above, below = c[0, 7], c[1, 7]
    for power in range(6, -1, -1):
        above, below = above * r + c[0, power], below * r + c[1, power]
    return np.asarray(above / below)
