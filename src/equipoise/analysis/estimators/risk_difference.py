"""Difference of two proportions."""

from __future__ import annotations

import math
from typing import Literal

from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, critical, two_sided
from equipoise.errors import NotEstimable

Method = Literal["newcombe", "wald", "miettinen-nurminen"]
WHAT = "The risk difference"


def risk_difference(
    event: ArrayLike, arm: ArrayLike, method: Method = "newcombe", *, level: float = 0.95
) -> Estimate:
    """Risk in the experimental arm minus risk in the control arm.

    Args:
        event: shape (n,), True where the event happened.
        arm: shape (n,), True = experimental.
        method: "newcombe" (hybrid of two Wilson intervals, without continuity correction),
            "wald", or "miettinen-nurminen" (score).
        level: of the confidence interval.

    Returns:
        `se` is always the unpooled standard error. The test belongs to the interval: Wald's
        z = value / se; with "newcombe" the pooled z (Pearson's chi-square without
        continuity correction); with "miettinen-nurminen" the score z with its factor
        (N - 1) / N. Where nobody or everybody has the event, z is 0 and p is 1; Wald's
        interval then has no width and should not be used.

    Raises:
        ValueError: shapes differ, missing values, unknown method.
        NotEstimable: everyone is in one arm; with "wald", the risks are 0 and 1.

    Source: Newcombe, Stat Med 1998;17:873 (method 10); Miettinen & Nurminen, Stat Med
    1985;4:213.
    Checked against statsmodels in tests/contract/test_estimators_categorical.py.

    """
    if method not in ("newcombe", "wald", "miettinen-nurminen"):
        raise ValueError(
            f"method must be 'newcombe', 'wald' or 'miettinen-nurminen'; got {method!r}"
        )
    event, arm = inputs.binary(event, "event"), inputs.two_arms(arm, WHAT)
    total = inputs.same_length(event=event, arm=arm)
    m, n = int(arm.sum()), int((~arm).sum())
    a, c = int((event & arm).sum()), int((event & ~arm).sum())
    value = a / m - c / n
    se = math.sqrt(a * (m - a) / m**3 + c * (n - c) / n**3)
    if method == "wald" and se == 0 and value:
        raise NotEstimable(WHAT, "everybody in one arm and nobody in the other has the event")
    low, high, test = _inference(a, m, c, n, method, critical(level), se)
    return Estimate(
        value=value,
        se=se,
        ci_low=low,
        ci_high=high,
        statistic=test,
        p_value=two_sided(test),
        n=total,
    )


def _inference(
    a: int, m: int, c: int, n: int, method: Method, z: float, se: float
) -> tuple[float, float, float]:
    """Both limits and the signed z that belongs to them."""
    value = a / m - c / n
    if method == "wald":
        return value - z * se, value + z * se, value / se if se > 0 else 0.0
    pooled = _pooled(a, m, c, n)
    if method == "newcombe":
        return *newcombe_limits(a, m, c, n, z), pooled
    return *_score_limits(a, m, c, n, z), pooled * math.sqrt((m + n - 1) / (m + n))


def wilson_limits(events: int, n: int, z: float) -> tuple[float, float]:
    """Wilson's score limits of one proportion, at normal quantile z."""
    share, width = events / n, z * z / n
    middle = share + width / 2
    half = z * math.sqrt(share * (1 - share) / n + width / (4 * n))
    low = 0.0 if events == 0 else (middle - half) / (1 + width)
    high = 1.0 if events == n else (middle + half) / (1 + width)
    return low, high


def newcombe_limits(a: int, m: int, c: int, n: int, z: float) -> tuple[float, float]:
    """Newcombe's limits of a / m - c / n, at normal quantile z."""
    ours, theirs = wilson_limits(a, m, z), wilson_limits(c, n, z)
    p, q = a / m, c / n
    low = p - q - math.hypot(p - ours[0], theirs[1] - q)
    high = p - q + math.hypot(ours[1] - p, q - theirs[0])
    return low, high


def _pooled(a: int, m: int, c: int, n: int) -> float:
    share = (a + c) / (m + n)
    variance = share * (1 - share) * (1 / m + 1 / n)
    return (a / m - c / n) / math.sqrt(variance) if variance > 0 else 0.0


def _score_limits(a: int, m: int, c: int, n: int, z: float) -> tuple[float, float]:
    from scipy import optimize  # a tenth of a second to import, and rarely needed

    value = a / m - c / n

    def excess(delta: float, target: float) -> float:
        return _score(delta, a, m, c, n) - target

    low, high = -1.0, 1.0
    edge = 1 - 1e-12
    if excess(-edge, z) > 0 and value > -1:
        low = float(optimize.brentq(excess, -edge, value, args=(z,), xtol=1e-14))
    if excess(edge, -z) < 0 and value < 1:
        high = float(optimize.brentq(excess, value, edge, args=(-z,), xtol=1e-14))
    return low, high


def _score(delta: float, a: int, m: int, c: int, n: int) -> float:
    """Score z of the hypothesis that the difference is `delta`."""
    q = _constrained(delta, a, m, c, n)
    p = q + delta
    total = m + n
    variance = (p * (1 - p) / m + q * (1 - q) / n) * total / (total - 1)
    difference = a / m - c / n - delta
    if variance <= 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / math.sqrt(variance)


def _constrained(delta: float, a: int, m: int, c: int, n: int) -> float:
    """Most likely control risk if the difference is `delta`: root of a cubic."""
    three = m + n
    two = (m + 2 * n) * delta - three - (a + c)
    one = (n * delta - three - 2 * c) * delta + (a + c)
    zero = c * delta * (1 - delta)
    q = (two / (3 * three)) ** 3 - one * two / (6 * three**2) + zero / (2 * three)
    inner = max((two / (3 * three)) ** 2 - one / (3 * three), 0.0)
    p = math.copysign(math.sqrt(inner), q)
    ratio = min(1.0, max(-1.0, q / p**3)) if p else 0.0
    angle = (math.pi + math.acos(ratio)) / 3
    root = 2 * p * math.cos(angle) - two / (3 * three)
    return min(max(root, 0.0, -delta), 1.0, 1.0 - delta)
