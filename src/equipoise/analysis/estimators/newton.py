"""Maximum likelihood by Newton's method, with an honest answer where no maximum exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from equipoise.analysis.estimators.inputs import FloatArray
from equipoise.errors import NotEstimable

MAXIMUM_STEPS = 100
MAXIMUM_HALVINGS = 40
DECREMENT = 1e-16  # squared distance to the maximum in standard errors; one more step follows
COLLINEAR = 1e-10  # smallest eigenvalue of the scaled information at the start
VANISHED = 1e-7  # the same relative to the start: the likelihood has gone flat


class Point(NamedTuple):
    """A log-likelihood with its first and negative second derivatives, (p,) and (p, p)."""

    value: float
    gradient: FloatArray
    information: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Maximum:
    """Where a log-likelihood is largest. `covariance` inverts the observed information."""

    parameters: FloatArray  # (p,)
    covariance: FloatArray  # (p, p)
    log_likelihood: float
    log_likelihood_start: float


def maximise(objective: Callable[[FloatArray], Point], start: FloatArray, what: str) -> Maximum:
    """Climb a concave log-likelihood from `start`.

    Raises:
        NotEstimable: parameters cannot be told apart at the start (collinear, constant),
            or the likelihood keeps rising for ever (separation).

    """
    at = np.asarray(start, dtype=np.float64)
    here = first = objective(at)
    scale = _scale(first.information, what)
    for _ in range(MAXIMUM_STEPS):
        _refuse_flat(here.information, scale, what)
        step = np.linalg.solve(here.information, here.gradient).astype(np.float64)
        arrived = float(here.gradient @ step) < DECREMENT
        at, here = _climb(objective, at, step, here, what)
        if arrived:
            _refuse_flat(here.information, scale, what)
            return Maximum(
                parameters=at,
                covariance=np.linalg.inv(here.information).astype(np.float64),
                log_likelihood=here.value,
                log_likelihood_start=first.value,
            )
    raise _separated(what)


def _scale(information: FloatArray, what: str) -> FloatArray:
    """Matrix that turns the information at the start into the identity."""
    spread = np.sqrt(np.maximum(np.diag(information), 0.0))
    if not np.all(np.isfinite(information)) or np.any(spread <= 0):
        raise _inseparable(what)
    scaled = information / np.outer(spread, spread)
    if np.linalg.eigvalsh(scaled)[0] < COLLINEAR:
        raise _inseparable(what)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(scaled)) / spread)


def _refuse_flat(information: FloatArray, scale: FloatArray, what: str) -> None:
    relative = scale @ information @ scale.T
    if not np.all(np.isfinite(relative)) or np.linalg.eigvalsh(relative)[0] < VANISHED:
        raise _separated(what)


def _climb(
    objective: Callable[[FloatArray], Point],
    at: FloatArray,
    step: FloatArray,
    here: Point,
    what: str,
) -> tuple[FloatArray, Point]:
    floor = here.value - 1e-10 * (1 + abs(here.value))  # rounding of a sum near the top
    for halvings in range(MAXIMUM_HALVINGS):
        place = at + step * 0.5**halvings
        there = objective(place)
        if there.value >= floor:
            return place, there
    raise _separated(what)


def _inseparable(what: str) -> NotEstimable:
    return NotEstimable(
        what,
        "some columns are constant or repeat each other wherever the data could tell them apart",
    )


def _separated(what: str) -> NotEstimable:
    return NotEstimable(what, "the data are separated, so the likelihood has no maximum")
