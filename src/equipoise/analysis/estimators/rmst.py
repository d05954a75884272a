"""Difference in restricted mean event-free time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, wald
from equipoise.analysis.estimators.inputs import BoolArray, FloatArray
from equipoise.analysis.estimators.kaplan_meier import greenwood, kaplan_meier

WHAT = "The difference in restricted mean time"


def rmst(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    horizon: float,
    *,
    level: float = 0.95,
) -> Estimate:
    """Difference in mean event-free time up to `horizon`, from two Kaplan-Meier curves.

    Args:
        time: shape (n,), time from randomisation to event or censoring, >= 0.
        event: shape (n,), True where the event was seen, False where censored.
        arm: shape (n,), True = experimental.
        horizon: tau, in the unit of `time`, > 0. An arm's last observed time may fall short
            of it; its curve is then held flat, which is the usual convention and is
            optimistic when censoring is heavy.
        level: of the confidence interval.

    Returns:
        Area between the curves on [0, horizon], experimental minus control, in the unit of
        `time`, with Greenwood's standard error. For a good event (recovery) a negative
        difference is benefit.

    Raises:
        ValueError: shapes differ, missing values, or horizon not positive.
        NotEstimable: one arm, or no variance in either arm (no events, or all at once).

    Source: Royston & Parmar, BMC Med Res Methodol 2013;13:152.
    Checked against lifelines in tests/contract/test_estimators_survival.py.

    """
    if not (math.isfinite(horizon) and horizon > 0):
        raise ValueError(f"horizon must be positive and finite; got {horizon}")
    time, event = inputs.times(time), inputs.binary(event, "event")
    arm = inputs.two_arms(arm, WHAT)
    n = inputs.same_length(time=time, event=event, arm=arm)
    experimental = restricted_mean(time[arm], event[arm], horizon)
    control = restricted_mean(time[~arm], event[~arm], horizon)
    se = math.sqrt(experimental[1] + control[1])
    return wald(experimental[0] - control[0], se, n, level=level, what=WHAT)


def restricted_mean(time: FloatArray, event: BoolArray, horizon: float) -> tuple[float, float]:
    """Mean event-free time of one group up to `horizon`, and its variance."""
    curve = kaplan_meier(time, event)
    inside = curve.time < horizon
    edges = np.concatenate(([0.0], curve.time[inside], [horizon]))
    heights = np.concatenate(([1.0], curve.survival[inside]))
    areas = heights * np.diff(edges)  # (k + 1,)
    beyond = areas[::-1].cumsum()[::-1][1:]  # area to the right of each step, (k,)
    terms = greenwood(curve.at_risk[inside], curve.events[inside])
    return float(areas.sum()), float((beyond**2 * terms).sum())
