"""`equipoise list-registry`: registry records become listings that the public can search."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="ClinicalTrials.gov API v2 records or pages (JSON)."),
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("list-registry", help="List registry records for the public search.")(list_registry)


def list_registry(files: Files, folder: Folder = DEFAULT, as_document: JsonFlag = False) -> None:
    """List every record of these files; one that is known is replaced."""
    open_instance(folder)
    from equipoise_server.services.portal.list_studies import list_records
    from equipoise_server.store.queries.listings import count

    found = [one for path in files for one in _files(path)]
    listed = list_records(found, at=datetime.now(UTC))
    if as_document:
        write_json({"listed": listed, "total": count()})
    else:
        page().print(f"Listed {listed} records; {count()} studies can be found here.")


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]
