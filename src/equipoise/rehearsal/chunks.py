"""Running many trials in chunks: over threads, over a cluster, and on after an interrupt.

Chunks have a fixed size and every trial its own streams, so no number depends on who runs
what, or on how often a chunk had to be run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from equipoise.digest import canonical_json
from equipoise.errors import ScenarioError
from equipoise.rehearsal.board import Halts, halts, stops_trials
from equipoise.rehearsal.looks import judged_early, stops, tested
from equipoise.rehearsal.setup import Only
from equipoise.rehearsal.trial import Design, looks_for, simulate

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CHUNK = 500  # trials
LAYOUT = 3
"""Changes whenever parts kept by an older version would no longer be the same numbers."""
Chunk = tuple[int, int]  # first trial, number of trials


class Part(NamedTuple):
    """What some trials came to, where each ended; one column per trial, one row per comparison.

    Comparisons are those of `Design.rows`: estimand by estimand, arm by arm.
    """

    look: NDArray[np.int64]  # (trials,), index of the last look taken
    rejected: BoolArray  # (comparisons, trials)
    benefit: BoolArray
    z: FloatArray
    estimate: FloatArray
    futile: BoolArray  # (looks - 1, trials), conditional power too low, had the trial got there
    halted: NDArray[np.int16]  # (trials,), rule of the safety board that ended it, -1 if none
    people: NDArray[np.int64]  # (trials,), randomised when it did, all planned otherwise


class Runner(Protocol):
    """Runs chunks and gives their parts back in the order asked for."""

    def __call__(self, design: Design, chunks: Sequence[Chunk]) -> Iterator[Part]:
        """The parts of `chunks`, in order."""


def run_chunk(design: Design, chunk: Chunk, engine: str | None = None) -> Part:
    """Simulate one chunk and decide where each of its trials ends.

    The first experimental arm's comparison of the leading estimand, first in the protocol's
    sequence, decides about stopping; the others are tested once, where it ended. A trial that
    the safety board ends is tested with those randomised by then: at the last planned
    boundary where a look was taken before, else at that of a trial without interims.
    """
    looks = looks_for(design)
    outcomes = simulate(_asked(design), first=chunk[0], trials=chunk[1], engine=engine)
    led = next((o.z for o in outcomes if o.estimand == looks.estimand), None)
    leading = None if led is None else stops(looks, led)
    ended = np.full(chunk[1], len(looks.ranks) - 1) if leading is None else leading.look
    kept = outcomes[: len(design.rows)]
    sequence = design.study.protocol.analysis.sequence
    verdicts = [
        leading
        if leading is not None and o.z is led
        else tested(looks, o.z, ended, in_sequence=o.estimand in sequence)
        for o in kept
    ]
    at = np.arange(chunk[1])
    part = Part(
        look=ended,
        rejected=np.array([v.rejected for v in verdicts]),
        benefit=np.array([v.benefit for v in verdicts]),
        z=np.array([o.z[at, ended] for o in kept]),
        estimate=np.array([o.estimate[at, ended] for o in kept]),
        futile=_futile(np.empty((chunk[1], 1)) if led is None else led, looks.futility, ended),
        halted=np.full(chunk[1], -1, dtype=np.int16),
        people=np.full(chunk[1], design.participants),
    )
    if not stops_trials(design.study.protocol, design.scenario):
        return part
    found = halts(design, looks, ended, first=chunk[0], engine=engine)
    return _cut_short(design, chunk, part, found, led, engine)


def _cut_short(
    design: Design,
    chunk: Chunk,
    part: Part,
    found: Halts,
    led: FloatArray | None,
    engine: str | None,
) -> Part:
    """The same trials, those that the board ended analysed with the people they then had."""
    rows = np.flatnonzero(found.rule >= 0)
    if not rows.size:
        return part
    looks, sequence = looks_for(design), design.study.protocol.analysis.sequence
    only = Only(rows, found.people[rows])
    outcomes = simulate(design, first=chunk[0], trials=chunk[1], engine=engine, only=only)
    for row, outcome in enumerate(outcomes):
        z = outcome.z[:, -1]
        verdict = judged_early(looks, z, found.looks[rows], outcome.estimand in sequence)
        part.rejected[row, rows], part.benefit[row, rows] = verdict
        part.z[row, rows], part.estimate[row, rows] = z, outcome.estimate[:, -1]
    part.look[rows] = len(looks.ranks) - 1
    part.futile[:, rows] &= np.arange(part.futile.shape[0])[:, None] < found.looks[None, rows]
    return part._replace(halted=found.rule, people=found.people)


@lru_cache(maxsize=32)
def _asked(design: Design) -> Design:
    """The design with the estimand that decides about stopping, where it stops at all."""
    looks = looks_for(design)
    if len(looks.ranks) == 1 or looks.estimand in design.estimands:
        return design
    return replace(design, estimands=(*design.estimands, looks.estimand))


def _futile(z: FloatArray, limits: Sequence[float], ended: NDArray[np.int64]) -> BoolArray:
    """Whether each interim that was reached found too little hope, shape (interims, trials)."""
    bound = np.array(limits)
    reached = np.arange(bound.size)[:, None] <= ended[None, :]
    return np.asarray((bound[:, None] > z[:, : bound.size].T) & reached)


def chunks_of(trials: int) -> list[Chunk]:
    """Trials cut into chunks of the fixed size."""
    return [(first, min(CHUNK, trials - first)) for first in range(0, trials, CHUNK)]


def joined(parts: Sequence[Part]) -> Part:
    """Many parts as one."""
    return Part(*(np.concatenate(column, axis=-1) for column in zip(*parts, strict=True)))


def threads(workers: int, engine: str | None = None) -> Runner:
    """A runner on threads of this process."""

    def run(design: Design, chunks: Sequence[Chunk]) -> Iterator[Part]:
        if workers == 1:
            yield from (run_chunk(design, chunk, engine) for chunk in chunks)
            return
        with ThreadPoolExecutor(max_workers=workers) as pool:
            waiting: list[Future[Part]] = []
            try:
                for chunk in chunks:
                    waiting.append(pool.submit(run_chunk, design, chunk, engine))
                    if len(waiting) > 4 * workers:
                        yield waiting.pop(0).result()
                while waiting:
                    yield waiting.pop(0).result()
            finally:
                for future in waiting:
                    future.cancel()

    return run


def kept_in(folder: Path, runner: Runner) -> Runner:
    """A runner that keeps every part in a folder and takes from there what it already holds."""

    def run(design: Design, chunks: Sequence[Chunk]) -> Iterator[Part]:
        place = folder / _name(design)
        place.mkdir(parents=True, exist_ok=True)
        missing = [chunk for chunk in chunks if not _file(place, chunk).exists()]
        fresh = runner(design, missing)
        for chunk in chunks:
            file = _file(place, chunk)
            if file.exists():
                yield _read(file)
            else:
                part = next(fresh)
                _write(file, part)
                yield part

    return run


def _file(place: Path, chunk: Chunk) -> Path:
    return place / f"{chunk[0]}-{chunk[1]}.npz"


def _name(design: Design) -> str:
    """A name that differs whenever anything that decides about the numbers does."""
    identity = [
        LAYOUT,
        design.study.digest,
        repr(design.scenario),
        repr(design.study.protocol.randomisation),
        design.effect,
        design.participants,
        design.seed,
        list(design.estimands),
    ]
    return hashlib.sha256(canonical_json(identity)).hexdigest()[:20]


def _write(file: Path, part: Part) -> None:
    """Whole or not at all: written beside and then moved."""
    beside = file.with_suffix(".part")
    with beside.open("wb") as out:
        np.savez(out, **part._asdict())
    beside.replace(file)


def _read(file: Path) -> Part:
    try:
        with np.load(file, allow_pickle=False) as stored:
            return Part(**{name: stored[name] for name in Part._fields})
    except (OSError, ValueError, KeyError) as wrong:
        raise ScenarioError(
            str(file), f"this part of a rehearsal cannot be read ({wrong}). Delete it and go on."
        ) from wrong


def progressing(runner: Runner, told: Callable[[int], None] | None) -> Runner:
    """A runner that tells how many trials are done."""

    def run(design: Design, chunks: Sequence[Chunk]) -> Iterator[Part]:
        for part in runner(design, chunks):
            if told is not None:
                told(part.look.size)
            yield part

    return run


def remembered(file: Path, document: Any) -> None:
    """Write a JSON document whole or not at all."""
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    beside.replace(file)
