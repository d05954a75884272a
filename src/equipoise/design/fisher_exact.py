"""Fisher's exact test: power by enumeration, the smallest size that has it.

The test rejects, on each side, where the conditional (hypergeometric) tail is at most the
alpha of that side. Its power is a saw-tooth in the sample size; the size given is the
smallest whose power reaches the target (Thomas & Conlon 1992, Controlled Clinical Trials
13:134 describe the enumeration).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from equipoise.design.checks import Array
from equipoise.errors import DesignError

_MOST_PER_ARM = 20_000
_SPREAD = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FisherExact:
    """Two rates compared by Fisher's exact test."""

    control: float
    treatment: float
    ratio: float
    event_share: float | None = None

    def total(self, alpha: float, power: float) -> float:
        """Participants over both arms: whole numbers, as the test is exact for these only."""
        control_arm = self._start(alpha, power)
        while self._power(alpha, control_arm) >= power and control_arm > 1:
            control_arm = max(1, math.floor(0.9 * control_arm) - 2)
        while self._power(alpha, control_arm) < power:
            control_arm += 1
            if control_arm > _MOST_PER_ARM:
                raise DesignError(
                    f"Fisher's exact test needs more than {_MOST_PER_ARM} participants an arm "
                    "here. Use method='pooled', which agrees at such sizes."
                )
        return float(control_arm + self._other(control_arm))

    def power(self, alpha: float, total: float) -> float:
        """Probability of a finding in the assumed direction."""
        control_arm = round(total / (1 + self.ratio))
        if control_arm < 1:
            raise DesignError(f"{total:g} participants leave an arm empty. Give more.")
        return self._power(alpha, control_arm)

    def _other(self, control_arm: int) -> int:
        return max(1, round(self.ratio * control_arm))

    def _start(self, alpha: float, power: float) -> int:
        """A control arm a little too small: the continuity-corrected z test, less a margin.

        The correction is that of Casagrande, Pike & Smith 1978 (Biometrics 34:483).
        """
        gap = abs(self.treatment - self.control)
        pooled = (self.control + self.ratio * self.treatment) / (1 + self.ratio)
        z = float(ndtri(power)) - float(ndtri(alpha))
        plain = pooled * (1 - pooled) * (1 + 1 / self.ratio) * (z / gap) ** 2
        correction = (1 + math.sqrt(1 + 2 * (1 + 1 / self.ratio) / (plain * gap))) ** 2 / 4
        return max(1, math.floor(0.96 * plain * correction) - 6)

    def _power(self, alpha: float, control_arm: int) -> float:
        """Enumerate the control arm; find where the other arm begins to reject."""
        from scipy.stats import binom  # half a second to import, and rarely needed

        low, high = self.control, self.treatment
        if low > high:
            low, high = 1 - low, 1 - high
        other_arm = self._other(control_arm)
        counts = _likely_counts(control_arm, low)
        critical = _critical(counts, control_arm, other_arm, alpha)
        reject = binom.sf(critical - 1, other_arm, high)
        return float(np.dot(binom.pmf(counts, control_arm, low), reject))


def _likely_counts(n: int, rate: float) -> Array:
    half = _SPREAD * math.sqrt(n * rate * (1 - rate)) + _SPREAD
    return np.arange(max(0, math.floor(n * rate - half)), min(n, math.ceil(n * rate + half)) + 1.0)


def _critical(counts: Array, control_arm: int, other_arm: int, alpha: float) -> Array:
    """Smallest count in the other arm that rejects, for each control count; n + 1 if none."""
    from scipy.stats import hypergeom

    low = np.zeros(counts.size)
    high = np.full(counts.size, other_arm + 1.0)
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        tail = hypergeom.sf(middle - 1, control_arm + other_arm, counts + middle, other_arm)
        rejects = tail <= alpha * (1 + 1e-12)
        high = np.where(rejects, middle, high)
        low = np.where(rejects, low, middle + 1)
        low = np.minimum(low, high)
    return np.asarray(high)
