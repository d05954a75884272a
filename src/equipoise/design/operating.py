"""What a set of boundaries does under a given effect: where trials stop, and how early."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from equipoise.design.checks import Array, number, target_power
from equipoise.design.group_sequential import Boundaries
from equipoise.design.integration import above, advance, begin, below
from equipoise.design.roots import brentq
from equipoise.design.sweep import continuation
from equipoise.errors import DesignError


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Probabilities of stopping at each look, shape (looks,).

    `efficacy`: above the upper boundary. `futility`: below the futility boundary (at the last
    look: ending without a finding). `harm`: below the lower boundary of a two-sided test.
    The three sum to 1 over all looks.
    """

    efficacy: Array
    futility: Array
    harm: Array

    @property
    def stopping(self) -> Array:
        """Probability that the trial ends at each look, shape (looks,)."""
        return self.efficacy + self.futility + self.harm

    @property
    def power(self) -> float:
        """Probability of a finding in favour of the upper side."""
        return float(self.efficacy.sum())


def crossing(boundaries: Boundaries, drift: float, *, ignore_futility: bool = False) -> Crossing:
    """Where the trial stops when Z has mean `drift` at full information.

    With `ignore_futility` the trial never stops below, as when a non-binding boundary is
    overruled. Method: Jennison & Turnbull 2000, chapter 19. Raises `DesignError`.
    """
    mean = number(drift, "drift")
    times, sides = boundaries.fractions, boundaries.sides
    walk = begin(mean)
    up, none, down = (np.zeros(times.size) for _ in range(3))
    for k, time in enumerate(times.tolist()):
        last = k == times.size - 1
        upper = float(boundaries.efficacy_z[k])
        lower = upper if last else _lower(boundaries, k, ignore_futility)
        up[k] = above(walk, time, upper)
        if sides == 2:
            down[k] = below(walk, time, -upper)
        if lower is not None:
            inward = -lower if sides == 2 else -math.inf
            none[k] = below(walk, time, lower) - below(walk, time, inward)
        if not last:
            walk = advance(walk, time, continuation(upper, lower, sides), float(times[k + 1]))
    return Crossing(efficacy=up, futility=none, harm=down)


def _lower(boundaries: Boundaries, k: int, ignore: bool) -> float | None:
    if ignore or boundaries.futility_z is None:
        return None
    return float(boundaries.futility_z[k])


def expected_information(boundaries: Boundaries, drift: float) -> float:
    """Mean information at which the trial stops, in the unit of `boundaries.information`.

    `drift` is the mean of Z at full information.
    """
    return float(np.dot(crossing(boundaries, drift).stopping, boundaries.information))


def drift_for(boundaries: Boundaries, power: float) -> float:
    """The mean of Z at full information at which the upper boundary is crossed with `power`."""
    wanted = target_power(power, float(boundaries.alpha_spent[-1]) / boundaries.sides)
    alpha = float(boundaries.alpha_spent[-1]) / boundaries.sides
    low = max(0.0, (float(ndtri(wanted)) - float(ndtri(alpha))) * 0.5)
    high = max(1.0, 2.5 * low)

    def excess(drift: float) -> float:
        return crossing(boundaries, drift).power - wanted

    while excess(high) < 0:
        low, high = high, 1.5 * high
        if high > 1e4:
            raise DesignError(
                f"No effect reaches a power of {wanted:g} with these boundaries: the futility "
                "boundary stops too many trials. Lower it, or lower the power."
            )
    if excess(low) > 0:
        low = 0.0
    return float(brentq(excess, low, high, xtol=1e-12, rtol=1e-12))
