"""The Armitage recursion: sub-densities of a Gaussian walk that stops at boundaries.

The score S of the trial is a Gaussian walk with independent increments: at information t
(scaled so that full information is 1) it has mean `drift * t` and variance t, and the test
statistic is Z = S / sqrt(t). Between looks the walk must stay inside the continuation
region; the density of S on that region follows from the density at the previous look by one
convolution (Armitage, McPherson & Rowe 1969, JRSS A 132:235; Jennison & Turnbull 2000,
*Group Sequential Methods*, chapter 19).

Each sub-density is smooth inside its region, so composite Gauss-Legendre panels, no wider
than a fixed multiple of the standard deviation of the neighbouring increments, give close to
machine precision with a few hundred points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
from scipy.special import ndtr

from equipoise.design.checks import Array
from equipoise.errors import DesignError

REACH = 8.5
"""Standard deviations kept on each side of the mean; 2e-17 of the mass lies beyond."""

_POINTS = 16
_PANEL = 4.0
_MOST_POINTS = 6000
_ROOT_2PI = math.sqrt(2 * math.pi)

Region = tuple[tuple[float, float], ...]
"""Where the trial goes on: disjoint intervals of Z, in increasing order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The walk after a look, given that the trial goes on.

    `places` are scores and `mass` the probability that each stands for (density times
    quadrature weight); both have shape (points,). The masses sum to the probability of
    reaching beyond this look.
    """

    information: float
    drift: float
    reach: float
    places: Array
    mass: Array

    @property
    def remaining(self) -> float:
        """Probability that the trial has not stopped."""
        return float(self.mass.sum())


@lru_cache(maxsize=1)
def _rule() -> tuple[Array, Array]:
    points, weights = cast(Any, np.polynomial.legendre.leggauss(_POINTS))
    return np.asarray(points, dtype=np.float64), np.asarray(weights, dtype=np.float64)


def begin(
    drift: float, *, score: float = 0.0, information: float = 0.0, reach: float = REACH
) -> Walk:
    """The walk before the first look, or known exactly at one: a point mass."""
    return Walk(
        information=information,
        drift=drift,
        reach=reach,
        places=np.array([score]),
        mass=np.array([1.0]),
    )


def above(walk: Walk, information: float, z: float) -> float:
    """Probability of reaching the look at `information` with Z of at least z."""
    return float(np.dot(ndtr(-_gaps(walk, information, z)), walk.mass))


def below(walk: Walk, information: float, z: float) -> float:
    """Probability of reaching the look at `information` with Z of at most z."""
    return float(np.dot(ndtr(_gaps(walk, information, z)), walk.mass))


def density(walk: Walk, information: float, z: float) -> float:
    """Sub-density of Z at the look at `information`."""
    gaps = _gaps(walk, information, z)
    scale = math.sqrt(information / (information - walk.information)) / _ROOT_2PI
    return float(np.dot(np.exp(-0.5 * gaps * gaps), walk.mass)) * scale


def _gaps(walk: Walk, information: float, z: float) -> Array:
    """How far z lies above where each place leads, in standard deviations of the step."""
    step = information - walk.information
    ahead = z * math.sqrt(information) - walk.drift * step
    return np.asarray((ahead - walk.places) / math.sqrt(step))


def advance(walk: Walk, information: float, region: Region, following: float) -> Walk:
    """Carry the walk through the look at `information`, keeping what falls in `region`.

    `following` is the information of the next look: it decides how fine the grid must be.
    """
    scale = math.sqrt(min(information - walk.information, following - information))
    parts = [_grid(walk, information, low, high, scale) for low, high in region]
    places = np.concatenate([p for p, _ in parts])
    weights = np.concatenate([w for _, w in parts])
    step = information - walk.information
    gaps = places[:, None] - (walk.places + walk.drift * step)
    kernel = np.exp(gaps * gaps * (-0.5 / step))
    mass = (kernel @ walk.mass) * (weights / (math.sqrt(step) * _ROOT_2PI))
    return Walk(
        information=information, drift=walk.drift, reach=walk.reach, places=places, mass=mass
    )


def _grid(
    walk: Walk, information: float, low: float, high: float, scale: float
) -> tuple[Array, Array]:
    """Gauss-Legendre places and weights on one interval of Z, on the scale of the score."""
    root = math.sqrt(information)
    centre, spread = _spread(walk, information)
    start = max(low * root, centre - spread)
    length = min(high * root, centre + spread) - start
    if length <= 0:
        return np.empty(0), np.empty(0)
    panels = math.ceil(length / (_PANEL * scale))
    if panels * _POINTS > _MOST_POINTS:
        raise DesignError(
            f"Two looks lie too close together near information {information:g} to be told "
            "apart numerically. Merge them, or move them further apart."
        )
    points, weights = _rule()
    half = 0.5 * length / panels
    middles = start + half * (2 * np.arange(panels) + 1)
    return (middles[:, None] + half * points).ravel(), np.tile(half * weights, panels)


def _spread(walk: Walk, information: float) -> tuple[float, float]:
    """Centre and half-width, in score units, outside which the walk does not come."""
    step = information - walk.information
    if walk.places.size == 1:
        return float(walk.places[0]) + walk.drift * step, walk.reach * math.sqrt(step)
    return walk.drift * information, walk.reach * math.sqrt(information)
