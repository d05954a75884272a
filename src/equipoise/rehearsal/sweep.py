"""Rehearsing: many trials in chunks over threads, summarised with Monte Carlo error.

Chunks have a fixed size and every trial its own streams, so the answer does not depend on
the number of workers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from equipoise.errors import ScenarioError
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal.accrual import last_arrivals
from equipoise.rehearsal.setup import scenario_of
from equipoise.rehearsal.trial import Outcome, simulate

FloatArray = NDArray[np.float64]

CHUNK = 500  # trials
MOST_TRIALS = 10_000_000
MOST_PARTICIPANTS = 1_000_000
DURATIONS = 2_000  # trials whose duration is computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One estimand over all trials of a rehearsal.

    Attributes:
        rejected: number of trials with a two-sided rejection at the protocol's alpha.
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
    median_estimate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a scenario came to."""

    scenario: str
    effect: float
    trials: int
    participants: int
    seed: int
    digest: str
    results: tuple[Result, ...]
    duration_days: dict[str, float]
    seconds: float
    trials_per_second: float


def rehearse(
    study: Study,
    *,
    scenario: str,
    effect: float | None = None,
    trials: int = 1_000,
    participants: int | None = None,
    seed: int = 1,
    workers: int = 1,
    estimands: tuple[str, ...] | None = None,
    engine: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Rehearsal:
    """Rehearse a whole trial many times.

    Args:
        study: a loaded study.
        scenario: the name of one of its scenarios.
        effect: the declared effect; the scenario's own where left out. 1 is none.
        trials: how many simulated trials.
        participants: how many are randomised in each; the protocol's number if left out.
        seed: the same seed gives the same results, whatever the workers or the engine.
        workers: threads.
        estimands: ids; the first of the fixed sequence if left out.
        engine: "compiled" or "numpy"; the faster one installed if left out.
        progress: called with the number of trials done.

    Raises:
        ScenarioError: numbers or names that cannot be rehearsed.

    """
    chosen = scenario_of(study, scenario)
    size = participants or chosen.participants or int(study.protocol.planned.value or 0)
    _require(trials, size, workers)
    declared = chosen.effect if effect is None else effect
    names = estimands or study.protocol.analysis.sequence[:1]
    began = time.perf_counter()

    def run(chunk: tuple[int, int]) -> tuple[Outcome, ...]:
        return simulate(
            study,
            chosen,
            effect=declared,
            participants=size,
            seed=seed,
            first=chunk[0],
            trials=chunk[1],
            estimands=tuple(names),
            engine=engine,
        )

    parts = list(_parts(run, trials, workers, progress))
    duration = _duration(study, chosen, size, seed, trials)
    seconds = time.perf_counter() - began
    return Rehearsal(
        scenario=chosen.id,
        effect=declared,
        trials=trials,
        participants=size,
        seed=seed,
        digest=study.digest,
        results=tuple(_summary(study, one) for one in zip(*parts, strict=True)),
        duration_days=duration,
        seconds=round(seconds, 3),
        trials_per_second=round(trials / seconds, 1),
    )


def _require(trials: int, participants: int, workers: int) -> None:
    limits = (
        ("--trials", trials, MOST_TRIALS),
        ("--participants", participants, MOST_PARTICIPANTS),
        ("--workers", workers, 1_024),
    )
    for name, number, most in limits:
        if not 1 <= number <= most:
            raise ScenarioError("", f"{name} must be between 1 and {most:,}; got {number}.")


def _parts(
    run: Callable[[tuple[int, int]], tuple[Outcome, ...]],
    trials: int,
    workers: int,
    progress: Callable[[int], None] | None,
) -> Iterator[tuple[Outcome, ...]]:
    chunks = [(first, min(CHUNK, trials - first)) for first in range(0, trials, CHUNK)]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for chunk, part in zip(chunks, pool.map(run, chunks), strict=True):
            if progress is not None:
                progress(chunk[1])
            yield part


def _summary(study: Study, parts: tuple[Outcome, ...]) -> Result:
    z = np.concatenate([part.z for part in parts])
    estimate = np.concatenate([part.estimate for part in parts])
    plan = study.protocol.analysis
    bound = float(norm.isf(plan.alpha / plan.sides))
    rejected = int((np.abs(z) >= bound).sum())
    power = rejected / z.size
    return Result(
        estimand=parts[0].estimand,
        method=parts[0].method,
        rejected=rejected,
        power=power,
        power_benefit=float((z >= bound).mean()),
        mc_error=float(np.sqrt(power * (1 - power) / z.size)),
        median_estimate=float(np.nanmedian(estimate)),
    )


def _duration(
    study: Study, scenario: Scenario, participants: int, seed: int, trials: int
) -> dict[str, float]:
    """Days from the opening of the first site to the last participant's primary endpoint."""
    first = study.protocol.analysis.sequence[0]
    estimand = next(e for e in study.protocol.estimands if e.id == first)
    endpoint = next(e for e in study.protocol.endpoints if e.id == estimand.endpoint)
    days = endpoint.horizon + last_arrivals(
        scenario.accrual,
        participants,
        seed=seed,
        scenario=scenario.id,
        first=0,
        trials=min(trials, DURATIONS),
    )
    p10, median, p90 = np.quantile(days, [0.1, 0.5, 0.9])
    return {"median": float(median), "p10": float(p10), "p90": float(p90)}
