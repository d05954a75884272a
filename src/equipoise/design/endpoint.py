"""What every kind of endpoint must be able to say about a trial without interim looks."""

from __future__ import annotations

import math
from typing import Protocol

from scipy.special import ndtr, ndtri

from equipoise.errors import DesignError


class Endpoint(Protocol):
    """An endpoint with its assumed effect. `alpha` is that of one side."""

    @property
    def event_share(self) -> float | None:
        """Expected events per participant, None where events do not drive information."""

    def total(self, alpha: float, power: float) -> float:
        """Participants over both arms, unrounded."""

    def power(self, alpha: float, total: float) -> float:
        """Probability of a finding in the assumed direction."""


def quantiles(alpha: float, power: float) -> float:
    """z(1 - alpha) + z(power): the mean that Z needs."""
    return float(ndtri(power)) - float(ndtri(alpha))


def power_of(alpha: float, mean: float) -> float:
    """Probability that a unit-variance normal with this mean exceeds z(1 - alpha)."""
    return float(ndtr(mean + float(ndtri(alpha))))


def imbalance(ratio: float) -> float:
    """(1 + r)^2 / r: participants needed, relative to a variance, for allocation ratio r."""
    return (1 + ratio) ** 2 / ratio


def distance(effect: float, null: float, what: str) -> float:
    """How far the assumed effect lies from the null value; refuses none at all."""
    gap = abs(effect - null)
    if gap < 1e-12 or not math.isfinite(gap):
        raise DesignError(
            f"The assumed {what} equals its value under the null hypothesis, so no number of "
            "participants could tell them apart. Assume an effect."
        )
    return gap
