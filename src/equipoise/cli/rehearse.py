"""`equipoise rehearse`: the whole trial on simulated participants, many times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from equipoise.cli.answer import JsonFlag, StudyName, messages, page, write_json
from equipoise.cli.studies import sound
from equipoise.errors import ScenarioError
from equipoise.rehearsal.sweep import Rehearsal, rehearse

Progressed = Callable[[int], None]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("rehearse", help="Simulate whole trials of a study under a scenario.")(
        rehearse_study
    )


def rehearse_study(
    study: StudyName,
    scenario: Annotated[str, typer.Option(help="Name of one of the study's scenarios.")],
    estimands: Annotated[
        str | None, typer.Option(help="Ids with commas between; the primary if left out.")
    ] = None,
    effect: Annotated[float | None, typer.Option(help="The declared effect; 1 is none.")] = None,
    trials: Annotated[int, typer.Option(help="How many trials to simulate.")] = 1_000,
    participants: Annotated[
        int | None, typer.Option(help="Randomised in each; the protocol's number if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 1,
    workers: Annotated[int, typer.Option(help="Threads. They do not change any number.")] = 1,
    engine: Annotated[str | None, typer.Option(help="compiled or numpy.")] = None,
    as_document: JsonFlag = False,
) -> None:
    """Rehearse a study; everything is decided by its folder, the scenario and the seed."""
    loaded = sound(study)
    with _bar(trials) as progressed:
        answer = rehearse(
            loaded,
            scenario=scenario,
            effect=effect,
            trials=trials,
            participants=participants,
            seed=seed,
            workers=workers,
            estimands=_names(estimands),
            engine=engine,
            progress=progressed,
        )
    if as_document:
        write_json(asdict(answer))
    else:
        _show(answer)


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ScenarioError("", "--estimands is empty; give ids such as E1,E2 or leave it out.")
    return names


@contextmanager
def _bar(trials: int) -> Iterator[Progressed]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages(), transient=True) as bar:
        task = bar.add_task("trials", total=max(trials, 1))
        yield lambda done: bar.advance(task, done)


def _show(answer: Rehearsal) -> None:
    console = page()
    console.print(
        f"{answer.trials:,} trials of {answer.participants} participants, scenario "
        f"{answer.scenario}, declared effect {answer.effect:g}, seed {answer.seed}"
    )
    table = Table(box=None, pad_edge=False)
    for heading in ("Estimand", "Method", "Power", "in favour", "± MC error", "Median estimate"):
        table.add_column(heading, justify="left" if heading in {"Estimand", "Method"} else "right")
    for one in answer.results:
        table.add_row(
            one.estimand,
            one.method,
            f"{one.power:.1%}",
            f"{one.power_benefit:.1%}",
            f"{one.mc_error:.2%}",
            f"{one.median_estimate:.3f}",
        )
    console.print(table)
    days = answer.duration_days
    console.print(
        f"Duration {days['median']:.0f} days (80 % of trials {days['p10']:.0f} to "
        f"{days['p90']:.0f}). Simulated under declared assumptions; not data."
    )
    console.print(f"{answer.seconds:.1f} s, {answer.trials_per_second:,.0f} trials a second")
