"""Rehearsing one scenario: many trials, summarised with Monte Carlo error."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from equipoise.errors import ScenarioError
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal import summary
from equipoise.rehearsal.chunks import (
    CHUNK,
    Part,
    Runner,
    chunks_of,
    joined,
    kept_in,
    progressing,
    threads,
)
from equipoise.rehearsal.cluster import cluster
from equipoise.rehearsal.engines import engine_of
from equipoise.rehearsal.safety_stops import SafetyEnd, safety_ends
from equipoise.rehearsal.setup import scenario_of
from equipoise.rehearsal.summary import Result, Stop
from equipoise.rehearsal.trial import Design, estimand_of

MOST_TRIALS = 10_000_000
MOST_PARTICIPANTS = 1_000_000
MOST_BYTES = 8 * 2**30
WORKING = 2**28  # bytes that a worker needs besides what grows with the participants
BLOCK = 4 * CHUNK  # trials between two looks at the Monte Carlo error


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a scenario came to.

    `stops` has one entry per look where there are interims, `safety` one per rule of a safety
    board that stops trials (none where it only advises). `complete` is False after an
    interrupt: then `trials` says how many were done, and the figures are theirs.
    """

    scenario: str
    effect: float
    trials: int
    participants: int
    seed: int
    digest: str
    results: tuple[Result, ...]
    duration_days: dict[str, float]
    expected_participants: float
    stops: tuple[Stop, ...]
    safety: tuple[SafetyEnd, ...]
    complete: bool
    seconds: float
    trials_per_second: float


