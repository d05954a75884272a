"""Where a function crosses zero."""

from __future__ import annotations

from collections.abc import Callable


def brentq(
    function: Callable[[float], float],
    low: float,
    high: float,
    *,
    xtol: float = 2e-12,
    rtol: float = 8.881784197001252e-16,
) -> float:
    """The root between `low` and `high` by Brent's method; the signs there must differ.

    SciPy's optimisation takes a tenth of a second to import, and most of what is done with a
    study solves nothing: it is imported with the first root.

    Raises:
        ValueError: the signs are the same.

    """
    from scipy.optimize import brentq as solve

    return float(solve(function, low, high, xtol=xtol, rtol=rtol))
