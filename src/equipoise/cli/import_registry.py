"""`equipoise import-registry`: a registry record becomes a draft study folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from equipoise.cli.answer import DONE, FINDINGS, JsonFlag, leave, page, write_json
from equipoise.cli.studies import as_json
from equipoise.exchange.registry import import_record

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A ClinicalTrials.gov API v2 record (JSON).")
]
To = Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder to write; new or empty.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("import-registry", help="Make a draft study of a registry record.")(import_registry)


def import_registry(file: File, to: To, as_document: JsonFlag = False) -> None:
    """Write a draft; exit code 1 where the record leaves gaps, as every record does."""
    made = import_record(file, to)
    if as_document:
        write_json({"path": str(made.path), "findings": [as_json(one) for one in made.findings]})
    else:
        console = page()
        for one in made.findings:
            console.print(Text(f"{one.message}  ({one.code})"), soft_wrap=True)
        console.print(Text(f"Wrote a draft with {len(made.findings)} gaps to {made.path}."))
        console.print(Text(f"Next: equipoise check {made.path}"), soft_wrap=True)
    leave(FINDINGS if made.findings else DONE)
