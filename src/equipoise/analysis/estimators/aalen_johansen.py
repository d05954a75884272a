"""Cumulative incidence of each cause where several compete."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, critical
from equipoise.analysis.estimators.inputs import FloatArray, IntArray
from equipoise.analysis.estimators.kaplan_meier import greenwood

ROUNDING = 1e-12  # incidence closer than this to 0 or 1 is 0 or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CumulativeIncidence:
    """Share of a group that has had each cause by each time.

    Before the first event the share and its se are 0; there the limits are both 0.
    """

    causes: IntArray  # (c,), ascending, without 0
    at: FloatArray  # (m,)
    value: FloatArray  # (c, m)
    se: FloatArray  # (c, m)
    ci_low: FloatArray  # (c, m), complementary log-log
    ci_high: FloatArray  # (c, m)
    n: int

    def of(self, cause: int) -> tuple[Estimate, ...]:
        """Estimates of one cause, one per time; nothing is tested, so p is NaN.

        Raises:
            ValueError: nobody had that cause.

        """
        if cause not in self.causes:
            raise ValueError(f"cause {cause} did not occur; causes are {self.causes.tolist()}")
        row = int(np.flatnonzero(self.causes == cause)[0])
        columns = zip(
            self.value[row], self.se[row], self.ci_low[row], self.ci_high[row], strict=True
        )
        return tuple(
            Estimate(
                value=float(value),
                se=float(se),
                ci_low=float(low),
                ci_high=float(high),
                statistic=math.nan,
                p_value=math.nan,
                n=self.n,
            )
            for value, se, low, high in columns
        )


def aalen_johansen(
    time: ArrayLike, cause: ArrayLike, at: ArrayLike, *, level: float = 0.95
) -> CumulativeIncidence:
    """Cumulative incidence of every cause in one group.

    Args:
        time: shape (n,), time to the first event of any cause, or to censoring, >= 0.
        cause: shape (n,), whole numbers; 0 = censored, 1, 2 ... = the cause. Someone
            censored at a time is still at risk at that time.
        at: shape (m,) or one number, times to report, >= 0. After the last observed time
            the incidence is held flat.
        level: of the confidence limits.

    Returns:
        Incidence, se (delta method, Greenwood type) and limits per cause and time. With
        one cause it is 1 - Kaplan-Meier with Greenwood's se; without censoring it is the
        plain proportion with its binomial se.

    Raises:
        ValueError: shapes differ, missing values, negative times, causes not whole
            numbers >= 0.

    Source: Aalen & Johansen, Scand J Statist 1978;5:141; variance: Marubini & Valsecchi,
    Analysing Survival Data from Clinical Trials, 1995, section 10.5.
    Checked against statsmodels and lifelines in tests/contract/test_estimators_survival.py.

    """
    time, codes = _checked(time, cause)
    at = inputs.times(np.atleast_1d(np.asarray(at)), "at")
    steps = np.unique(time[codes > 0])
    position = np.searchsorted(steps, at, side="right")
    value, variance = _at_steps(time, codes, steps, position)
    se = np.sqrt(np.maximum(variance, 0.0))
    low, high = _limits(value, se, level)
    return CumulativeIncidence(
        causes=_causes(codes), at=at, value=value, se=se, ci_low=low, ci_high=high, n=time.size
    )


def incidence_curve(
    time: ArrayLike, cause: ArrayLike, *, level: float = 0.95
) -> CumulativeIncidence:
    """`aalen_johansen` at 0 and at every time at which anything happened: the step curve."""
    checked, codes = _checked(time, cause)
    steps = np.unique(checked[codes > 0])
    at = steps if steps.size and steps[0] == 0 else np.concatenate(([0.0], steps))
    return aalen_johansen(checked, codes, at, level=level)


def _checked(time: ArrayLike, cause: ArrayLike) -> tuple[FloatArray, IntArray]:
    time, numbers = inputs.times(time), inputs.real(cause, "cause")
    inputs.same_length(time=time, cause=numbers)
    codes = numbers.astype(np.int64)
    if np.any(codes != numbers) or codes.min() < 0:
        raise ValueError("cause must hold whole numbers, 0 for censored")
    return time, codes


def _causes(codes: IntArray) -> IntArray:
    return np.asarray(np.unique(codes[codes > 0]), dtype=np.int64)


def _at_steps(
    time: FloatArray, codes: IntArray, steps: FloatArray, position: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Incidence and variance after the first `position` steps: (c, m) each."""
    causes = _causes(codes)
    at_risk = time.size - np.searchsorted(np.sort(time), steps, side="left")  # (k,)
    events = np.zeros((causes.size, steps.size), dtype=np.int64)
    seen = codes > 0
    rows, columns = np.searchsorted(causes, codes[seen]), np.searchsorted(steps, time[seen])
    np.add.at(events, (rows, columns), 1)
    total = events.sum(axis=0)  # (k,)
    before = np.concatenate(([1.0], np.cumprod(1 - total / at_risk)))[: steps.size]
    # Rounding of the sum must not carry it past 1.
    value = np.minimum(_running(before * events / at_risk), 1.0)  # (c, k + 1)
    own = before**2 * (at_risk - events) * events / at_risk.astype(np.float64) ** 3
    cross = before * events / at_risk.astype(np.float64) ** 2
    terms = greenwood(at_risk, total)
    variance = np.zeros((causes.size, position.size))
    for column, k in enumerate(position):
        # Differences first, squares second: an expanded square loses half the digits.
        gap = value[:, k, None] - value[:, 1 : k + 1]
        sums = gap**2 * terms[:k] + own[:, :k] - 2 * gap * cross[:, :k]
        variance[:, column] = sums.sum(axis=1)
    return value[:, position], variance


def _running(quantity: FloatArray) -> FloatArray:
    """Cumulative sum along the last axis, with a leading 0."""
    start = np.zeros((*quantity.shape[:-1], 1))
    return np.concatenate((start, np.cumsum(quantity, axis=-1)), axis=-1)


def _limits(value: FloatArray, se: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    inside = (value > ROUNDING) & (value < 1 - ROUNDING)
    free = np.where(inside, 1 - value, 0.5)
    half = critical(level) * se / (free * -np.log(free))
    low = np.where(inside, 1 - free ** np.exp(-half), value)
    high = np.where(inside, 1 - free ** np.exp(half), value)
    return low, high
