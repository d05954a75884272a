"""`equipoise demo`: the reference trial from protocol to results, through the services."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from equipoise.cli.answer import JsonFlag, messages, page, write_json
from equipoise.errors import LiveUseRefused, ScenarioError
from equipoise.protocol.model import Study
from equipoise_server.commands.demo_wanted import Wanted
from equipoise_server.commands.instance import DEFAULT, DEMO, Folder, create_instance

REFERENCE = "nct05787288"
SCENARIO = "era-b-conduct"

MOST_PARTICIPANTS = 20_000

Progressed = Callable[[int, int], None]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo", help="Run a whole trial on simulated participants, then serve it.")(
        demonstrate
    )


def demonstrate(
    study: Annotated[str, typer.Argument(metavar="STUDY")] = REFERENCE,
    participants: Annotated[
        int | None,
        typer.Option(
            help="How many are randomised; the protocol's number if left out. "
            "0: nobody, an open trial to practise in."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same trial.")] = 7,
    scenario: Annotated[str | None, typer.Option(help="A scenario of the study.")] = None,
    effect: Annotated[float | None, typer.Option(help="The declared effect.")] = None,
    folder: Folder = DEFAULT,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replace an earlier demonstration in the folder.")
    ] = False,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the finished trial.")
    ] = True,
    port: Annotated[int, typer.Option(help="Where to serve it.")] = 8000,
    as_document: JsonFlag = False,
) -> None:
    """Everything runs through the services, as it would with people."""
    from equipoise.cli.studies import sound  # the checks load SciPy: no other verb waits for it

    loaded = sound(study)
    wanted = _wanted(loaded, participants, seed, scenario, effect)
    if fresh:
        _remove(folder)
    create_instance(folder, Path(loaded.folder), demo=True)
    if wanted.participants == 0:
        _practise(loaded, seed, folder, port=port if serve else None, json=as_document)
        return
    from equipoise_server.commands.demo_allocator import demo_allocator
    from equipoise_server.commands.demo_trial import run_trial

    began = time.perf_counter()
    with _bar(wanted.participants) as progressed:
        answer = run_trial(
            loaded, wanted, folder, progressed, allocator=lambda: demo_allocator(folder)
        )
    document = {
        **answer,
        "seconds": round(time.perf_counter() - began, 1),
        "results_path": str((folder / "results" / "results.json").resolve()),
        "url": f"http://127.0.0.1:{port}/" if serve else None,
    }
    _tell(document, as_document)
    if serve:
        _serve(folder, port)


def _practise(study: Study, seed: int, folder: Path, *, port: int | None, json: bool) -> None:
    """Open the trial with everybody's login and nobody in it."""
    from equipoise_server.commands.demo_practice import open_for_practice

    site = open_for_practice(study, folder, seed=seed, at=datetime.now(UTC))
    url = f"http://127.0.0.1:{port}/" if port else None
    if json:
        write_json({"participants": 0, "site": site, "url": url})
    else:
        page().print(f"The trial is open at {site}, with kits and nobody in it.")
    if port:
        _serve(folder, port)


def _wanted(
    study: Study, participants: int | None, seed: int, scenario: str | None, effect: float | None
) -> Wanted:
    """What was asked for, refused before anything is written.

    Raises:
        ScenarioError: numbers or a name that cannot be conducted.

    """
    from equipoise.rehearsal.setup import scenario_of

    planned = int(study.protocol.planned.value or 0)
    number = planned if participants is None else participants
    if not 0 <= number <= MOST_PARTICIPANTS:
        raise ScenarioError(
            "", f"--participants must be between 0 and {MOST_PARTICIPANTS:,}; got {number}."
        )
    chosen = scenario_of(study, scenario or _scenario(tuple(study.scenarios)))
    declared = chosen.effect if effect is None else effect
    if not (isfinite(declared) and declared > 0):
        raise ScenarioError("", f"an effect must be a positive number, 1 for none; got {declared}.")
    return Wanted(participants=number, seed=seed, scenario=chosen.id, effect=declared)


def _scenario(names: tuple[str, ...]) -> str:
    """The reference scenario where the study has it, else its first."""
    return SCENARIO if SCENARIO in names or not names else names[0]


def _remove(folder: Path) -> None:
    """Delete an earlier demonstration, and only that.

    Raises:
        LiveUseRefused: the folder holds something else.

    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / DEMO).is_file():
        raise LiveUseRefused(f"{folder} is not a demonstration; --fresh deletes nothing else")
    shutil.rmtree(folder)


@contextmanager
def _bar(participants: int) -> Iterator[Progressed]:
    columns = (
        TextColumn("participants through the trial"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=messages(), transient=True) as bar:
        task = bar.add_task("", total=participants)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(document: dict[str, Any], as_document: bool) -> None:
    if as_document:
        write_json(document)
        return
    page().print(
        f"{document['randomised']} participants randomised, {document['doses']} doses, "
        f"{document['visits']} visits, {document['records']} record versions, "
        f"{document['adverse_events']} adverse events in {document['seconds']} s.\n"
        f"{_accounted(document['accountability'])}\n"
        f"Scenario {document['scenario']}, declared effect {document['effect']:g} (1 is none).\n"
        f"Results: {document['results_path']}",
        soft_wrap=True,
    )


def _accounted(account: dict[str, Any]) -> str:
    gone = ("administered", "returned", "destroyed", "lost", "held")
    parts = ", ".join(f"{account[name]} {name}" for name in gone)
    return (
        f"Of {account['dispensed']} units dispensed: {parts}; difference {account['difference']}."
    )


def _serve(folder: Path, port: int) -> None:
    from equipoise_server.commands.demo_logins import logins, pins
    from equipoise_server.commands.serve import Place, run

    out = page()
    out.print(f"\nServing the trial at http://127.0.0.1:{port}/ (Ctrl-C stops it)")
    for login in logins(folder):
        out.print(f"  {login['role']:<28} {login['username']:<28} {login['password']}")
    at = Place(host="127.0.0.1", port=port, unblinded_port=port + 1, workers=2)
    out.print(f"\nThe unblinded side at {at.unblinded_url}, with a PIN")
    for login in pins(folder):
        out.print(f"  {login['role']:<28} {login['username']:<28} {login['pin']}")
    run(folder, at)
