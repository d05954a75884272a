"""Sweeping a grid of scenarios: effect x participants x accrual x drop-out.

Every cell is rehearsed on the same random numbers, so that differences between cells are
those of the designs. Under an interrupt what is done so far is summarised and marked so.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ScenarioError
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario
from equipoise.randomisation import balance
from equipoise.rehearsal import summary
from equipoise.rehearsal.chunks import Part, Runner, joined, progressing
from equipoise.rehearsal.lists import ratio_of, scheme_of
from equipoise.rehearsal.safety_stops import SafetyStop, safety_stops
from equipoise.rehearsal.setup import scenario_of
from equipoise.rehearsal.summary import Result, Stop, mc_error
from equipoise.rehearsal.sweep import design_of, enough, gathered, require, runner_of
from equipoise.rehearsal.trial import Design
from equipoise.rehearsal.truth import truths

AXES = ("effect", "participants", "accrual", "drop_out")
MOST_CELLS = 1_000
CONFIDENCE = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class CellResult:
    """One comparison in one cell.

    Attributes:
        result: power, also in the fixed sequence, and median estimate, as of a single
            rehearsal.
        power_in_sequence: as in `result`.
        truth: the estimate that very large pure trials give.
        bias: mean estimate minus truth; of the logarithm for ratios.
        coverage: share of trials whose naive 95 % interval holds the truth.
        coverage_mc_error: its standard error.

    """

    result: Result
    power_in_sequence: float | None
    truth: float | None
    bias: float | None
    coverage: float | None
    coverage_mc_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One design of the grid; `accrual` multiplies the scenario's rates."""

    effect: float
    participants: int
    accrual: float
    drop_out: float
    trials: int
    results: tuple[CellResult, ...]
    duration_days: dict[str, float]
    expected_participants: float
    expected_doses: float | None
    stops: tuple[Stop, ...]
    safety: tuple[SafetyStop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessing:
    """How predictable and how uneven the protocol's lists are at one size.

    `guess_mc_error` is 0 where the rate is exact.
    """

    participants: int
    guess_rate: float
    guess_mc_error: float
    p95_imbalance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a grid came to. `complete` is False after an interrupt."""

    scenario: str
    seed: int
    digest: str
    estimands: tuple[str, ...]
    cells: tuple[Cell, ...]
    randomisation: tuple[Guessing, ...]
    complete: bool


def sweep(
    study: Study,
    *,
    scenario: str,
    grid: Mapping[str, Sequence[float]],
    trials: float = 1_000,
    seed: int = 1,
    workers: int = 1,
    estimands: tuple[str, ...] | None = None,
    engine: str | None = None,
    dask: str | None = None,
    folder: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sweep:
    """Rehearse every cell of a grid.

    Args:
        study: a loaded study.
        scenario: the name of one of its scenarios.
        grid: values of some of `effect, participants, accrual, drop_out`; what is left out
            stands as in the scenario.
        trials: of each cell; below 1, the Monte Carlo error wanted instead.
        seed: the same in every cell.
        workers: threads.
        estimands: ids; the first of the fixed sequence if left out.
        engine: "compiled" or "numpy"; the faster one installed if left out.
        dask: address of a Dask scheduler.
        folder: keeps what is done, so that an interrupted sweep goes on from there.
        progress: called with the number of trials done.

    Raises:
        ScenarioError: an unknown axis, or numbers that cannot be rehearsed.

    """
    base = scenario_of(study, scenario)
    designs = [_design(study, base, each, seed, estimands) for each in cells_of(grid)]
    for design in designs:
        require(trials, design.participants, workers, len(design.rows))
    runner = progressing(runner_of(workers, engine, dask, folder), progress)
    cells, complete = _cells(designs, cells_of(grid), runner, trials, engine)
    return Sweep(
        scenario=base.id,
        seed=seed,
        digest=study.digest,
        estimands=designs[0].estimands,
        cells=tuple(cells),
        randomisation=tuple(guessing(study, n) for n in sorted({d.participants for d in designs})),
        complete=complete,
    )


def _design(
    study: Study,
    base: Scenario,
    place: Mapping[str, float],
    seed: int,
    estimands: tuple[str, ...] | None,
) -> Design:
    """The design at one place of the grid."""
    return design_of(
        study,
        _changed(base, place),
        effect=place.get("effect"),
        participants=None if "participants" not in place else _whole(place["participants"]),
        seed=seed,
        estimands=estimands,
    )


def _cells(
    designs: Sequence[Design],
    places: Sequence[Mapping[str, float]],
    runner: Runner,
    trials: float,
    engine: str | None,
) -> tuple[list[Cell], bool]:
    cells: list[Cell] = []
    for design, place in zip(designs, places, strict=True):
        try:
            parts, complete = gathered(enough(runner, design, trials))
        except KeyboardInterrupt:
            return cells, False
        cells.append(_cell(design, place, joined(parts), engine))
        if not complete:
            return cells, False
    return cells, True


def cells_of(grid: Mapping[str, Sequence[float]]) -> list[dict[str, float]]:
    """Every combination of the values of a grid.

    Raises:
        ScenarioError: an unknown axis, no value, or too many combinations.

    """
    for axis, values in grid.items():
        if axis not in AXES:
            raise ScenarioError(
                "", f"there is no axis {axis!r} in a grid; choose among {', '.join(AXES)}."
            )
        if not values:
            raise ScenarioError("", f"--grid {axis}= has no values; give some with commas between.")
    axes = [axis for axis in AXES if axis in grid]
    found = [
        dict(zip(axes, point, strict=True)) for point in itertools.product(*(grid[a] for a in axes))
    ]
    if len(found) > MOST_CELLS:
        raise ScenarioError(
            "", f"this grid has {len(found):,} cells; at most {MOST_CELLS:,}. Take fewer values."
        )
    return found


def _whole(number: float) -> int:
    if number != int(number):
        raise ScenarioError("", f"participants come in whole numbers; got {number:g}.")
    return int(number)


def _changed(scenario: Scenario, place: Mapping[str, float]) -> Scenario:
    """The scenario at one place of the grid."""
    speed = place.get("accrual", 1.0)
    if not (speed > 0 and np.isfinite(speed)):
        raise ScenarioError("", f"accrual multiplies the rates and must be above 0; got {speed:g}.")
    lost = place.get("drop_out")
    if lost is not None and not 0 <= lost < 1:
        raise ScenarioError("", f"drop_out must be at least 0 and below 1; got {lost:g}.")
    conduct = scenario.conduct
    return replace(
        scenario,
        accrual=replace(scenario.accrual, rate_per_month=scenario.accrual.rate_per_month * speed),
        conduct=conduct if lost is None else replace(conduct, withdrawal=lost, lost=0.0),
    )


def _cell(design: Design, place: Mapping[str, float], part: Part, engine: str | None) -> Cell:
    lasted = summary.course(design, part)
    conduct = design.scenario.conduct
    true = truths(design, engine)
    return Cell(
        effect=design.effect,
        participants=design.participants,
        accrual=place.get("accrual", 1.0),
        drop_out=place.get("drop_out", conduct.withdrawal + conduct.lost),
        trials=part.look.size,
        results=tuple(_results(design, part, true)),
        duration_days=lasted.duration_days,
        expected_participants=lasted.expected_participants,
        expected_doses=_doses(design, lasted.expected_participants),
        stops=summary.stops(design, part),
        safety=safety_stops(design, part, trials=part.look.size, engine=engine),
    )


def _results(design: Design, part: Part, true: Sequence[float | None]) -> Iterator[CellResult]:
    for row, result in enumerate(summary.results(design, part)):
        bias, coverage = _bias_and_coverage(
            part.estimate[row], part.z[row], true[row], result.method
        )
        yield CellResult(
            result=result,
            power_in_sequence=result.power_in_sequence,
            truth=true[row],
            bias=bias,
            coverage=coverage,
            coverage_mc_error=None if coverage is None else mc_error(coverage, part.look.size),
        )


RATIOS = frozenset({"logrank", "cox", "proportional_odds", "win_ratio"})
NO_EFFECT = {"wilcoxon": 0.5}
"""What a method estimates where the arms do not differ, if that is not 0."""


def _bias_and_coverage(
    estimate: NDArray[np.float64],
    z: NDArray[np.float64],
    true: float | None,
    method: str,
) -> tuple[float | None, float | None]:
    """Bias and coverage over trials whose estimate exists; of the logarithm for ratios."""
    known = np.isfinite(estimate)
    if true is None or not known.any():
        return None, None
    ratio = method in RATIOS
    value = np.log(estimate[known]) if ratio else estimate[known]
    target = float(np.log(true)) if ratio else true
    error = np.abs(value - NO_EFFECT.get(method, 0.0)) / np.maximum(np.abs(z[known]), 1e-12)
    covered = np.abs(value - target) <= CONFIDENCE * error
    return float(value.mean() - target), float(covered.mean())


def _doses(design: Design, people: float) -> float | None:
    """Product doses that a trial is expected to use, of all arms."""
    dosing = design.study.protocol.dosing
    if dosing is None:
        return None
    return people * dosing.doses * (1.0 - design.scenario.conduct.missed_dose)


def guessing(study: Study, participants: int) -> Guessing:
    """Guess rate and imbalance of the protocol's scheme over one list of that many."""
    rule = scheme_of(study.protocol)
    found = balance(rule, ratio_of(study.protocol), participants)
    return Guessing(
        participants=participants,
        guess_rate=found.guess_rate,
        guess_mc_error=found.guess_mc_error,
        p95_imbalance=found.p95_imbalance,
    )
