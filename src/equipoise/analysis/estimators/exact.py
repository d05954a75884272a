"""Exact binomial limits of one proportion."""

from __future__ import annotations

import math

from scipy import special

from equipoise.analysis.estimators.estimate import Estimate, critical


def exact(
    events: int,
    n: int,
    method: str = "clopper-pearson",
    *,
    level: float = 0.95,
    null: float | None = None,
) -> Estimate:
    """Proportion with Clopper-Pearson limits.

    Args:
        events: participants with the event, 0 to n.
        n: participants, >= 1.
        method: "clopper-pearson".
        level: of the two-sided limits. At 0 events the lower limit is 0 and the upper is
            the two-sided one; `exact_upper` gives the one-sided limit usual in safety.
        null: proportion to test; None tests nothing.

    Returns:
        `value` = events / n, `se` its binomial standard error. `statistic` is NaN: the
        test is exact. `p_value` is the exact two-sided p (sum of probabilities no larger
        than that observed), or NaN without `null`.

    Raises:
        ValueError: counts not whole or out of range, unknown method, null outside [0, 1].

    Source: Clopper & Pearson, Biometrika 1934;26:404.
    Checked against scipy.stats.binomtest in tests/contract/test_estimators_categorical.py.

    """
    _check(events, n)
    critical(level)
    if method != "clopper-pearson":
        raise ValueError(f"method must be 'clopper-pearson'; got {method!r}")
    if null is not None and not 0 <= null <= 1:
        raise ValueError(f"null must be a proportion; got {null}")
    tail = (1 - level) / 2
    share = events / n
    return Estimate(
        value=share,
        se=math.sqrt(share * (1 - share) / n),
        ci_low=_lower(events, n, tail),
        ci_high=_upper(events, n, tail),
        statistic=math.nan,
        p_value=math.nan if null is None else _p_value(events, n, null),
        n=int(n),
    )


def exact_upper(events: int, n: int, level: float = 0.95) -> float:
    """One-sided upper Clopper-Pearson limit; about 3 / n after 0 events (rule of three).

    Raises:
        ValueError: as `exact`.

    """
    _check(events, n)
    critical(level)
    return _upper(events, n, 1 - level)


def _check(events: int, n: int) -> None:
    if int(events) != events or int(n) != n or n < 1 or not 0 <= events <= n:
        raise ValueError(f"events and n must be whole numbers, 0 <= events <= n; got {events}, {n}")


def _p_value(events: int, n: int, null: float) -> float:
    from scipy import stats  # half a second to import, and rarely needed

    return float(stats.binomtest(events, n, null).pvalue)


def _lower(events: int, n: int, tail: float) -> float:
    return 0.0 if events == 0 else float(special.betaincinv(events, n - events + 1, tail))


def _upper(events: int, n: int, tail: float) -> float:
    return 1.0 if events == n else float(special.betainccinv(events + 1, n - events, tail))
