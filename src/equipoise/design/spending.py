"""Spending functions: how much error may be used up by each information fraction.

Lan & DeMets 1983 (Biometrika 70:659) for the O'Brien-Fleming and Pocock types, Hwang, Shih
& DeCani 1990 (Statistics in Medicine 9:1439), Kim & DeMets 1987 (Biometrika 74:149) for the
power family. Every function is exact at 0 and 1 and spends nothing beyond 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from equipoise.design.checks import Array, needed, number, positive, vector
from equipoise.errors import DesignError

KINDS: Mapping[str, str | None] = {
    "lan-demets-obrien-fleming": None,
    "lan-demets-pocock": None,
    "hwang-shih-decani": "gamma",
    "kim-demets": "rho",
    "user": "spent",
}
"""Each spending kind, and the parameter that it takes."""

_LARGEST_GAMMA = 50.0


def spend(
    kind: str, fractions: Array, total: float, sides: int, parameters: Mapping[str, Any]
) -> Array:
    """Cumulative error spent at each fraction, over all sides; shape as `fractions`.

    `total` is spent over the sides, total / sides on each; only the O'Brien-Fleming type
    depends on the split.
    """
    t = np.minimum(fractions, 1.0)
    if kind == "lan-demets-obrien-fleming":
        return _obrien_fleming(t, total, sides)
    if kind == "lan-demets-pocock":
        return np.asarray(total * np.log1p((math.e - 1) * t))
    value = needed(parameters, KINDS[kind] or "", f"Spending of kind {kind}")
    if kind == "hwang-shih-decani":
        return _hwang_shih_decani(t, total, value)
    if kind == "kim-demets":
        return np.asarray(total * t ** positive(value, "rho"))
    return _user(t, total, value)


def _obrien_fleming(t: Array, total: float, sides: int) -> Array:
    z = -float(ndtri(0.5 * total / sides))
    return np.asarray(sides * 2 * ndtr(-z / np.sqrt(t)))


def _hwang_shih_decani(t: Array, total: float, value: object) -> Array:
    gamma = number(value, "gamma")
    if abs(gamma) > _LARGEST_GAMMA:
        raise DesignError(
            f"gamma is {gamma:g}; beyond {_LARGEST_GAMMA:g} either way all error is spent at one "
            "end. Give a value such as -4 (like O'Brien-Fleming) or 1 (like Pocock)."
        )
    if gamma == 0:
        return np.asarray(total * t)
    return np.asarray(total * np.expm1(-gamma * t) / math.expm1(-gamma))


def _user(t: Array, total: float, value: Any) -> Array:
    spent = _called(t, value) if callable(value) else vector(value, "spent")
    if spent.shape != t.shape:
        raise DesignError(
            f"spent has {spent.size} values for {t.size} looks. Give the cumulative error spent, "
            "one value a look."
        )
    if (spent < 0).any() or (np.diff(spent) < 0).any() or spent[-1] > total * (1 + 1e-12):
        raise DesignError(
            f"spent must start at 0 or more, never fall, and end at {total:g} or less (over all "
            "sides). Give the cumulative error spent, one value a look."
        )
    if spent[-1] <= 0:
        raise DesignError("spent is 0 at every look, so nothing could ever be found. Spend some.")
    return spent


def _called(t: Array, function: Callable[[float], float]) -> Array:
    return np.array([number(function(float(x)), "spent") for x in t])
