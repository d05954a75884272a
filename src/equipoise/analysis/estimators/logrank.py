"""Log-rank test, stratified where asked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, wald
from equipoise.analysis.estimators.inputs import BoolArray, IntArray
from equipoise.analysis.estimators.risk_sets import RiskSets, from_days, from_times
from equipoise.errors import NotEstimable

WHAT = "The log-rank rate ratio"


class Score(NamedTuple):
    """Numerator and variance of the log-rank test; z = observed_minus_expected / sqrt(variance)."""

    observed_minus_expected: float  # events of the experimental arm
    variance: float


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    level: float = 0.95,
) -> Estimate:
    """Log-rank test with the one-step (Peto) log rate ratio.

    Args:
        time: shape (n,), time from randomisation to event or censoring, any unit, >= 0.
        event: shape (n,), True where the event was seen, False where censored. Someone
            censored at a time is still at risk at that time.
        arm: shape (n,), True = experimental.
        strata: shape (n,), labels; comparisons are made inside each stratum only. A
            stratum with one arm adds nothing.
        level: of the confidence interval.

    Returns:
        `value` = (O - E) / V, the one-step log rate ratio, with se 1 / sqrt(V), where V
        is the hypergeometric variance. `statistic` = (O - E) / sqrt(V): positive = the
        experimental arm has more events, earlier. For a good event (recovery) that is
        benefit. `value` is biased towards 0 for large effects: report `cox` beside it.

    Raises:
        ValueError: shapes differ, missing values, negative times.
        NotEstimable: one arm, or no event while both arms were at risk.

    Source: Mantel, Cancer Chemother Rep 1966;50:163; Peto & Peto, JRSS A 1972;135:185.
    Checked against statsmodels and lifelines in tests/contract/test_estimators_survival.py.

    """
    time, event = inputs.times(time), inputs.binary(event, "event")
    arm = inputs.two_arms(arm, WHAT)
    n = inputs.same_length(time=time, event=event, arm=arm)
    stratum = inputs.strata_codes(strata, n)
    difference, variance = _score(from_times(time, event, arm, stratum))
    if variance <= 0:
        raise NotEstimable(WHAT, "no event was seen while both arms were at risk")
    return wald(difference / variance, variance**-0.5, n, level=level, what=WHAT)


def logrank_score(
    day: IntArray, event: BoolArray, arm: BoolArray, strata: IntArray | None = None
) -> Score:
    """The same test from whole days, for thousands of simulated trials.

    Bit for bit the numerator and variance of `logrank`, by counting tables instead of a
    sort. Nothing is converted and little is checked: arguments are arrays of the right type.

    Args:
        day: shape (n,), integers >= 0, small (a table of last day x strata is built).
        event: shape (n,), bool.
        arm: shape (n,), bool, True = experimental.
        strata: shape (n,), integers 0, 1, 2 ..., or None.

    Returns:
        Score; its variance is 0 where nothing can be compared.

    Raises:
        ValueError: shapes or types differ from the above, or a negative day or stratum.

    """
    stratum = np.zeros(day.shape, dtype=np.int64) if strata is None else strata
    if (
        not (day.shape == event.shape == arm.shape == stratum.shape)
        or day.ndim != 1
        or not day.size
    ):
        raise ValueError("day, event, arm and strata must be one-dimensional, equal, not empty")
    if day.dtype.kind not in "iu" or stratum.dtype.kind not in "iu":
        raise ValueError("day and strata must hold whole numbers")
    if event.dtype != np.bool_ or arm.dtype != np.bool_:
        raise ValueError("event and arm must hold True and False")
    if min(day.min(), stratum.min()) < 0:
        raise ValueError("day and strata must not be negative")
    return _score(from_days(day, event, arm, stratum))


def _score(sets: RiskSets) -> Score:
    share = sets.at_risk_experimental / sets.at_risk
    difference = sets.events_experimental - sets.events * share
    spread = (sets.at_risk - sets.events) / np.maximum(sets.at_risk - 1, 1)
    variance = sets.events * share * (1 - share) * spread
    return Score(float(difference.sum()), float(variance.sum()))
