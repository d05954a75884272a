"""`equipoise analyse`: results, report, tables and figures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")]
By = Annotated[str, typer.Option("--by", help="User name of the person who analyses.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("analyse", help="Write the results of the locked, unblinded study.")(
        analyse_instance
    )


def analyse_instance(
    out: Out, by: By = "statistician", folder: Folder = DEFAULT, as_document: JsonFlag = False
) -> None:
    """Analyse an instance."""
    open_instance(folder)
    from equipoise_server.services.trial.analyse import analyse
    from equipoise_server.store.accounts import person

    written = analyse(out=out, by=person(by), at=datetime.now(UTC))
    files = sorted(str(file.relative_to(written)) for file in written.rglob("*") if file.is_file())
    if as_document:
        write_json({"results_path": str(written / "results.json"), "files": files})
    else:
        page().print(f"{len(files)} files in {written}", soft_wrap=True)
