"""From parts to figures, each with its Monte Carlo error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.rehearsal.accrual import arrival_days
from equipoise.rehearsal.chunks import Part
from equipoise.rehearsal.trial import Design, adjusted_by, endpoint_of, estimand_of, looks_for

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DURATIONS = 2_000
"""Trials, from the first, whose arrivals are computed for durations and sample sizes."""

TRIALS_AT_ONCE, ARRIVALS_AT_ONCE = 250, 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One estimand over all trials of a rehearsal, one experimental arm against the control.

    Attributes:
        arm: the experimental arm.
        rejected: number of trials with a rejection at the protocol's alpha, at an interim or
            the end; two-sided where the protocol's test is.
        power: the share of them.
        power_benefit: share of trials rejected in favour of the experimental arm.
        mc_error: standard error of `power` from the number of trials.
        median_estimate: median over trials, on the estimand's scale.
        rejected_in_sequence: share of trials in which this comparison and all before it in
            the protocol's fixed sequence reject (with several arms each estimand is tested
            arm by arm); None where one before it was not rehearsed, or it is not in it.
        power_in_sequence: the same in favour of the experimental arm every time.
        sequence_mc_error: standard error of `power_in_sequence`.
        rejected_mc_error: of `rejected_in_sequence`.
        any_arm: with several experimental arms, share of trials in which at least one of them
            is rejected on this estimand.
        adjusted_for: covariates of the estimand's main analysis that enter here too.
        not_adjusted_for: those that the simulated people do not have.

    """

    estimand: str
    arm: str
    method: str
    rejected: int
    power: float
    power_benefit: float
    mc_error: float
    median_estimate: float | None
    rejected_in_sequence: float | None
    power_in_sequence: float | None
    sequence_mc_error: float | None
    rejected_mc_error: float | None
    any_arm: float | None
    adjusted_for: tuple[str, ...]
    not_adjusted_for: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """How often trials ended at a look, and how often its conditional power was too low.

    `efficacy` and `harm` are shares of all trials; at the last look they are findings.
    `futility` is advice (non-binding): no simulated trial stops for it. `mc_errors` holds the
    standard error of each, in this order.
    """

    look: int
    participants: int
    efficacy: float
    harm: float
    futility: float | None
    mc_errors: tuple[float, float, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How long trials last, and how many they randomise."""

    duration_days: dict[str, float]
    expected_participants: float


def results(design: Design, part: Part) -> tuple[Result, ...]:
    """One result per comparison, in the order asked for."""
    passed = _in_sequence(design, part)
    return tuple(_result(design, part, row, passed) for row in range(len(design.rows)))


Passed = dict[int, tuple[float, float]]
"""By row, the shares rejected and in favour of a comparison and all before it."""


def _in_sequence(design: Design, part: Part) -> Passed:
    """How often the trial gets so far in the fixed sequence."""
    rejected, good = (np.ones(part.look.size, dtype=bool) for _ in range(2))
    found: Passed = {}
    for name in design.study.protocol.analysis.sequence:
        for arm in design.arms:
            if (name, arm) not in design.rows:
                return found
            row = design.rows.index((name, arm))
            rejected, good = rejected & part.rejected[row], good & part.benefit[row]
            found[row] = float(rejected.mean()), float(good.mean())
    return found


def mc_error(share: float, trials: int) -> float:
    """Standard error of a share of `trials`."""
    return float(np.sqrt(share * (1 - share) / trials))


def _result(design: Design, part: Part, row: int, passed: Passed) -> Result:
    name, arm = design.rows[row]
    estimand = estimand_of(design.study, name)
    trials = part.look.size
    rejected = int(part.rejected[row].sum())
    estimate = part.estimate[row]
    known = estimate[np.isfinite(estimate)]
    any_rejected, in_favour = passed.get(row, (None, None))
    adjusted = adjusted_by(design, estimand)
    return Result(
        estimand=estimand.id,
        arm=arm,
        method=estimand.main.estimator,
        rejected=rejected,
        power=rejected / trials,
        power_benefit=float(part.benefit[row].mean()),
        mc_error=mc_error(rejected / trials, trials),
        median_estimate=float(np.median(known)) if known.size else None,
        rejected_in_sequence=any_rejected,
        power_in_sequence=in_favour,
        sequence_mc_error=None if in_favour is None else mc_error(in_favour, trials),
        rejected_mc_error=None if any_rejected is None else mc_error(any_rejected, trials),
        any_arm=_any_arm(design, part, name),
        adjusted_for=adjusted.used,
        not_adjusted_for=adjusted.left_out,
    )


def _any_arm(design: Design, part: Part, name: str) -> float | None:
    if len(design.arms) == 1:
        return None
    mine = [row for row, (estimand, _) in enumerate(design.rows) if estimand == name]
    return float(part.rejected[mine].any(axis=0).mean())


def stops(design: Design, part: Part) -> tuple[Stop, ...]:
    """Per look the share of trials that end there with a finding; () without interims.

    Trials that the safety board ended are not among them. Of the comparison that decides about stopping; () where it was not asked for.
    """
    looks = looks_for(design)
    if len(looks.ranks) == 1 or looks.estimand not in design.estimands:
        return ()
    row = design.rows.index((looks.estimand, design.arms[0]))
    found, good = part.rejected[row], part.benefit[row]
    ended = [(part.look == look) & (part.halted < 0) for look in range(len(looks.ranks))]
    return tuple(
        _stop(part, look, rank, good & ended[look], found & ~good & ended[look])
        for look, rank in enumerate(looks.ranks)
    )


def _stop(part: Part, look: int, rank: int, good: BoolArray, harm: BoolArray) -> Stop:
    trials = part.look.size
    futile = float(part.futile[look].mean()) if look < part.futile.shape[0] else None
    efficacy, harmed = float(good.mean()), float(harm.mean())
    return Stop(
        look=look + 1,
        participants=rank,
        efficacy=efficacy,
        harm=harmed,
        futility=futile,
        mc_errors=(
            mc_error(efficacy, trials),
            mc_error(harmed, trials),
            None if futile is None else mc_error(futile, trials),
        ),
    )


def course(design: Design, part: Part, workers: int = 1) -> Course:
    """Days from the opening of the first site to the last look's last day, and who was in.

    A trial that goes on to the end lasts until the last participant's primary endpoint, and so
    does one that the safety board ended. One that stops at a look has randomised whoever
    arrived before it.
    """
    ended = part.look[:DURATIONS]
    halted = np.where(part.halted >= 0, part.people, 0)[:DURATIONS]
    together = max(1, min(TRIALS_AT_ONCE, ARRIVALS_AT_ONCE // design.participants))

    def block(first: int) -> tuple[FloatArray, FloatArray]:
        here = slice(first, first + together)
        return _course(design, first, ended[here], halted[here])

    with ThreadPoolExecutor(max_workers=workers) as pool:
        found = list(pool.map(block, range(0, ended.size, together)))
    days, people = zip(*found, strict=True)
    p10, median, p90 = np.quantile(np.concatenate(days), [0.1, 0.5, 0.9])
    return Course(
        duration_days={"median": float(median), "p10": float(p10), "p90": float(p90)},
        expected_participants=float(np.concatenate(people).mean()),
    )


def _course(
    design: Design, first: int, ended: NDArray[np.int64], halted: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Duration in days and participants of each trial, shape (trials,).

    `halted` is how many a trial had randomised when the safety board ended it, 0 if not.
    """
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
    size = np.where(halted > 0, halted, ranks[ended])
    lasted = arrived[np.arange(ended.size), size - 1]
    lasted = lasted + np.where(last, horizon, looks.minimum_day)
    randomised = (arrived <= lasted[:, None]).sum(axis=1)
    return lasted, np.where(halted > 0, halted, randomised).astype(np.float64)
