"""Who was at risk at each event time, counted in each stratum at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.estimators.inputs import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSets:
    """Counts at each distinct event time, ordered by stratum, then by time; all (k,).

    A participant censored at a time is still at risk at that time.
    """

    at_risk: IntArray
    at_risk_experimental: IntArray
    events: IntArray
    events_experimental: IntArray


def from_times(time: FloatArray, event: BoolArray, arm: BoolArray, stratum: IntArray) -> RiskSets:
    """Risk sets of times of any kind, in O(n log n)."""
    order = np.lexsort((time, stratum))
    time, stratum = time[order], stratum[order]
    fresh = np.ones(time.size, dtype=np.bool_)
    fresh[1:] = (np.diff(time) != 0) | (np.diff(stratum) != 0)
    start = np.flatnonzero(fresh)  # first row of each (stratum, time), (g,)
    stop = np.append(start[1:], time.size)
    end = np.searchsorted(stratum, stratum[start], side="right")  # end of its stratum, (g,)
    armed, happened = _running(arm[order]), _running(event[order])
    both = _running(event[order] & arm[order])
    return _with_events(
        at_risk=end - start,
        at_risk_experimental=armed[end] - armed[start],
        events=happened[stop] - happened[start],
        events_experimental=both[stop] - both[start],
    )


def from_days(day: IntArray, event: BoolArray, arm: BoolArray, stratum: IntArray) -> RiskSets:
    """The same from whole days, by counting tables: O(n + strata x last day), no sorting."""
    shape = (int(stratum.max()) + 1, int(day.max()) + 1)
    cell = stratum * shape[1] + day
    size = shape[0] * shape[1]
    leaving = np.bincount(cell, minlength=size).reshape(shape)
    leaving_experimental = np.bincount(cell[arm], minlength=size).reshape(shape)
    return _with_events(
        at_risk=_from_the_right(leaving),
        at_risk_experimental=_from_the_right(leaving_experimental),
        events=np.bincount(cell[event], minlength=size),
        events_experimental=np.bincount(cell[event & arm], minlength=size),
    )


def _running(flags: BoolArray) -> IntArray:
    return np.concatenate(([0], np.cumsum(flags, dtype=np.int64)))


def _from_the_right(counts: NDArray[np.int64]) -> IntArray:
    return np.asarray(counts[:, ::-1].cumsum(axis=1)[:, ::-1].ravel(), dtype=np.int64)


def _with_events(
    at_risk: IntArray,
    at_risk_experimental: IntArray,
    events: IntArray,
    events_experimental: IntArray,
) -> RiskSets:
    some = events > 0
    return RiskSets(
        at_risk=at_risk[some],
        at_risk_experimental=at_risk_experimental[some],
        events=events[some],
        events_experimental=events_experimental[some],
    )
