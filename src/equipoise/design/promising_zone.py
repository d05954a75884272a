"""Increasing the sample size when interim results are promising.

Mehta & Pocock 2011 (Statistics in Medicine 30:3267), after Chen, DeMets & Lan 2004
(Statistics in Medicine 23:1023): where conditional power is high enough, more participants
may be added and the usual statistic used unchanged, without raising the type I error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri

from equipoise.design.checks import inside_unit, level, number, target_power
from equipoise.design.roots import brentq
from equipoise.errors import DesignError

_MOST = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisingZone:
    """What the interim look advises.

    `zone` is unfavourable, promising or favourable. `factor` is the new total over the
    planned one (1 outside the promising zone); `conditional_power` under the current trend is
    at the planned total, `new_conditional_power` at the new one. `least` is the conditional
    power at which the promising zone begins.
    """

    zone: str
    factor: float
    conditional_power: float
    new_conditional_power: float
    least: float


def promising_zone(
    z: float,
    information: float,
    *,
    power: float,
    most: float,
    alpha: float = 0.025,
    sides: int = 1,
    least: float | None = None,
) -> PromisingZone:
    """The zone of Z = `z` at `information`, a fraction of the planned total, and the new total.

    `power` is the conditional power aimed at, `most` the largest total over the planned one.
    `least` is where the promising zone begins, by default the smallest conditional power from
    which the type I error is safe. Raises `DesignError`.
    """
    total, count = level(alpha, sides)
    plan = _Plan(
        critical=-float(ndtri(total / count)),
        time=inside_unit(information, "information"),
        aim=target_power(power, total / count),
        most=number(most, "most"),
    )
    if not 1 < plan.most <= _MOST:
        raise DesignError(
            f"most is {plan.most:g}; the largest total must exceed the planned one, by no more "
            f"than {_MOST:g} times. Give, say, 2."
        )
    value = number(z, "z")
    safe = plan.least() if least is None else inside_unit(least, "least")
    now = plan.conditional_power(value, 1.0)
    zone = "favourable" if now >= plan.aim else "promising" if now >= safe else "unfavourable"
    factor = plan.factor(value) if zone == "promising" else 1.0
    return PromisingZone(
        zone=zone,
        factor=factor,
        conditional_power=now,
        new_conditional_power=plan.conditional_power(value, factor),
        least=safe,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Critical value, interim fraction, conditional power aimed at, largest total."""

    critical: float
    time: float
    aim: float
    most: float

    def conditional_power(self, z: float, factor: float) -> float:
        """Conditional power under the current trend with `factor` times the planned total."""
        step = factor - self.time
        gap = self.critical * math.sqrt(factor) - z * math.sqrt(self.time)
        return float(ndtr(-gap / math.sqrt(step) + z * math.sqrt(step / self.time)))

    def factor(self, z: float) -> float:
        """The smallest total that reaches the aim, up to the largest allowed."""
        if self.conditional_power(z, self.most) <= self.aim:
            return self.most
        if self.conditional_power(z, 1.0) >= self.aim:
            return 1.0
        return float(
            brentq(lambda f: self.conditional_power(z, f) - self.aim, 1.0, self.most, xtol=1e-12)
        )

    def adjusted_critical(self, z: float) -> float:
        """The critical value that keeps the conditional type I error at the new total."""
        factor = self.factor(z)
        known = z * math.sqrt(self.time)
        stretched = math.sqrt((factor - self.time) / (1 - self.time))
        return (stretched * (self.critical - known) + known) / math.sqrt(factor)

    def least(self) -> float:
        """Conditional power above which the adjusted critical value is no larger."""
        high = self._z_with(self.aim)
        low = self._z_with(0.5)
        steps = [low - (low + 1.0) * i / 200 for i in range(201)]
        safe = steps[0]
        for z in steps[1:]:
            if self.adjusted_critical(z) > self.critical:
                edge = float(
                    brentq(lambda x: self.adjusted_critical(x) - self.critical, z, safe, xtol=1e-12)
                )
                return self.conditional_power(min(edge, high), 1.0)
            safe = z
        return self.conditional_power(safe, 1.0)

    def _z_with(self, probability: float) -> float:
        return float(
            brentq(lambda z: self.conditional_power(z, 1.0) - probability, -20.0, 20.0, xtol=1e-12)
        )
