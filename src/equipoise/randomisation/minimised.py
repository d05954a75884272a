"""Minimisation of many trials at once, with the numbers of `Minimisation.step`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise.randomisation.minimisation import Minimisation, threshold
from equipoise.randomisation.ratio import Ratio, reduced
from equipoise.randomisation.shape import Covariates, leaning, upper_edges

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Minimised(NamedTuple):
    """Both of shape (trials, n)."""

    arms: NDArray[np.int8]
    certain: NDArray[np.bool_]  # the arm had probability 1


def coded(scheme: Minimisation, covariates: Sequence[Covariates]) -> IntArray:
    """Levels as numbers, shape (n, factors): 0, 1, ... in the order in which levels appear.

    Raises:
        DesignError: a factor without a known level.

    """
    seen: list[dict[str, int]] = [{} for _ in scheme.factors]
    rows = [
        [
            met.setdefault(level, len(met))
            for met, level in zip(seen, scheme.levels(each), strict=True)
        ]
        for each in covariates
    ]
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(scheme.factors))


def minimised(
    scheme: Minimisation, ratio: Sequence[int], levels: IntArray, u: FloatArray
) -> Minimised:
    """Arms of many trials.

    Args:
        scheme: its weights, coin and measure.
        ratio: of the arms.
        levels: shape (n, factors), or (trials, n, factors) where trials differ; from 0.
        u: shape (trials, n), in [0, 1).

    """
    trials, n = u.shape
    lowest, factors = reduced(ratio), len(scheme.factors)
    levels = np.broadcast_to(levels, (trials, n, factors))
    most = int(levels.max(initial=0)) + 1
    counts = np.zeros((trials, factors, most, len(lowest)), dtype=np.int64)
    walk, factor = np.arange(trials)[:, None], np.arange(factors)[None, :]
    result = Minimised(np.empty((trials, n), dtype=np.int8), np.empty((trials, n), dtype=bool))
    for place in range(n):
        level = levels[:, place]  # (trials, factors)
        scores = _scores(scheme, lowest, counts[walk, factor, level])
        preferred = scores <= threshold(scores.min(axis=1, keepdims=True))
        edges, certain = _coins(lowest, scheme.p, preferred)
        arms = (u[:, place, None] >= edges).sum(axis=1)
        counts[walk, factor, level, arms[:, None]] += 1
        result.arms[:, place], result.certain[:, place] = arms, certain
    return result


def _scores(scheme: Minimisation, ratio: Ratio, counts: IntArray) -> FloatArray:
    """Imbalance were each arm given, shape (trials, arms), from counts (trials, factors, arms)."""
    multiple = math.lcm(*ratio)
    scale = np.array([multiple // r for r in ratio], dtype=np.int64)
    scores = np.zeros((len(counts), len(ratio)))
    for arm in range(len(ratio)):
        one_more = counts.copy()
        one_more[..., arm] += 1
        spreads = _spreads(one_more * scale, scheme.measure) / multiple
        for factor, weight in enumerate(scheme.weights):
            scores[:, arm] += weight * spreads[:, factor]
    return scores


def _spreads(scaled: IntArray, measure: str) -> FloatArray:
    if measure == "range":
        return np.asarray(scaled.max(axis=-1) - scaled.min(axis=-1), dtype=np.float64)
    squares = np.square(scaled).sum(axis=-1, dtype=np.float64)
    variance = scaled.shape[-1] * squares - np.square(scaled.sum(axis=-1, dtype=np.float64))
    return np.asarray(variance if measure == "variance" else np.sqrt(variance))


def _coins(
    ratio: Ratio, p: float, preferred: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Upper ends of each arm's interval, (trials, arms), and whether one arm is certain."""
    bits = np.array([1 << arm for arm in range(len(ratio))], dtype=np.int64)
    different, which = np.unique(preferred @ bits, return_inverse=True)
    coins = [_coin(ratio, p, int(mask)) for mask in different]
    edges = np.array([upper_edges(each) for each in coins])
    return edges[which], np.array([max(each) == 1 for each in coins])[which]


@lru_cache(maxsize=4096)
def _coin(ratio: Ratio, p: float, mask: int) -> tuple[float, ...]:
    return leaning(ratio, [arm for arm in range(len(ratio)) if mask >> arm & 1], p)
