"""Interim looks: who is in them, their boundaries, and where each simulated trial stops.

A look at information fraction f takes the first f n participants in order of arrival, once
the last of them has passed the protocol's minimum day; so everyone in a look has been
followed, and the information is that share of the final one.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from equipoise.design import Boundaries, boundaries, drift_for
from equipoise.errors import DesignError, ScenarioError
from equipoise.protocol.estimands import AnalysisPlan
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import Scenario

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

USUAL_POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks of a rehearsal; one of them, the final analysis, where there is no interim.

    Attributes:
        ranks: participants in each look, ascending; the last is everybody.
        efficacy_z: shape (looks,), where the trial stops; two-sided for |z|.
        final_z: the bound of estimands outside the fixed sequence.
        sides: of the tests.
        estimand: the id that decides about stopping.
        minimum_day: days that everyone in an interim has passed.
        futility: shape (looks - 1,), z below which conditional power is too low, or empty.

    """

    ranks: tuple[int, ...]
    efficacy_z: tuple[float, ...]
    final_z: float
    sides: int
    estimand: str
    minimum_day: int = 0
    futility: tuple[float, ...] = ()

    @property
    def ends(self) -> tuple[int, ...]:
        """Ranks at which a new segment of participants begins."""
        return self.ranks[:-1]


def looks_of(protocol: Protocol, scenario: Scenario, participants: int) -> Looks:
    """The looks that a scenario takes: those of the protocol where it says `interim: true`.

    Raises:
        ScenarioError: no interim in the protocol, or boundaries that cannot be computed.

    """
    plan = protocol.analysis
    final = _final(plan)
    if not scenario.conduct.interim or plan.interim is None:
        return Looks(
            ranks=(participants,),
            efficacy_z=(final,),
            final_z=final,
            sides=plan.sides,
            estimand=plan.sequence[0],
        )
    bounds = planned(plan)
    ranks = tuple(math.ceil(f * participants - 1e-9) for f in bounds.fractions)
    if ranks[0] < 1 or any(b <= a for a, b in itertools.pairwise(ranks)):
        raise ScenarioError(
            "",
            f"{participants} participants are too few for looks at "
            f"{', '.join(f'{f:g}' for f in bounds.fractions)}. Take fewer looks or more people.",
        )
    estimand = plan.interim.estimand or plan.sequence[0]
    return Looks(
        ranks=ranks,
        efficacy_z=tuple(float(z) for z in bounds.efficacy_z),
        final_z=final,
        sides=plan.sides,
        estimand=estimand,
        minimum_day=plan.interim.minimum_day,
        futility=_futility(plan, bounds, estimand),
    )


def _final(plan: AnalysisPlan) -> float:
    if not 0 < plan.alpha < 1:
        raise ScenarioError(
            "", f"`analysis: alpha:` must lie between 0 and 1; got {plan.alpha:g}. Correct it."
        )
    return float(-ndtri(plan.alpha / plan.sides))


def planned(plan: AnalysisPlan) -> Boundaries:
    """The protocol's boundaries.

    Raises:
        ScenarioError: they cannot be computed; the sentence says why.

    """
    if plan.interim is None:
        raise ScenarioError("", "the protocol plans no interim analysis.")
    parameters: dict[str, Any] = dict(plan.interim.parameters)
    try:
        return boundaries(
            plan.interim.information,
            plan.interim.spending,
            alpha=plan.alpha,
            sides=plan.sides,
            **parameters,
        )
    except DesignError as wrong:
        raise ScenarioError("", f"`analysis: interim:` {wrong}") from wrong


def _futility(plan: AnalysisPlan, bounds: Boundaries, estimand: str) -> tuple[float, ...]:
    """Per interim the z at which conditional power under the target effect meets the limit.

    Conditional power at the last look alone: 1 - Phi((c - z sqrt(t) - d (1 - t)) /
    sqrt(1 - t)), with d the mean of z that the sample size was chosen for.
    """
    limit = plan.interim.futility_conditional_power if plan.interim else None
    if limit is None:
        return ()
    basis = next((b for b in plan.sample_size if b.estimand == estimand), None)
    drift = drift_for(bounds, basis.power if basis else USUAL_POWER)
    last = float(bounds.efficacy_z[-1])
    times = bounds.fractions[:-1]
    wanted = last - drift * (1 - times) + float(ndtri(limit)) * np.sqrt(1 - times)
    return tuple(float(z) for z in wanted / np.sqrt(times))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Where each trial ended, shape (trials,) each; and what it found about one estimand."""

    look: IntArray
    rejected: BoolArray
    benefit: BoolArray


def stops(looks: Looks, z: FloatArray) -> Stops:
    """The first look at which each trial crosses its boundary, else the last; `z` (trials, looks)."""
    bound = np.array(looks.efficacy_z)
    crossed = (np.abs(z) if looks.sides == 2 else z) >= bound
    last = z.shape[1] - 1
    look = np.where(crossed.any(axis=1), np.argmax(crossed, axis=1), last)
    rows = np.arange(z.shape[0])
    return Stops(look=look, rejected=crossed[rows, look], benefit=z[rows, look] >= bound[look])


def judged_early(
    looks: Looks, z: FloatArray, taken: IntArray, in_sequence: bool
) -> tuple[BoolArray, BoolArray]:
    """Rejections, and those in favour, of trials that ended between looks, shape (trials,).

    Where looks were `taken` before, the planned last boundary holds, else that of a trial
    without interims. Both keep the level: an analysis earlier than planned goes more closely
    with the looks before it, so that one of them crosses less often.
    """
    last = np.where(taken > 0, looks.efficacy_z[-1], looks.final_z)
    bound = last if in_sequence else np.full(z.shape, looks.final_z)
    benefit = z >= bound
    return (np.abs(z) >= bound if looks.sides == 2 else benefit), benefit


def tested(looks: Looks, z: FloatArray, ended: IntArray, *, in_sequence: bool) -> Stops:
    """A comparison without boundaries of its own, tested once, where the trial ended.

    One in the fixed sequence is held to the boundary of that look, any other to the level of
    a trial without interims.
    """
    bound = np.array(looks.efficacy_z)[ended] if in_sequence else looks.final_z
    at_end = z[np.arange(z.shape[0]), ended]
    benefit = at_end >= bound
    rejected = np.abs(at_end) >= bound if looks.sides == 2 else benefit
    return Stops(look=ended, rejected=rejected, benefit=benefit)
