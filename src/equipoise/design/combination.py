"""Combining the p-values of the stages of an adaptive trial.

Each stage's one-sided p-value comes from that stage's participants only, so the design of
the next stage may depend on all earlier data without touching the type I error.
Inverse normal: Lehmacher & Wassmer 1999 (Biometrics 55:1286). Fisher's product: Bauer &
Koehne 1994 (Biometrics 50:1029).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri, ndtr, ndtri

from equipoise.design.checks import Array, inside_unit, number, vector
from equipoise.design.roots import brentq
from equipoise.errors import DesignError


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """The combined statistic and its one-sided p-value.

    `statistic` is Z for the inverse normal (compare it with `Boundaries.efficacy_z`), the
    product of the p-values for Fisher.
    """

    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FisherStages:
    """A two-stage design on the product of p-values.

    Stop for efficacy at p1 <= `stop_efficacy`, for futility at p1 > `stop_futility`;
    after two stages reject where p1 * p2 <= `product`.
    """

    stop_efficacy: float
    stop_futility: float
    product: float


def inverse_normal(p_values: object, weights: object = None) -> Combination:
    """Sum of w * z(1 - p) over the stages, over the root of the sum of w squared.

    `p_values` one-sided, shape (stages,). `weights`, same shape, fixed before the trial:
    usually the square roots of the planned information of each stage (default: equal).
    Raises `DesignError`.
    """
    p = _stages(p_values)
    w = np.ones(p.size) if weights is None else vector(weights, "weights")
    if w.shape != p.shape or (w < 0).any() or not w.any():
        raise DesignError(
            f"{w.size} weights came for {p.size} stages, or some are negative or all 0. "
            "Give one weight a stage, such as the root of its planned participants."
        )
    statistic = float(np.dot(w, -ndtri(p)) / math.sqrt(np.dot(w, w)))
    return Combination(statistic=statistic, p_value=float(ndtr(-statistic)))


def fisher_combination(p_values: object) -> Combination:
    """Product of the p-values; -2 log of it is chi-squared with 2 * stages degrees of freedom.

    `p_values` one-sided, shape (stages,). Raises `DesignError`.
    """
    p = _stages(p_values)
    log_product = float(np.log(p).sum())
    return Combination(
        statistic=math.exp(log_product), p_value=float(chdtrc(2 * p.size, -2 * log_product))
    )


def fisher_stages(
    alpha: float, *, stop_futility: float = 1.0, stop_efficacy: float | None = None
) -> FisherStages:
    """Limits of the two-stage Fisher design that use exactly one-sided `alpha`.

    By default the product must reach the level of the full test, exp(-chi2(1 - alpha, 4)/2),
    and the first-stage limit takes up the rest; with `stop_efficacy` given, the product limit
    does. Stopping for futility above `stop_futility` is binding. Raises `DesignError`.
    """
    level = inside_unit(alpha, "alpha")
    futile = number(stop_futility, "stop_futility")
    if not level < futile <= 1:
        raise DesignError(
            f"stop_futility is {futile:g}, not above alpha {level:g} and at most 1. Give 0.5, say."
        )
    if stop_efficacy is None:
        product = math.exp(-float(chdtri(4, level)) / 2)
        early = _first_limit(level, futile, product)
    else:
        early = inside_unit(stop_efficacy, "stop_efficacy")
        if early >= level:
            raise DesignError(
                f"stop_efficacy is {early:g}, not below alpha {level:g}: nothing would be left "
                "for the second stage. Give less."
            )
        product = (level - early) / math.log(futile / early)
        if product > early:
            raise DesignError(
                f"stop_efficacy is {early:g}, below the product limit {product:g} that it "
                "implies, so it could never matter. Give more, or leave it out."
            )
    return FisherStages(stop_efficacy=early, stop_futility=futile, product=product)


def _first_limit(level: float, futile: float, product: float) -> float:
    def excess(early: float) -> float:
        return early + product * math.log(futile / early) - level

    if excess(product) >= -1e-15:
        return product
    return float(brentq(excess, product, level, xtol=1e-15))


def _stages(p_values: object) -> Array:
    p = vector(p_values, "p_values")
    if (p <= 0).any() or (p >= 1).any():
        raise DesignError(
            "A stage's p-value must lie strictly between 0 and 1. Give one-sided p-values, each "
            "from the participants of its stage only."
        )
    return p
