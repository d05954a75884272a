"""Minimised lists for participants whose factor levels are drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ScenarioError
from equipoise.randomisation.minimisation import MEASURES, Minimisation
from equipoise.randomisation.minimised import minimised
from equipoise.randomisation.ratio import reduced
from equipoise.rehearsal.engines import engine_of
from equipoise.rehearsal.lists import coin_table
from equipoise.rehearsal.streams import key, trial_keys, uniform_table

FloatArray = NDArray[np.float64]
AT_ONCE = 500


def minimised_lists(
    scheme: Minimisation,
    ratio: Sequence[int],
    shares: Sequence[Sequence[float]],
    n: int,
    trials: int,
    *,
    seed: int = 1,
    engine: str | None = None,
) -> NDArray[np.int8]:
    """Arms of many lists, shape (trials, n); the same in every engine.

    Args:
        scheme: factors, weights, coin and measure.
        ratio: of the arms.
        shares: per factor the shares of its levels.
        n: participants.
        trials: lists.
        seed: the same seed gives the same lists.
        engine: "compiled" or "numpy"; the faster one installed if left out.

    Raises:
        ScenarioError: shares that do not fit the factors, or cannot be normalised.

    """
    edges = _edges(scheme, shares)
    levels = trial_keys(key(seed, "minimised", "levels"), 0, trials)
    coins = trial_keys(key(seed, "minimised", "allocation"), 0, trials)
    if engine_of(engine) == "compiled":
        return _compiled(scheme, ratio, edges, levels, coins, n)
    arms = np.empty((trials, n), dtype=np.int8)
    for first in range(0, trials, AT_ONCE):
        some = slice(first, first + AT_ONCE)
        u = uniform_table(levels[some], n * len(edges)).reshape(-1, n, len(edges))
        last = edges.shape[1] - 1
        level = np.minimum((u[..., None] >= edges).sum(axis=3), last)
        arms[some] = minimised(scheme, ratio, level, uniform_table(coins[some], n)).arms
    return arms


def _edges(scheme: Minimisation, shares: Sequence[Sequence[float]]) -> FloatArray:
    """Cumulative shares, shape (factors, levels); 1 beyond a factor's own levels."""
    if len(shares) != len(scheme.factors):
        raise ScenarioError(
            "", f"{len(scheme.factors)} factors need as many lists of shares; got {len(shares)}."
        )
    edges = np.ones((len(shares), max(len(each) for each in shares)))
    for row, each in zip(edges, shares, strict=True):
        if min(each) < 0 or not sum(each) > 0:
            raise ScenarioError("", "shares of levels must be at least 0, and not all 0.")
        row[: len(each) - 1] = np.cumsum(each)[:-1] / sum(each)
    return edges


def _compiled(
    scheme: Minimisation,
    ratio: Sequence[int],
    edges: FloatArray,
    levels: NDArray[np.uint64],
    coins: NDArray[np.uint64],
    n: int,
) -> NDArray[np.int8]:
    from equipoise.rehearsal.kernels.minimised_compiled import lists, pair_lists

    lowest = reduced(ratio)
    multiple = math.lcm(*lowest)
    table = coin_table(lowest, scheme.p)
    arms = np.empty((levels.size, n), dtype=np.int8)
    weights = np.array(scheme.weights)
    if lowest == (1, 1) and scheme.measure == "range":
        pair_lists(levels, coins, edges, weights, table, arms)
        return arms
    lists(
        levels,
        coins,
        edges,
        np.array([multiple // r for r in lowest], dtype=np.int64),
        weights,
        float(multiple),
        MEASURES.index(scheme.measure),
        table,
        arms,
    )
    return arms
