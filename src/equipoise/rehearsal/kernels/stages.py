"""Trials that need no participants: the statistic of each stage is drawn as a whole.

Means: increments of a Brownian motion. Rates: binomial counts by inversion, pooled z. The
NumPy kernels; `stages_compiled` gives the same numbers to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise.rehearsal.kernels.plan import FloatArray, IntArray, UIntArray
from equipoise.rehearsal.kernels.variates import normal
from equipoise.rehearsal.streams import uniform_table

GUIDES = 512


class MeansPlan(NamedTuple):
    """Stages of a comparison of means with a known spread, arrays of shape (looks,).

    `root` is the square root of each increment of information (of full information), `shift`
    the mean of each increment of the score, `scale` 1 / square root of information, `bound`
    the z at which the trial stops (|z| where `sides` is 2).
    """

    root: FloatArray
    shift: FloatArray
    scale: FloatArray
    bound: FloatArray
    sides: int


class RatesPlan(NamedTuple):
    """Stages of a comparison of two rates.

    `size` (looks, 2) participants of each stage, control first; `cumulative` (looks, 2,
    most + 1) chance of at most k events, beyond the size 1; `guide` (looks, 2, GUIDES) the
    smallest k that can belong to each of so many equal slices of chance.
    """

    size: IntArray
    cumulative: FloatArray
    guide: IntArray
    bound: FloatArray
    sides: int


class Staged(NamedTuple):
    """Where each trial ended and its z there, shape (trials,) each."""

    look: NDArray[np.int64]
    z: FloatArray


def stopped(z: FloatArray, bound: FloatArray, sides: int) -> Staged:
    """The first look at which |z| or z reaches its bound, else the last; `z` (trials, looks)."""
    crossed = (np.abs(z) if sides == 2 else z) >= bound
    last = bound.size - 1
    look = np.where(crossed.any(axis=1), np.argmax(crossed, axis=1), last)
    return Staged(look=look, z=z[np.arange(z.shape[0]), look])


def means(plan: MeansPlan, keys: UIntArray) -> Staged:
    """One trial for each key."""
    drawn = normal(uniform_table(keys, plan.root.size))
    score = np.cumsum(plan.shift + plan.root * drawn, axis=1)
    return stopped(score * plan.scale, plan.bound, plan.sides)


def rates(plan: RatesPlan, keys: UIntArray) -> Staged:
    """One trial for each key."""
    looks = plan.bound.size
    u = uniform_table(keys, 2 * looks).reshape(-1, looks, 2)
    events = np.empty(u.shape, dtype=np.int64)
    for look in range(looks):
        for arm in range(2):
            edges = plan.cumulative[look, arm]
            events[:, look, arm] = np.searchsorted(edges, u[:, look, arm], side="right")
    events, size = np.cumsum(events, axis=1), np.cumsum(plan.size, axis=0)
    pooled = (events[..., 0] + events[..., 1]) / (size[:, 0] + size[:, 1])
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / size[:, 0] + 1.0 / size[:, 1]))
    apart = events[..., 1] / size[:, 1] - events[..., 0] / size[:, 0]
    z = np.divide(apart, error, out=np.zeros_like(apart), where=error > 0)
    return stopped(z, plan.bound, plan.sides)
