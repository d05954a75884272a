"""From parts to figures, each with its Monte Carlo error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.rehearsal.accrual import arrival_days
from equipoise.rehearsal.chunks import Part
from equipoise.rehearsal.trial import Design, endpoint_of, estimand_of, looks_for

FloatArray = NDArray[np.float64]

DURATIONS = 2_000
"""Trials, from the first, whose arrivals are computed for durations and sample sizes."""

TRIALS_AT_ONCE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One estimand over all trials of a rehearsal.

    Attributes:
        rejected: number of trials with a rejection at the protocol's alpha, at an interim or
            the end; two-sided where the protocol's test is.
        power: the share of them.
        power_benefit: share of trials rejected in favour of the experimental arm.
        mc_error: standard error of `power` from the number of trials.
        median_estimate: median over trials, on the estimand's scale.

    """

    estimand: str
    method: str
    rejected: int
    power: float
    power_benefit: float
    mc_error: float
    median_estimate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """How often trials ended at a look, and how often its conditional power was too low.

    `efficacy` and `harm` are shares of all trials; at the last look they are findings.
    `futility` is advice (non-binding): no simulated trial stops for it.
    """

    look: int
    participants: int
    efficacy: float
    harm: float
    futility: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How long trials last, and how many they randomise."""

    duration_days: dict[str, float]
    expected_participants: float


def results(design: Design, part: Part) -> tuple[Result, ...]:
    """One result per estimand, in the order asked for."""
    return tuple(_result(design, part, row) for row in range(len(design.estimands)))


def mc_error(share: float, trials: int) -> float:
    """Standard error of a share of `trials`."""
    return float(np.sqrt(share * (1 - share) / trials))


def _result(design: Design, part: Part, row: int) -> Result:
    estimand = estimand_of(design.study, design.estimands[row])
    trials = part.look.size
    rejected = int(part.rejected[row].sum())
    estimate = part.estimate[row]
    known = estimate[np.isfinite(estimate)]
    return Result(
        estimand=estimand.id,
        method=estimand.main.estimator,
        rejected=rejected,
        power=rejected / trials,
        power_benefit=float(part.benefit[row].mean()),
        mc_error=mc_error(rejected / trials, trials),
        median_estimate=float(np.median(known)) if known.size else None,
    )


def stops(design: Design, part: Part) -> tuple[Stop, ...]:
    """Per look the share of trials that end there with a finding; () without interims.

    Of the estimand that decides about stopping; where it was not asked for, the ends alone.
    """
    looks = looks_for(design)
    if len(looks.ranks) == 1 or looks.estimand not in design.estimands:
        return ()
    row = design.estimands.index(looks.estimand)
    found, good = part.rejected[row], part.benefit[row]
    return tuple(
        Stop(
            look=look + 1,
            participants=rank,
            efficacy=float((good & (part.look == look)).mean()),
            harm=float((found & ~good & (part.look == look)).mean()),
            futility=float(part.futile[look].mean()) if look < part.futile.shape[0] else None,
        )
        for look, rank in enumerate(looks.ranks)
    )


def course(design: Design, part: Part) -> Course:
    """Days from the opening of the first site to the last look's last day, and who was in.

    A trial that goes on to the end lasts until the last participant's primary endpoint. One
    that stops has randomised whoever arrived before the look.
    """
    ended = part.look[:DURATIONS]
    days, people = [], []
    for first in range(0, ended.size, TRIALS_AT_ONCE):
        some = ended[first : first + TRIALS_AT_ONCE]
        lasted, randomised = _course(design, first, some)
        days.append(lasted)
        people.append(randomised)
    p10, median, p90 = np.quantile(np.concatenate(days), [0.1, 0.5, 0.9])
    return Course(
        duration_days={"median": float(median), "p10": float(p10), "p90": float(p90)},
        expected_participants=float(np.concatenate(people).mean()),
    )


def _course(design: Design, first: int, ended: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Duration in days and participants of each trial, shape (trials,)."""
    looks = looks_for(design)
    primary = estimand_of(design.study, design.study.protocol.analysis.sequence[0])
    horizon = endpoint_of(design.study, primary).horizon
    arrived = arrival_days(
        design.scenario.accrual,
        design.participants,
        seed=design.seed,
        scenario=design.scenario.id,
        first=first,
        trials=ended.size,
    )
    ranks = np.array(looks.ranks)
    last = ended == ranks.size - 1
    lasted = arrived[np.arange(ended.size), ranks[ended] - 1]
    lasted = lasted + np.where(last, horizon, looks.minimum_day)
    randomised = (arrived <= lasted[:, None]).sum(axis=1).astype(np.float64)
    return lasted, randomised
