"""`equipoise new`: write a small study to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise.protocol.new import write_study

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write; new or empty.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("new", help="Write a small, valid study to start from.")(new)


def new(folder: Folder, as_document: JsonFlag = False) -> None:
    """Write a study; refused where the folder already holds something."""
    files = write_study(folder)
    if as_document:
        write_json({"path": str(folder), "files": list(files)})
        return
    console = page()
    console.print(Text(f"Wrote {len(files)} files to {folder}."))
    console.print(Text(f"Next: equipoise check {folder}"))
