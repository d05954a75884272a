"""The compiled kernels of `stages`. Import it only where Numba is installed."""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.kernels.compiled_variates import normal
from equipoise.rehearsal.kernels.counter import uniform
from equipoise.rehearsal.kernels.plan import UIntArray
from equipoise.rehearsal.kernels.stages import GUIDES, MeansPlan, RatesPlan, Staged


@njit(cache=True, nogil=True)
def _means(plan, keys, ended, seen):  # type: ignore[no-untyped-def]
    root, shift, scale, bound = plan.root, plan.shift, plan.scale, plan.bound
    last = bound.size - 1
    for trial in range(keys.size):
        score = 0.0
        for look in range(last + 1):
            score += shift[look] + root[look] * normal(uniform(keys[trial], look))
            z = score * scale[look]
            if (abs(z) if plan.sides == 2 else z) >= bound[look] or look == last:
                ended[trial], seen[trial] = look, z
                break


@njit(inline="always")
def _binomial(cumulative, guide, look, arm, u):  # type: ignore[no-untyped-def]
    """The count whose cumulative chance is the first above `u`."""
    count = guide[look, arm, int(u * GUIDES)]
    while u >= cumulative[look, arm, count]:
        count += 1
    return count


@njit(cache=True, nogil=True)
def _rates(plan, keys, ended, seen):  # type: ignore[no-untyped-def]
    cumulative, guide, bound, size = plan.cumulative, plan.guide, plan.bound, plan.size
    last = bound.size - 1
    for trial in range(keys.size):
        c = t = n = m = 0
        for look in range(last + 1):
            c += _binomial(cumulative, guide, look, 0, uniform(keys[trial], 2 * look))
            t += _binomial(cumulative, guide, look, 1, uniform(keys[trial], 2 * look + 1))
            n += size[look, 0]
            m += size[look, 1]
            pooled = (c + t) / (n + m)
            error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m))
            z = (t / m - c / n) / error if error > 0 else 0.0
            if (abs(z) if plan.sides == 2 else z) >= bound[look] or look == last:
                ended[trial], seen[trial] = look, z
                break


def _room(trials: int) -> Staged:
    return Staged(look=np.empty(trials, dtype=np.int64), z=np.empty(trials))


def means(plan: MeansPlan, keys: UIntArray) -> Staged:
    """One trial for each key."""
    found = _room(keys.size)
    _means(plan, keys, found.look, found.z)
    return found


def rates(plan: RatesPlan, keys: UIntArray) -> Staged:
    """One trial for each key."""
    found = _room(keys.size)
    _rates(plan, keys, found.look, found.z)
    return found
