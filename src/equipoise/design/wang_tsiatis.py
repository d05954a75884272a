"""Boundaries of a fixed shape: O'Brien-Fleming, Pocock and the family between them.

Z crosses at c * t**(delta - 1/2), t being information over that of the last look (Wang &
Tsiatis 1987, Biometrics 43:193). delta = 0 is O'Brien & Fleming 1979, delta = 1/2 is Pocock
1977. The constant c makes the total error alpha.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from equipoise.design.checks import Array, number
from equipoise.design.roots import brentq
from equipoise.design.sweep import Futility, Swept, given, sweep
from equipoise.design.together import solved
from equipoise.errors import DesignError

SHAPES = {"obrien-fleming": 0.0, "pocock": 0.5}
"""delta of the named members of the family."""

KINDS = frozenset({*SHAPES, "wang-tsiatis"})

_LEAST, _MOST = -1.0, 1.0
_CLOSE = 1e-13  # relative error of alpha and of beta


def delta_of(kind: str, delta: object) -> float:
    """The shape of a kind; `delta` is read for `wang-tsiatis` only."""
    if kind in SHAPES:
        return SHAPES[kind]
    value = number(delta, "delta")
    if not _LEAST <= value <= _MOST:
        raise DesignError(
            f"delta is {value:g}; the Wang-Tsiatis shape is meant for {_LEAST:g} to {_MOST:g}. "
            "Give 0 (O'Brien-Fleming) to 0.5 (Pocock)."
        )
    return value


def solve(times: Array, alpha: float, sides: int, delta: float, futility: Futility | None) -> Swept:
    """The boundary of shape `delta` that uses exactly `alpha` by the last look."""
    weights = weights_of(times, delta)
    fixed = -float(ndtri(alpha / sides))
    most = -float(ndtri(alpha / sides / times.size)) / float(min(weights.min(), 1.0))
    binding = futility is not None and futility.binding
    least = 1e-6 if binding else fixed * (1 - 1e-6)

    def excess(constant: float) -> float:
        return math.log(sweep(times, sides, given(constant * weights)).alpha_spent[-1] / alpha)

    def excess_with_futility(constant: float) -> float:
        swept = sweep(times, sides, given(constant * weights), futility)
        return float(swept.alpha_spent[-1]) - alpha

    if times.size == 1:
        constant = fixed
    else:
        equation = excess_with_futility if binding else excess
        constant = float(brentq(equation, least, most * (1 + 1e-6), xtol=1e-13, rtol=1e-14))
    return sweep(times, sides, given(constant * weights), futility)


def weights_of(times: Array, delta: float) -> Array:
    """The boundary over its constant, shape (looks,)."""
    return np.asarray((times / times[-1]) ** (delta - 0.5))


def solve_binding(
    times: Array, alpha: float, sides: int, delta: float, type_two: Array
) -> tuple[Swept, float] | None:
    """Constant and drift at once, for a futility boundary that binds; None if they do not settle.

    The constant uses `alpha` given the futility boundary, which uses up `type_two` at the
    drift given the constant.
    """
    weights, beta = weights_of(times, delta), float(type_two[-1])

    def swept(constant: float, drift: float) -> Swept:
        empty = np.full(times.size, np.nan)
        lower = Futility(z=empty, spent=type_two, drift=drift, binding=True)
        return sweep(times, sides, given(constant * weights), lower)

    def equations(constant: float, drift: float) -> tuple[float, float]:
        found = swept(constant, drift)
        used, missed = float(found.alpha_spent[-1]), found.missed
        if used <= 0 or missed <= 0:
            return math.nan, math.nan
        return math.log(used / alpha), math.log(missed / beta)

    start = _union(weights, alpha / sides)
    drift = (-float(ndtri(alpha / sides)) - float(ndtri(beta))) / math.sqrt(float(times[-1]))
    at = solved(equations, (start, 1.05 * drift), _CLOSE)
    if at is None or min(at) <= 0:
        return None
    return swept(*map(float, at)), float(at[1])


def _union(weights: Array, alpha: float) -> float:
    """The constant at which the errors of the looks, added up, are `alpha`: close from above."""
    constant = -float(ndtri(alpha)) / float(min(weights.min(), 1.0))
    for _ in range(8):
        tails, slope = ndtr(-constant * weights), weights * np.exp(-0.5 * (constant * weights) ** 2)
        used = float(tails.sum())
        constant += math.log(used / alpha) * used / (float(slope.sum()) / math.sqrt(2 * math.pi))
    return constant
