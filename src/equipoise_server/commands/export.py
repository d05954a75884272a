"""`equipoise export`: the study for others."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.answer import (
    DONE,
    FINDINGS,
    JsonFlag,
    leave,
    messages,
    page,
    write_json,
)
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

To = Annotated[
    str,
    typer.Option("--to", metavar="KIND", help="csv, odm, fhir, ctgov or who24."),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Where the files go; new or empty.")
]
By = Annotated[str, typer.Option("--by", help="User name of the person who exports.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("export", help="Write the data, or the registration, for others.")(export_instance)


def export_instance(
    to: To,
    out: Out,
    by: By = "statistician",
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Export an instance; exit code 1 where a registration is not complete."""
    open_instance(folder)
    from equipoise_server.services.trial.export import export
    from equipoise_server.store.accounts import person

    files = export(to, out=out, by=person(by), at=datetime.now(UTC))
    if as_document:
        write_json({"path": str(out), "files": [asdict(one) for one in files]})
    else:
        size = sum(one.bytes for one in files)
        page().print(f"{len(files)} files, {size:,} bytes in {out}", soft_wrap=True)
    leave(DONE if _complete(out) else FINDINGS)


def _complete(out: Path) -> bool:
    """What the gate of a registration says; True for an export without one."""
    gate = out / "completeness.json"
    if not gate.is_file():
        return True
    said = json.loads(gate.read_text(encoding="utf-8"))
    if not said["complete"]:
        missing = ", ".join(map(str, said["missing"]))
        messages().print(f"{said['filled']} of {said['of']} items are filled; missing: {missing}.")
    return bool(said["complete"])
