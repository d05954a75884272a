"""The daily chain: how a simulated participant's clinical state moves from day to day.

A first-order Markov chain with one step a day. Day 0 is randomisation; the step of day t
leads from the state at day t-1 to the state at day t.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ScenarioError
from equipoise.protocol.scenario import DailyChain

FloatArray = NDArray[np.float64]
StateArray = NDArray[np.int8]


@lru_cache(maxsize=256)
def matrices(course: DailyChain, effect: float = 1.0) -> FloatArray:
    """Transition probabilities, shape (days, states, states); row = from, column = to.

    Each day-1 row is renormalised. The odds (against staying) of every worse state are
    multiplied by exp(-decay (day - 1)); under a declared effect X the odds of every better
    state are multiplied by X and of every worse state by 1/X on days 1 to `effect_days`.

    Raises:
        ScenarioError: the effect is not positive, or a row cannot be normalised.

    """
    if not np.isfinite(effect) or effect <= 0:
        raise ScenarioError(
            "", f"an effect must be a positive number, 1 for none; got {effect}. Change --effect."
        )
    first = _day_one(course)
    days = np.arange(course.days)[:, None, None]
    size = len(course.states)
    better = np.tril(np.ones((size, size)), -1)
    worse = np.triu(np.ones((size, size)), 1)
    acting = days < course.effect_days
    odds_better = np.where(acting, effect, 1.0)
    odds_worse = np.exp(-course.decay * days) / np.where(acting, effect, 1.0)
    weights = first * (better * odds_better + worse * odds_worse + np.eye(size))
    result: FloatArray = weights / weights.sum(axis=2, keepdims=True)
    return result


def _day_one(course: DailyChain) -> FloatArray:
    """The day-1 matrix, shape (states, states), rows summing to 1."""
    size = len(course.states)
    first = np.eye(size)
    for state, row in course.transitions.items():
        values = np.asarray(row, dtype=float)
        index = course.states.index(state)
        if values.shape != (size,) or (values < 0).any() or values[index] <= 0:
            raise ScenarioError(
                "",
                f"`course: transitions: {state}:` needs {size} probabilities, none negative, with a "
                "positive chance of staying. Correct the row.",
            )
        first[index] = values / values.sum()
    return first


@lru_cache(maxsize=256)
def _cumulative(course: DailyChain, effect: float) -> FloatArray:
    return np.cumsum(matrices(course, effect), axis=2)


def walk(course: DailyChain, start: StateArray, uniforms: FloatArray, effect: float) -> StateArray:
    """Paths of `n` participants under one effect.

    Args:
        course: the chain.
        start: shape (n,), index of the state on day 0.
        uniforms: shape (n, days), one number in [0, 1) for each day. States run from best
            to worst, so a smaller number is a better day: the same numbers under another
            effect are common random numbers.
        effect: the declared effect, 1 for none.

    Returns:
        Shape (n, days + 1), state index by day, day 0 first.

    """
    cumulative = _cumulative(course, effect)
    path = np.empty((start.size, course.days + 1), dtype=np.int8)
    path[:, 0] = start
    for day in range(course.days):
        reach = cumulative[day][path[:, day]]
        path[:, day + 1] = np.minimum(
            (uniforms[:, day, None] >= reach).sum(axis=1), len(course.states) - 1
        )
    return path


def occupancy(course: DailyChain, stratum: str, effect: float = 1.0) -> FloatArray:
    """Expected share of each state by day for one stratum, shape (days + 1, states)."""
    current = start_shares(course, stratum)
    shares = [current]
    for step in matrices(course, effect):
        current = current @ step
        shares.append(current)
    return np.array(shares)


def start_shares(course: DailyChain, stratum: str) -> FloatArray:
    """Share of each state on day 0 for one stratum, shape (states,), summing to 1."""
    starts = course.starts.get(stratum)
    if starts is None:
        known = ", ".join(course.starts)
        raise ScenarioError(
            "",
            f"`course: starts:` has no starting states for stratum {stratum!r}; it knows {known}. "
            "Add them.",
        )
    shares = np.array([float(starts.get(state, 0.0)) for state in course.states])
    result: FloatArray = shares / shares.sum()
    return result


def median_day(course: DailyChain, stratum: str, state: str, effect: float = 1.0) -> float:
    """Day by which half are in an absorbing `state`, linear between days; inf if never."""
    reached = occupancy(course, stratum, effect)[:, course.states.index(state)]
    after = int(np.searchsorted(reached, 0.5))
    if after >= reached.size:
        return float("inf")
    if after == 0:
        return 0.0
    low, high = reached[after - 1], reached[after]
    return float(after - 1 + (0.5 - low) / (high - low))
