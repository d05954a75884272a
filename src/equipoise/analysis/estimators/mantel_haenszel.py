"""Mantel-Haenszel risk difference over strata."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, wald
from equipoise.errors import NotEstimable

WHAT = "The Mantel-Haenszel risk difference"


def mantel_haenszel(
    event: ArrayLike, arm: ArrayLike, strata: ArrayLike | None = None, *, level: float = 0.95
) -> Estimate:
    """Common risk difference, experimental minus control.

    Args:
        event: shape (n,), True where the event happened.
        arm: shape (n,), True = experimental.
        strata: shape (n,), labels; None is one stratum. A stratum with one arm adds
            nothing.
        level: of the confidence interval.

    Returns:
        `value` = weighted mean of the strata's risk differences, weights m n / (m + n).
        Sato's variance holds for few large and for many small strata. Wald interval (it
        may pass -1 or 1) and test.

    Raises:
        ValueError: shapes differ or missing values.
        NotEstimable: no stratum holds both arms, or nobody (or everybody) has the event.

    Source: Greenland & Robins, Biometrics 1985;41:55; variance: Sato, Biometrics
    1989;45:1323.
    Checked against statsmodels and exact fractions in
    tests/contract/test_estimators_categorical.py.

    """
    event, arm = inputs.binary(event, "event"), inputs.two_arms(arm, WHAT)
    size = inputs.same_length(event=event, arm=arm)
    stratum = inputs.strata_codes(strata, size)
    width = int(stratum.max()) + 1
    m = np.bincount(stratum[arm], minlength=width).astype(np.float64)  # experimental, (s,)
    n = np.bincount(stratum[~arm], minlength=width).astype(np.float64)  # control
    a = np.bincount(stratum[arm & event], minlength=width).astype(np.float64)
    c = np.bincount(stratum[~arm & event], minlength=width).astype(np.float64)
    weight = m * n / (m + n)
    if weight.sum() == 0:
        raise NotEstimable(WHAT, "no stratum holds both arms")
    value = float(((a * n - c * m) / (m + n)).sum() / weight.sum())
    p = (m**2 * c - n**2 * a + m * n * (n - m) / 2) / (m + n) ** 2
    q = (a * (n - c) + c * (m - a)) / (2 * (m + n))
    variance = float((value * p.sum() + q.sum()) / weight.sum() ** 2)
    if variance <= 0:
        raise NotEstimable(WHAT, "nobody, or everybody, has the event")
    return wald(value, variance**0.5, size, level=level, what=WHAT)
