"""The boundary value at which a walk crosses with a given probability."""

from __future__ import annotations

import math

from scipy.special import ndtri

from equipoise.design.integration import Walk, above, below, density
from equipoise.design.roots import brentq

_STEPS = 40
_TOLERANCE = 1e-14
_FURTHEST = 100.0


def upper(walk: Walk, information: float, probability: float) -> float:
    """The z with P(reach the look, Z >= z) = `probability`; infinite where nothing is to spend.

    Newton's method on the logarithm. The start ignores earlier stopping, so it lies beyond
    the root, and the logarithm of the tail is concave: the steps approach from one side.
    Minus infinity where less than `probability` of the walk is left.
    """
    if probability <= 0:
        return math.inf
    if probability >= walk.remaining:
        return -math.inf
    start = _mean(walk, information) - _sd(walk, information) * float(ndtri(probability))
    z = start
    for _ in range(_STEPS):
        tail = above(walk, information, z)
        slope = density(walk, information, z)
        if tail <= 0 or slope <= 0 or abs(z - start) > _FURTHEST:
            break
        step = math.log(tail / probability) * tail / slope
        z += step
        if abs(step) < _TOLERANCE * (1 + abs(z)):
            return z
    return _bracketed(walk, information, probability, start)


def lower(walk: Walk, information: float, probability: float) -> float:
    """The z with P(reach the look, Z <= z) = `probability`: the mirror image of `upper`."""
    return -upper(_mirrored(walk), information, probability)


def inner(walk: Walk, information: float, probability: float, outer: float) -> float:
    """The z in [0, outer] with P(reach the look, |Z| <= z) = `probability`.

    0 where nothing is to spend, `outer` where even that holds too little.
    """

    def excess(z: float) -> float:
        return below(walk, information, z) - below(walk, information, -z) - probability

    if probability <= 0:
        return 0.0
    widest = min(outer, _FURTHEST + abs(_mean(walk, information)))
    if excess(widest) <= 0:
        return outer
    return float(brentq(excess, 0.0, widest, xtol=1e-13, rtol=1e-14))


def _mirrored(walk: Walk) -> Walk:
    return Walk(
        information=walk.information,
        drift=-walk.drift,
        reach=walk.reach,
        places=-walk.places,
        mass=walk.mass,
    )


def _mean(walk: Walk, information: float) -> float:
    """Mean of Z as if the walk had never been stopped."""
    if walk.places.size == 1:
        ahead = float(walk.places[0]) + walk.drift * (information - walk.information)
        return ahead / math.sqrt(information)
    return walk.drift * math.sqrt(information)


def _sd(walk: Walk, information: float) -> float:
    """Standard deviation of Z as if the walk had never been stopped."""
    known = walk.information if walk.places.size == 1 else 0.0
    return math.sqrt(1 - known / information)


def _bracketed(walk: Walk, information: float, probability: float, start: float) -> float:
    """The same root by bisection and interpolation, where Newton's steps stall or overshoot.

    That happens where a futility wedge leaves a tail that is not log-concave.
    """
    low, high = start - 1.0, start + 1e-6
    while above(walk, information, low) < probability:
        low = start - 2 * (start - low)
        if start - low > _FURTHEST:
            return -math.inf
    while above(walk, information, high) > probability:
        high += 1.0

    def excess(z: float) -> float:
        return above(walk, information, z) - probability

    return float(brentq(excess, low, high, xtol=1e-14, rtol=1e-14))
