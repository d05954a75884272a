"""How many participants have an event: hazards, accrual, drop-out, follow-up.

Lachin & Foulkes 1986 (Biometrics 42:507) with piecewise-constant hazards. A participant
entering u before the end is seen to have an event with probability
integral from 0 to u of h(s) exp(-H(s) - d s) ds, averaged over the entry times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np

from equipoise.design.checks import Array, needed, not_negative, positive, vector
from equipoise.errors import DesignError

PARAMETERS = ("accrual", "breaks", "control_hazard", "dropout", "fixed_follow_up", "follow_up")
_POINTS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """A piecewise-constant hazard: `rates` shape (pieces,), `breaks` between, (pieces - 1,)."""

    rates: Array
    breaks: Array

    def times(self, factor: float) -> Hazard:
        """The hazard multiplied throughout."""
        return Hazard(rates=self.rates * factor, breaks=self.breaks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """Entry over calendar time: `lengths` of periods and relative `rates`, shape (periods,).

    `follow_up` runs from the end of accrual to the analysis; `fixed_follow_up`, where given,
    is the longest that anyone is followed.
    """

    lengths: Array
    rates: Array
    follow_up: float
    fixed_follow_up: float | None


def seen(hazard: Hazard, dropout: float, horizon: float) -> float:
    """Probability of an observed event within `horizon` of entry, before dropping out."""
    edges = np.concatenate([[0.0], hazard.breaks, [math.inf]])
    alive, total = 1.0, 0.0
    for rate, start, end in zip(hazard.rates, edges[:-1], edges[1:], strict=True):
        length = min(float(end), horizon) - float(start)
        if length <= 0:
            break
        leaving = float(rate) + dropout
        gone = -math.expm1(-leaving * length)
        total += alive * gone * float(rate) / leaving if leaving > 0 else 0.0
        alive *= 1 - gone
    return total


def event_probability(hazard: Hazard, accrual: Accrual, dropout: float) -> float:
    """Probability that a participant is seen to have an event by the analysis."""
    exposure_ends = np.concatenate([[0.0], np.cumsum(accrual.lengths)])
    analysis = float(exposure_ends[-1]) + accrual.follow_up
    weight = total = 0.0
    for rate, start, end in zip(accrual.rates, exposure_ends[:-1], exposure_ends[1:], strict=True):
        low, high = analysis - float(end), analysis - float(start)
        total += float(rate) * _mean_over(hazard, dropout, low, high, accrual.fixed_follow_up)
        weight += float(rate) * (high - low)
    return total / weight


def _mean_over(
    hazard: Hazard, dropout: float, low: float, high: float, longest: float | None
) -> float:
    """Integral of `seen` over times on study, exact to rounding between its kinks."""
    kinks = [*hazard.breaks.tolist(), *([] if longest is None else [longest])]
    edges = [low, *sorted(x for x in kinks if low < x < high), high]
    points, weights = cast(Any, np.polynomial.legendre.leggauss(_POINTS))
    total = 0.0
    for start, end in pairwise(edges):
        half = (end - start) / 2
        for point, share in zip(points, weights, strict=True):
            on_study = start + half * (1 + float(point))
            kept = on_study if longest is None else min(on_study, longest)
            total += half * float(share) * seen(hazard, dropout, kept)
    return total


def read_hazard(parameters: Mapping[str, Any]) -> Hazard:
    """`control_hazard`: one rate, or one for each piece between `breaks`."""
    value = needed(parameters, "control_hazard", "An accrual model")
    rates = vector(value if np.ndim(value) else [value], "control_hazard")
    given = parameters.get("breaks")
    none = given is None or (isinstance(given, (list, tuple)) and not given)
    breaks = np.empty(0) if none else vector(given, "breaks")
    if breaks.size != rates.size - 1 or (np.diff(breaks, prepend=0.0) <= 0).any():
        raise DesignError(
            f"control_hazard has {rates.size} pieces and breaks {breaks.size} times. Give one "
            "increasing positive break between each two pieces."
        )
    if (rates < 0).any():
        raise DesignError("control_hazard is negative somewhere. Hazards are 0 or more.")
    if not rates.any():
        raise DesignError("control_hazard is 0 throughout: no events would happen. Give a hazard.")
    return Hazard(rates=rates, breaks=breaks)


def read_accrual(parameters: Mapping[str, Any]) -> Accrual:
    """`accrual`: a duration, or (duration, rate) pairs; `follow_up`; `fixed_follow_up`."""
    value = needed(parameters, "accrual", "An accrual model")
    pairs = value if np.ndim(value) else [(value, 1.0)]
    if np.ndim(pairs) != 2 or np.shape(pairs)[1] != 2:
        raise DesignError(
            "accrual is neither a duration nor a list of (duration, rate) pairs. Give one of these."
        )
    lengths = np.array([positive(length, "An accrual duration") for length, _ in pairs])
    rates = np.array([not_negative(rate, "An accrual rate") for _, rate in pairs])
    if not rates.any():
        raise DesignError("Accrual rates are 0 throughout: nobody would enter. Give a rate.")
    longest = parameters.get("fixed_follow_up")
    return Accrual(
        lengths=lengths,
        rates=rates,
        follow_up=not_negative(parameters.get("follow_up", 0.0), "follow_up"),
        fixed_follow_up=None if longest is None else positive(longest, "fixed_follow_up"),
    )
