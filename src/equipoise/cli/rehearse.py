"""`equipoise rehearse`: the whole trial on simulated participants, many times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from equipoise.cli.answer import FINDINGS, JsonFlag, StudyName, leave, messages, page, write_json
from equipoise.cli.studies import sound
from equipoise.cli.whereabouts import placed
from equipoise.errors import ScenarioError
from equipoise.protocol.model import Study

if TYPE_CHECKING:  # imported when it runs: its libraries take longer than a page of help
    from equipoise.rehearsal.grid import Sweep
    from equipoise.rehearsal.report import Question
    from equipoise.rehearsal.sweep import Rehearsal

Progressed = Callable[[int], None]
Options = dict[str, Any]
EFFECTS = (1.0, 1.15, 1.3, 1.5, 1.8)
"""What a report shows where no grid is asked for."""


ScenarioName = Annotated[str, typer.Option(help="Name of one of the study's scenarios.")]
Estimands = Annotated[
    str | None, typer.Option(help="Ids with commas between; the primary if left out.")
]
Effect = Annotated[float | None, typer.Option(help="The declared effect; 1 is none.")]
Trials = Annotated[
    float, typer.Option(help="How many trials; below 1, the Monte Carlo error wanted.")
]
Participants = Annotated[
    int | None, typer.Option(help="Randomised in each; the protocol's number if left out.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same numbers.")]
Workers = Annotated[int, typer.Option(help="Threads. They do not change any number.")]
Engine = Annotated[str | None, typer.Option(help="compiled or numpy.")]
Dask = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler whose workers run the trials.")
]
Grid = Annotated[
    list[str] | None,
    typer.Option(
        help="An axis and its values, such as effect=1,1.3,1.5; may be repeated. Axes: effect, "
        "participants, accrual (times the rates), drop_out."
    ),
]
ReportTo = Annotated[
    Path | None,
    typer.Option(
        "--report",
        help="Folder for report.html and sweep.json; a sweep interrupted goes on from there.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("rehearse", help="Simulate whole trials of a study under a scenario.")(
        rehearse_study
    )


def rehearse_study(
    study: StudyName,
    scenario: ScenarioName,
    estimands: Estimands = None,
    effect: Effect = None,
    trials: Trials = 1_000,
    participants: Participants = None,
    seed: Seed = 1,
    workers: Workers = 1,
    engine: Engine = None,
    dask: Dask = None,
    grid: Grid = None,
    report_to: ReportTo = None,
    as_document: JsonFlag = False,
) -> None:
    """Rehearse a study; everything is decided by its folder, the scenario and the seed."""
    from equipoise.rehearsal.sweep import rehearse

    loaded, axes = sound(study), _axes(grid)
    options: Options = {
        "scenario": scenario,
        "trials": trials,
        "seed": seed,
        "workers": workers,
        "estimands": _names(estimands),
        "engine": engine,
        "dask": dask,
        "folder": None if report_to is None else report_to / "parts",
    }
    with placed(study, scenario), _bar(trials) as progressed:
        answer = rehearse(
            loaded, effect=effect, participants=participants, progress=progressed, **options
        )
    document, swept = asdict(answer), None
    if report_to is not None or (answer.complete and axes):
        wanted = _wanted(axes, answer)
        with placed(study, scenario):
            swept = _swept(loaded, wanted, options) if answer.complete else None
            if swept is None or (report_to is not None and not swept.cells):
                swept = _part(loaded, answer, options)
        document |= {"cells": asdict(swept)["cells"], "complete": swept.complete}
        if report_to is not None and swept.cells:
            _write(loaded, _question(study, wanted, options, swept), swept, report_to)
    if as_document:
        write_json(document)
    else:
        _show(answer, swept, report_to)
    leave(0 if document["complete"] else FINDINGS)


def _swept(study: Study, grid: dict[str, tuple[float, ...]], options: Options) -> Sweep:
    from equipoise.rehearsal.grid import cells_of, sweep

    with _bar(options["trials"] * len(cells_of(grid))) as progressed:
        return sweep(study, grid=grid, progress=progressed, **options)


def _part(study: Study, answer: Rehearsal, options: Options) -> Sweep:
    """What an interrupted rehearsal had done, as a sweep of one cell that says so.

    Its parts are in the folder, so nothing is simulated again.
    """
    from equipoise.rehearsal.grid import sweep

    grid = {"effect": (answer.effect,), "participants": (float(answer.participants),)}
    done = options | {"trials": answer.trials}
    return replace(sweep(study, grid=grid, **done), complete=False)


def _question(
    study: str, grid: dict[str, tuple[float, ...]], options: Options, swept: Sweep
) -> Question:
    from equipoise.rehearsal.report import Question

    return Question(
        study=study,
        scenario=options["scenario"],
        grid=grid,
        trials=options["trials"],
        seed=options["seed"],
        estimands=swept.estimands,
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ScenarioError("", "--estimands is empty; give ids such as E1,E2 or leave it out.")
    return names


def _axes(grid: list[str] | None) -> dict[str, tuple[float, ...]]:
    """`--grid effect=1,1.3` as an axis and its values."""
    axes: dict[str, tuple[float, ...]] = {}
    for text in grid or ():
        name, _, values = text.partition("=")
        name = name.strip().replace("-", "_")
        try:
            axes[name] = tuple(float(value) for value in values.split(","))
        except ValueError as wrong:
            raise ScenarioError(
                "", f"--grid {text!r} cannot be read; write it as --grid effect=1,1.3,1.5."
            ) from wrong
    if axes:
        from equipoise.rehearsal.grid import cells_of

        cells_of(axes)
    return axes


def _wanted(axes: dict[str, tuple[float, ...]], answer: Rehearsal) -> dict[str, tuple[float, ...]]:
    """The grid asked for, completed by what stands on the command line."""
    effects = axes.get("effect") or ((answer.effect,) if axes else _effects(answer.effect))
    sizes = axes.get("participants") or (float(answer.participants),)
    return {**axes, "effect": effects, "participants": sizes}


def _effects(declared: float) -> tuple[float, ...]:
    return tuple(sorted({*EFFECTS, declared}))


def _write(study: Study, question: Question, found: Sweep, folder: Path) -> None:
    """The report and the figures behind it, next to the parts of the sweep."""
    from equipoise.rehearsal.chunks import remembered
    from equipoise.rehearsal.report import report

    folder.mkdir(parents=True, exist_ok=True)
    remembered(folder / "sweep.json", asdict(found))
    (folder / "report.html").write_text(report(study, question, found), encoding="utf-8")


@contextmanager
def _bar(trials: float) -> Iterator[Progressed]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    total = max(int(trials), 1) if trials >= 1 else None
    with Progress(*columns, console=messages(), transient=True) as bar:
        task = bar.add_task("trials", total=total)
        yield lambda done: bar.advance(task, done)


def _show(answer: Rehearsal, swept: Sweep | None, folder: Path | None) -> None:
    console = page()
    console.print(
        f"{answer.trials:,} trials of {answer.participants} participants, scenario "
        f"{answer.scenario}, declared effect {answer.effect:g}, seed {answer.seed}"
    )
    console.print(_results(answer))
    for stop in answer.stops:
        console.print(
            f"Look {stop.look} at {stop.participants}: ends for efficacy in {stop.efficacy:.1%}, "
            f"for harm in {stop.harm:.1%}"
        )
    for end in answer.safety:
        console.print(f"Safety board, rule {end.rule}: ends {end.share:.1%} of trials")
    for one in answer.results:
        if one.not_adjusted_for:
            left = ", ".join(one.not_adjusted_for)
            console.print(f"{one.estimand} is not adjusted for {left}: not simulated")
    days = answer.duration_days
    console.print(
        f"Duration {days['median']:.0f} days (80 % of trials {days['p10']:.0f} to "
        f"{days['p90']:.0f}). Simulated under declared assumptions; not data."
    )
    console.print(f"{answer.seconds:.1f} s, {answer.trials_per_second:,.0f} trials a second")
    if swept is not None and swept.cells:
        console.print(_cells(swept))
    if not answer.complete or (swept is not None and not swept.complete):
        kept = "" if folder is None else " The same command goes on from here."
        console.print(f"Interrupted: partial results.{kept}")
    if folder is not None and swept is not None and swept.cells:
        console.print(f"Report: {folder / 'report.html'}")


def _results(answer: Rehearsal) -> Table:
    several = any(one.any_arm is not None for one in answer.results)
    table = Table(box=None, pad_edge=False)
    for heading in ("Estimand", *(["Arm"] if several else []), "Method"):
        table.add_column(heading)
    numbers = ("Power", "favour", "± MC", "sequence", "estimate")
    for heading in (*numbers, *(["any arm"] if several else [])):
        table.add_column(heading, justify="right")
    for one in answer.results:
        cells = [one.estimand, *([one.arm] if several else []), one.method]
        cells += [f"{one.power:.1%}", f"{one.power_benefit:.1%}", f"{one.mc_error:.2%}"]
        cells.append("" if one.power_in_sequence is None else f"{one.power_in_sequence:.1%}")
        cells.append("" if one.median_estimate is None else f"{one.median_estimate:.3f}")
        cells += ["" if one.any_arm is None else f"{one.any_arm:.1%}"] if several else []
        table.add_row(*cells)
    return table


def _cells(swept: Sweep) -> Table:
    table = Table(box=None, pad_edge=False)
    several = any(row.result.any_arm is not None for row in swept.cells[0].results)
    names = [
        f"{row.result.estimand} {row.result.arm}" if several else row.result.estimand
        for row in swept.cells[0].results
    ]
    for heading in ("Effect", "Participants", "Accrual", "Drop-out", *names, "Days"):
        table.add_column(heading, justify="right")
    for cell in swept.cells:
        powers = [f"{row.result.power_benefit:.1%}" for row in cell.results]
        place = (f"{cell.effect:g}", str(cell.participants), f"{cell.accrual:g}")
        days = f"{cell.duration_days['median']:.0f}"
        table.add_row(*place, f"{cell.drop_out:.0%}", *powers, days)
    return table
