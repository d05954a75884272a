"""Kaplan-Meier curve with Greenwood's variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import critical
from equipoise.analysis.estimators.inputs import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve:
    """Share still free of the event just after each distinct event time; all (k,).

    Before the first time the share is 1. After the last observed time it is held flat.
    """

    time: FloatArray
    survival: FloatArray
    se: FloatArray  # Greenwood; 0 once nobody is left
    at_risk: IntArray
    events: IntArray

    def at(self, times: ArrayLike) -> FloatArray:
        """Share still free of the event at each of `times`, same shape."""
        after = np.searchsorted(self.time, np.asarray(times, dtype=np.float64), side="right")
        return np.asarray(np.concatenate(([1.0], self.survival))[after])

    def median(self) -> float:
        """First time at which the share falls to one half or less; infinite if never.

        A hair of tolerance keeps the product of fractions that is exactly one half there.
        """
        below = np.flatnonzero(self.survival <= 0.5 + 1e-12)
        return float(self.time[below[0]]) if below.size else float("inf")

    def interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Pointwise log-log limits, (k,) each; they collapse where the share is 0 or 1."""
        inside = (self.survival > 0) & (self.survival < 1)
        safe = np.where(inside, self.survival, 0.5)
        half = critical(level) * self.se / (safe * -np.log(safe))
        low = np.where(inside, safe ** np.exp(half), self.survival)
        high = np.where(inside, safe ** np.exp(-half), self.survival)
        return low, high


def kaplan_meier(time: ArrayLike, event: ArrayLike) -> SurvivalCurve:
    """Kaplan-Meier curve of one group.

    Args:
        time: shape (n,), time to event or censoring, any unit, >= 0.
        event: shape (n,), True where the event was seen, False where censored. Someone
            censored at a time is still at risk at that time.

    Returns:
        The curve at its k distinct event times; k is 0 where no event was seen.

    Raises:
        ValueError: shapes differ, empty, missing values, negative times.

    Source: Kaplan & Meier, JASA 1958;53:457; Greenwood 1926.
    Checked against lifelines and statsmodels in tests/contract/test_estimators_survival.py.

    """
    time, event = inputs.times(time), inputs.binary(event, "event")
    inputs.same_length(time=time, event=event)
    steps, events = np.unique(time[event], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), steps, side="left")
    survival: FloatArray = np.cumprod(1 - events / at_risk, dtype=np.float64)
    return SurvivalCurve(
        time=steps,
        survival=survival,
        se=np.asarray(survival * np.sqrt(np.cumsum(greenwood(at_risk, events)))),
        at_risk=at_risk.astype(np.int64),
        events=events.astype(np.int64),
    )


def greenwood(at_risk: IntArray, events: IntArray) -> FloatArray:
    """Greenwood's terms d / (n (n - d)), (k,); 0 where everyone left has the event.

    There the curve is 0 from then on, and so is whatever multiplies the term.
    """
    left = at_risk - events
    return np.where(left > 0, events / (at_risk * np.maximum(left, 1)), 0.0)
