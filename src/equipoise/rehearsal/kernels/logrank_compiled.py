"""`tables.logrank` compiled, so that worker threads do not wait for each other. Needs Numba."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from equipoise.rehearsal.kernels.plan import FloatArray

CountArray = NDArray[np.int32]


@njit(cache=True, nogil=True)
def _logrank(first, left, value, z):  # type: ignore[no-untyped-def]
    trials, strata, _, columns = first.shape
    leaving = left.shape[3] > 0
    for trial in range(trials):
        excess = variance = 0.0
        for stratum in range(strata):
            theirs = np.int64(first[trial, stratum, 0, columns - 1])
            ours = np.int64(first[trial, stratum, 1, columns - 1])
            for day in range(columns - 2, -1, -1):
                a, b = first[trial, stratum, 0, day], first[trial, stratum, 1, day]
                theirs, ours = theirs + a, ours + b
                if leaving:
                    theirs += left[trial, stratum, 0, day]
                    ours += left[trial, stratum, 1, day]
                happened = a + b
                if happened == 0:
                    continue
                total = theirs + ours
                share = ours / max(total, 1)
                expected = happened * share
                excess += b - expected
                variance += expected * (1.0 - share) * ((total - happened) / max(total - 1, 1))
        if variance > 0:
            value[trial] = excess / variance
            z[trial] = excess / np.sqrt(variance)


def logrank(first: CountArray, left: CountArray | None = None) -> tuple[FloatArray, FloatArray]:
    """Log rate ratio and z of each trial; see `tables.logrank`."""
    if left is None:
        left = np.zeros((*first.shape[:3], 0), dtype=np.int32)
    value, z = np.zeros(first.shape[0]), np.zeros(first.shape[0])
    _logrank(first, left, value, z)
    return value, z
