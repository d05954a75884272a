"""Re-estimating the sample size without unblinding.

The pooled data of both arms give the nuisance parameter; the assumed effect stays as planned.
Means: Gould & Shih 1992 (Communications in Statistics 21:2833), Kieser & Friede 2003
(Statistics in Medicine 22:3571). Rates: Gould 1992 (Statistics in Medicine 11:55). Nothing
here needs, or reveals, an arm.
"""

from __future__ import annotations

import math
from typing import Any

from equipoise.design.checks import flag, inside_unit, number, positive
from equipoise.design.sample_size import SampleSize, sample_size
from equipoise.errors import DesignError


def blinded_sd(pooled_sd: float, difference: float, *, ratio: float = 1.0) -> float:
    """Standard deviation within an arm, from that of all participants together.

    Takes off the part that the assumed `difference` of means would add,
    difference^2 r / (1 + r)^2. Raises `DesignError` where nothing is left.
    """
    lumped = positive(pooled_sd, "pooled_sd")
    share = positive(ratio, "ratio")
    variance = lumped**2 - number(difference, "difference") ** 2 * share / (1 + share) ** 2
    if variance <= 0:
        raise DesignError(
            f"A difference of {difference:g} alone would spread the data more than the observed "
            f"standard deviation {lumped:g}. Use the pooled value as it is, or assume less."
        )
    return math.sqrt(variance)


def blinded_rates(
    pooled_rate: float, odds_ratio: float, *, ratio: float = 1.0
) -> tuple[float, float]:
    """Control and experimental rates whose mixture is the pooled rate, at an odds ratio.

    The mixture weighs the arms 1 to `ratio`. Raises `DesignError`.
    """
    rate = inside_unit(pooled_rate, "pooled_rate")
    odds = positive(odds_ratio, "odds_ratio")
    share = positive(ratio, "ratio")
    a = odds - 1
    b = 1 + share * odds - (1 + share) * rate * a
    c = -(1 + share) * rate
    control = -2 * c / (b + math.sqrt(b * b - 4 * a * c))
    return control, odds * control / (1 + a * control)


def reestimate(
    endpoint: str,
    *,
    planned: float,
    most: float | None = None,
    may_shrink: bool = False,
    **parameters: Any,
) -> SampleSize:
    """`sample_size` with the updated nuisance parameter, kept within agreed limits.

    `planned` is the planned total; the new total lies between it (unless `may_shrink`) and
    `most` times it (default: no limit). Other parameters as for `sample_size`. Raises `DesignError`.
    """
    total = positive(planned, "planned")
    factor = math.inf if most is None else number(most, "most")
    if factor < 1:
        raise DesignError(f"most is {factor:g}; it multiplies the planned total. Give 1 or more.")
    fresh = sample_size(endpoint, **parameters)
    low = 0.0 if flag(may_shrink, "may_shrink") else total
    return _scaled(fresh, min(max(fresh.total, low), factor * total) / fresh.total)


def _scaled(size: SampleSize, factor: float) -> SampleSize:
    return SampleSize(
        total=size.total * factor,
        per_arm=(size.per_arm[0] * factor, size.per_arm[1] * factor),
        events=None if size.events is None else size.events * factor,
        maximum=size.maximum * factor,
        expected=size.expected * factor,
        expected_events=None if size.expected_events is None else size.expected_events * factor,
        fixed=size.fixed * factor,
    )
