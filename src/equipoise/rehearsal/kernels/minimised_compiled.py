"""Minimised lists, many at once. Needs Numba; `randomisation.minimised` gives the same arms."""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.kernels.counter import pick_row, uniform


@njit(inline="always")
def _level(edges, factor, u):  # type: ignore[no-untyped-def]
    level, last = 0, edges.shape[1] - 1
    while level < last and u >= edges[factor, level]:
        level += 1
    return level


@njit(inline="always")
def _spread(counts, factor, level, arm, scale, measure):  # type: ignore[no-untyped-def]
    """How unlike the arms would be at one level, were the next participant given `arm`."""
    arms = counts.shape[2]
    low, high, total, square = np.int64(2**62), np.int64(0), np.int64(0), np.int64(0)
    for other in range(arms):
        value = (counts[factor, level, other] + (other == arm)) * scale[other]
        low, high = min(low, value), max(high, value)
        total += value
        square += value * value
    if measure == 0:
        return float(high - low)
    variance = float(arms) * float(square) - float(total) * float(total)
    return np.sqrt(variance) if measure == 1 else variance


@njit(inline="always")
def _preferred(counts, levels, scale, weights, multiple, measure, score):  # type: ignore[no-untyped-def]
    """The arms that would leave least imbalance, as bits."""
    least = np.inf
    for arm in range(score.size):
        sum_ = 0.0
        for factor in range(levels.size):
            spread = _spread(counts, factor, levels[factor], arm, scale, measure)
            sum_ += weights[factor] * (spread / multiple)
        score[arm] = sum_
        least = min(least, sum_)
    edge = least + 1e-9 * (1.0 + least)
    mask = 0
    for arm in range(score.size):
        if score[arm] <= edge:
            mask |= 1 << arm
    return mask


@njit(cache=True, nogil=True)
def pair_lists(level_keys, coin_keys, edges, weights, coins, arms):  # type: ignore[no-untyped-def]
    """The same as `lists` for two equal arms by range, from differences and without branches."""
    factors, most = edges.shape
    ahead = np.zeros((factors, most), dtype=np.int64)
    levels = np.zeros(factors, dtype=np.int64)
    for trial in range(arms.shape[0]):
        ahead[:] = 0
        level_key, coin_key = level_keys[trial], coin_keys[trial]
        for place in range(arms.shape[1]):
            first = second = 0.0
            for factor in range(factors):
                u = uniform(level_key, place * factors + factor)
                level = 0
                for edge in range(most - 1):
                    level += u >= edges[factor, edge]
                levels[factor] = level
                lead = ahead[factor, level]
                first += weights[factor] * abs(lead + 1)
                second += weights[factor] * abs(lead - 1)
            least = min(first, second)
            bound = least + 1e-9 * (1.0 + least)
            mask = (first <= bound) + 2 * (second <= bound)
            arm = np.int64(uniform(coin_key, place) >= coins[mask, 0])
            arms[trial, place] = arm
            for factor in range(factors):
                ahead[factor, levels[factor]] += 1 - 2 * arm


@njit(cache=True, nogil=True)
def lists(level_keys, coin_keys, edges, scale, weights, multiple, measure, coins, arms):  # type: ignore[no-untyped-def]
    """Fill `arms`, shape (lists, n).

    `edges` (factors, levels) cumulative shares; `scale` (arms,) and `multiple` bring counts
    to the ratio; `measure` 0 range, 1 sd, 2 variance; `coins` (2 ** arms, arms) upper ends of
    each arm's interval for every set of preferred arms.
    """
    factors, most = edges.shape
    counts = np.zeros((factors, most, scale.size), dtype=np.int64)
    levels, score = np.zeros(factors, dtype=np.int64), np.zeros(scale.size)
    for trial in range(arms.shape[0]):
        counts[:] = 0
        for place in range(arms.shape[1]):
            for factor in range(factors):
                u = uniform(level_keys[trial], place * factors + factor)
                levels[factor] = _level(edges, factor, u)
            mask = _preferred(counts, levels, scale, weights, multiple, measure, score)
            arm = pick_row(coins, mask, uniform(coin_keys[trial], place))
            arms[trial, place] = arm
            for factor in range(factors):
                counts[factor, levels[factor], arm] += 1


@njit(cache=True, nogil=True)
def given_levels(level, coin_keys, scale, weights, multiple, measure, coins, arms):  # type: ignore[no-untyped-def]
    """`lists` for people whose levels are known, shape (lists, n, factors)."""
    _, n, factors = level.shape
    most = 1
    for one in level.flat:
        most = max(most, one + 1)
    counts = np.zeros((factors, most, scale.size), dtype=np.int64)
    score = np.zeros(scale.size)
    for trial in range(arms.shape[0]):
        counts[:] = 0
        for place in range(n):
            levels = level[trial, place]
            mask = _preferred(counts, levels, scale, weights, multiple, measure, score)
            arm = pick_row(coins, mask, uniform(coin_keys[trial], place))
            arms[trial, place] = arm
            for factor in range(factors):
                counts[factor, levels[factor], arm] += 1
