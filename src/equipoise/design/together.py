"""Two equations in two unknowns at once, where each evaluation is a pass through the looks.

Broyden's method (1965, Math Comp 19:577): the first slopes by differences, later ones
improved by each step taken. Smooth equations started near the answer need about ten
evaluations, where solving one inside the other needs a hundred.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from equipoise.design.checks import Array

_STEPS = 30
_NUDGE = 1e-4
_FAR = 0.25  # of an unknown: no step is longer

Equations = Callable[[float, float], tuple[float, float]]


def solved(equations: Equations, start: tuple[float, float], tolerance: float) -> Array | None:
    """Where both equations are 0 within `tolerance`, shape (2,); None where they do not settle."""
    at = np.array(start)
    found = np.array(equations(*at))
    slopes = np.empty((2, 2))
    for column in (0, 1):
        nudged = at.copy()
        nudged[column] += _NUDGE * at[column]
        slopes[:, column] = (np.array(equations(*nudged)) - found) / (_NUDGE * at[column])
    for _ in range(_STEPS):
        if not np.isfinite(found).all() or not np.isfinite(slopes).all():
            return None
        if np.abs(found).max() <= tolerance:
            return at
        if abs(np.linalg.det(slopes)) < 1e-12:
            return None
        step = np.clip(np.linalg.solve(slopes, -found), -_FAR * at, _FAR * at)
        at = at + step
        after = np.array(equations(*at))
        slopes += np.outer(after - found - slopes @ step, step) / (step @ step)
        found = after
    return None