def rehearse(
    study: Study,
    *,
    scenario: str,
    effect: float | None = None,
    trials: float = 1_000,
    participants: int | None = None,
    seed: int = 1,
    workers: int = 1,
    estimands: tuple[str, ...] | None = None,
    engine: str | None = None,
    dask: str | None = None,
    folder: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Rehearsal:
    """Rehearse a whole trial many times.

    Args:
        study: a loaded study.
        scenario: the name of one of its scenarios.
        effect: the declared effect, 1 for none; the scenario's own if left out.
        trials: how many simulated trials; below 1, the Monte Carlo error wanted instead.
        participants: how many are randomised in each; the protocol's number if left out.
        seed: the same seed gives the same results, whatever the workers or the engine.
        workers: threads.
        estimands: ids; the first of the fixed sequence if left out.
        engine: "compiled" or "numpy"; the faster one installed if left out.
        dask: address of a Dask scheduler whose workers run the trials.
        folder: keeps what is done, so that an interrupted rehearsal goes on from there.
        progress: called with the number of trials done.

    Raises:
        ScenarioError: numbers or names that cannot be rehearsed.

    """
    began = time.perf_counter()
    design = design_of(
        study,
        scenario_of(study, scenario),
        effect=effect,
        participants=participants,
        seed=seed,
        estimands=estimands,
    )
    require(trials, design.participants, workers, len(design.rows))
    runner = progressing(runner_of(workers, engine, dask, folder), progress)
    parts, complete = gathered(enough(runner, design, trials))
    return _answer(design, joined(parts), workers, began, complete=complete)


def gathered(parts: Iterable[Part]) -> tuple[list[Part], bool]:
    """The parts done, and whether all were; an interrupt leaves those that came before it.

    Raises:
        KeyboardInterrupt: before the first was done.

    """
    done: list[Part] = []
    try:
        done.extend(parts)
    except KeyboardInterrupt:
        # extend keeps what came before the interrupt
        if not done:
            raise
        return done, False
    return done, True


def _answer(design: Design, part: Part, workers: int, began: float, *, complete: bool) -> Rehearsal:
    """What the parts came to; `began` is when, on the performance counter."""
    lasted = summary.course(design, part, workers)
    seconds = time.perf_counter() - began
    return Rehearsal(
        scenario=design.scenario.id,
        effect=design.effect,
        trials=part.look.size,
        participants=design.participants,
        seed=design.seed,
        digest=design.study.digest,
        results=summary.results(design, part),
        duration_days=lasted.duration_days,
        expected_participants=lasted.expected_participants,
        stops=summary.stops(design, part),
        safety=safety_ends(design, part),
        complete=complete,
        seconds=round(seconds, 3),
        trials_per_second=round(part.look.size / seconds, 1),
    )


def design_of(
    study: Study,
    scenario: Scenario,
    *,
    effect: float | None = None,
    participants: int | None = None,
    seed: int = 1,
    estimands: tuple[str, ...] | None = None,
) -> Design:
    """What is rehearsed, with the study's own numbers where none are given.

    Raises:
        ScenarioError: an estimand that the protocol does not have, or no number at all.

    """
    planned = study.protocol.planned.value
    size = participants if participants is not None else scenario.participants or planned
    if not isinstance(size, int | float) or isinstance(size, bool):
        raise ScenarioError("", "the study plans no number of participants; give --participants.")
    names = estimands or study.protocol.analysis.sequence[:1]
    return Design(
        study=study,
        scenario=scenario,
        effect=scenario.effect if effect is None else effect,
        participants=int(size),
        seed=seed,
        estimands=tuple(estimand_of(study, name).id for name in names),
    )


def runner_of(workers: int, engine: str | None, dask: str | None, folder: Path | None) -> Runner:
    """Who runs the chunks: threads or a cluster, with a folder to keep them in where given."""
    chosen = engine_of(engine) if dask is None else engine
    runner = threads(workers, chosen) if dask is None else cluster(dask, chosen)
    return runner if folder is None else kept_in(folder, runner)


def enough(runner: Runner, design: Design, trials: float) -> Iterator[Part]:
    """Parts until there are `trials`, or until the Monte Carlo error is small enough.

    The error is looked at after every block of trials in order, so that the number of trials
    does not depend on the workers either.
    """
    most = int(trials) if trials >= 1 else math.ceil(0.25 / trials**2)
    done, rejected = 0, None
    for part in runner(design, chunks_of(most)):
        yield part
        done += part.look.size
        found = part.rejected.sum(axis=1)
        rejected = found if rejected is None else rejected + found
        if trials < 1 and done % BLOCK == 0:
            share = (rejected + 2) / (done + 4)  # not 0 after a few trials without any
            if float((share * (1 - share) / done).max()) ** 0.5 <= trials:
                return


def require(trials: float, participants: int, workers: int, comparisons: int = 1) -> None:
    """Refuse numbers that no rehearsal can be made of, with the figure.

    Raises:
        ScenarioError: trials, participants or workers out of range, or too much memory.

    """
    if not 0 < trials <= MOST_TRIALS or (trials >= 1 and trials != int(trials)):
        raise ScenarioError(
            "",
            f"--trials must be a whole number between 1 and {MOST_TRIALS:,}, or a Monte Carlo "
            f"error below 1 such as 0.005; got {trials:g}.",
        )
    if trials < 5e-5:
        raise ScenarioError(
            "",
            f"a Monte Carlo error of {trials:g} needs over {MOST_TRIALS:,} trials; ask for less.",
        )
    limits = (("--participants", participants, MOST_PARTICIPANTS), ("--workers", workers, 1_024))
    for name, number, most in limits:
        if not 1 <= number <= most:
            raise ScenarioError("", f"{name} must be between 1 and {most:,}; got {number}.")
    count = int(trials) if trials >= 1 else math.ceil(0.25 / trials**2)
    needed = count * (19 + 18 * comparisons) * 2 + workers * (2 * CHUNK * participants + WORKING)
    room = min(MOST_BYTES, _physical())
    if needed > room:
        raise ScenarioError(
            "",
            f"{count:,} trials of {participants:,} participants and {comparisons} comparisons on "
            f"{workers} workers need about {needed / 2**30:.1f} GiB of memory; there is room for "
            f"{room / 2**30:.1f} GiB. Ask for fewer --trials, --participants or --workers.",
        )


def _physical() -> int:
    """Bytes of memory of this machine, or what is allowed at most where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return MOST_BYTES
