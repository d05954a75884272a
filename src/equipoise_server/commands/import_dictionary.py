"""`equipoise import-dictionary`: a version of a dictionary from the user's own file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise.errors import FileRefused, UnknownRecord
from equipoise.exchange.dictionary.read import Kind
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

LARGEST = 500 * 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "import-dictionary", help="Load MedDRA, WHODrug, ICD or a list of your own for coding."
    )(import_dictionary)


def import_dictionary(
    file: Annotated[Path, typer.Argument(help="llt.asc of MedDRA, or a CSV file in UTF-8.")],
    name: Annotated[str, typer.Option(help="The name that the study's cleaning.yaml uses.")],
    version: Annotated[str, typer.Option(help="The version, such as 27.1.")],
    kind: Annotated[str, typer.Option(help="csv, meddra, whodrug or icd.")] = "csv",
    hierarchy: Annotated[
        Path | None, typer.Option(help="mdhier.asc of MedDRA, for the path of each term.")
    ] = None,
    by: Annotated[str, typer.Option(help="User name of whoever loads it.")] = "data-manager",
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """The newest version loaded under a name is the one in use."""
    open_instance(folder)
    from equipoise_server.services.cleaning.load_dictionary import load_dictionary
    from equipoise_server.store.models import User

    person = User.objects.filter(username=by).first()
    if person is None:
        raise UnknownRecord(f"person {by[:40]}")
    terms = load_dictionary(
        name=name,
        version=version,
        kind=cast("Kind", kind),
        data=_bytes(file),
        hierarchy=_bytes(hierarchy) if hierarchy else None,
        by=person,
        at=datetime.now(UTC),
    )
    if as_document:
        write_json({"name": name, "version": version, "terms": terms})
    else:
        page().print(f"{name} {version}: {terms} terms.")


def _bytes(path: Path) -> bytes:
    """The file as it is.

    Raises:
        FileRefused: it cannot be read, or is too large.

    """
    try:
        if path.stat().st_size > LARGEST:
            raise FileRefused("it is larger than 500 MiB")
        return path.read_bytes()
    except OSError as problem:
        raise FileRefused(f"{path.name} cannot be read ({problem.strerror})") from problem
