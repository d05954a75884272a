"""From a kernel's counts to z and estimate of each trial, by the estimand's method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ScenarioError
from equipoise.protocol.estimands import Endpoint, Estimand
from equipoise.protocol.scenario import DailyChain
from equipoise.rehearsal import tables
from equipoise.rehearsal.covariates import Adjustment
from equipoise.rehearsal.kernels.plan import FloatArray
from equipoise.rehearsal.ordinal_adjusted import adjusted_odds
from equipoise.rehearsal.outcomes import Categorised

CountArray = NDArray[np.int32]
Pair = tuple[FloatArray, FloatArray]

LogRank = Callable[[CountArray, CountArray | None], Pair]

MEANS = frozenset({"ancova", "mmrm"})
DIRECTION = {"lower": -1.0, "later": -1.0, "no": -1.0}


def towards_better(endpoint: Endpoint) -> float:
    """1 where a higher statistic favours the experimental arm, else -1."""
    return DIRECTION.get(endpoint.better, 1.0)


def time_to(
    first: CountArray, left: CountArray, estimand: Estimand, logrank: LogRank = tables.logrank
) -> Pair:
    """Z and rate ratio; `first` (trials, strata, 2, days + 2), `left` may have no days."""
    gone = left if left.shape[-1] else None
    if not estimand.main.strata:
        first = first.sum(axis=1, keepdims=True)
        gone = None if gone is None else gone.sum(axis=1, keepdims=True)
    value, z = logrank(first, gone)
    return z, np.exp(value)


def by_state(
    course: DailyChain,
    endpoint: Endpoint,
    estimand: Estimand,
    states: CountArray,
    adjusted: Adjustment,
) -> Pair:
    """Z and odds ratio of a higher score, or risk difference; `states` (trials, groups, 2, s).

    Groups are strata, or pairs of stratum and day-0 state.
    """
    if endpoint.kind == "death":
        dead = states[..., course.states.index(course.death)]
        return _proportions(dead, states.sum(axis=3), estimand)
    return _ordinal(_by_score(course, endpoint, states), adjusted)


def grouped(states: CountArray, strata: int, adjusted: Adjustment) -> CountArray:
    """Snapshots (trials, segments, groups, arms, states) by the groups of an analysis.

    Its own groups are strata where it is not adjusted for what is read on day 0.
    """
    trials, segments, groups, arms, size = states.shape
    if groups == strata or adjusted.by_start:
        return states
    split = states.reshape(trials, segments, strata, -1, arms, size)
    return np.asarray(split.sum(axis=3, dtype=np.int32))


def by_category(
    model: Categorised,
    estimand: Estimand,
    seen: CountArray,
    left: CountArray,
    logrank: LogRank,
    adjusted: Adjustment,
) -> Pair:
    """Z and estimate of an endpoint of categories; `seen` (trials, strata, 2, k)."""
    method = estimand.main.estimator
    if model.timed:
        return time_to(seen, left, estimand, logrank)
    order = np.argsort(model.values)
    if method in {"risk_difference", "mantel_haenszel"}:
        yes = seen[..., model.values == 1].sum(axis=3)
        return _proportions(yes, seen.sum(axis=3), estimand)
    if method == "proportional_odds":
        return _ordinal(seen[..., order], adjusted)
    if method == "wilcoxon":
        ranked = seen if estimand.main.strata else seen.sum(axis=1, keepdims=True)
        value, z = tables.rank_sum(ranked[..., order])
        return z, value
    if method in MEANS:
        covered = seen if adjusted.by_stratum else seen.sum(axis=1, keepdims=True)
        value, z = tables.mean_difference(covered, model.values)
        return z, value
    raise ScenarioError(
        "",
        f"estimand {estimand.id} is estimated by {method}, which is not rehearsed from outcome "
        "models; rehearse it through the whole product with `equipoise demo`.",
    )


def _proportions(events: CountArray, totals: CountArray, estimand: Estimand) -> Pair:
    """Both of shape (trials, strata, 2)."""
    if estimand.main.estimator == "mantel_haenszel" and estimand.main.strata:
        difference, z = tables.mantel_haenszel(events, totals)
    else:
        difference, z = tables.risk_difference(events.sum(axis=1), totals.sum(axis=1))
    return z, difference


def _ordinal(table: CountArray, adjusted: Adjustment) -> Pair:
    """`table` (trials, groups, 2, scores), score ascending."""
    if adjusted.used:
        log_odds, z = adjusted_odds(table, adjusted.columns)
    else:
        log_odds, z = tables.proportional_odds(table.sum(axis=1))
    return z, np.exp(log_odds)


def _by_score(course: DailyChain, endpoint: Endpoint, states: CountArray) -> CountArray:
    """Counts by ascending score, shape (trials, groups, 2, scores)."""
    readings = course.readings.get(str(endpoint.item))
    if readings is None:
        raise ScenarioError(
            "", f"the course does not say what {endpoint.item!r} reads in its states: add it there."
        )
    values = np.array([float(readings[state]) for state in course.states])
    if endpoint.death == "worst" and endpoint.death_value is not None:
        values[course.states.index(course.death)] = endpoint.death_value
    scores, column = np.unique(values, return_inverse=True)
    table = np.zeros((*states.shape[:3], scores.size), dtype=np.int32)
    for state, score in enumerate(column):
        table[..., score] += states[..., state]
    return table
