"""Haybittle-Peto boundaries: one stern value at every interim, the rest at the end.

Haybittle 1971 (British Journal of Radiology 44:793), Peto et al. 1976 (British Journal of
Cancer 34:585). The last boundary is not left at its single-look value: it is solved so that
the total error is exactly alpha.
"""

from __future__ import annotations

import numpy as np

from equipoise.design.checks import positive
from equipoise.design.sweep import Efficacy

DEFAULT_Z = 3.0


def plan(looks: int, alpha: float, z: object) -> Efficacy:
    """The interim value at every look but the last, which spends what is left of alpha."""
    values, spent = np.full(looks, positive(z, "z")), np.full(looks, np.nan)
    values[-1], spent[-1] = np.nan, alpha
    return Efficacy(z=values, spent=spent)
