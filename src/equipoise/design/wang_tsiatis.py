"""Boundaries of a fixed shape: O'Brien-Fleming, Pocock and the family between them.

Z crosses at c * t**(delta - 1/2), t being information over that of the last look (Wang &
Tsiatis 1987, Biometrics 43:193). delta = 0 is O'Brien & Fleming 1979, delta = 1/2 is Pocock
1977. The constant c makes the total error alpha.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import ndtri

from equipoise.design.checks import Array, number
from equipoise.design.sweep import Futility, Swept, given, sweep
from equipoise.errors import DesignError

SHAPES = {"obrien-fleming": 0.0, "pocock": 0.5}
"""delta of the named members of the family."""

_LEAST, _MOST = -1.0, 1.0


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
    weights = (times / times[-1]) ** (delta - 0.5)
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
