"""`equipoise labels`: blinded labels of kits and their units, to print."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise.errors import UnknownRecord
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the PDF files go.")]
Site = Annotated[str, typer.Option("--site", help="The site whose kits they are.")]
Kits = Annotated[
    list[str] | None,
    typer.Option("--kit", metavar="CODE", help="One kit; several times for more; none: all there."),
]
Language = Annotated[str, typer.Option("--language", help="en or zh-Hans.")]
By = Annotated[str, typer.Option("--by", help="User name of the person who prints.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("labels", help="Print the blinded labels of kits as PDF files.")(labels)


def labels(
    site: Site,
    out: Out,
    kit: Kits = None,
    language: Language = "en",
    by: By = "pharmacist",
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Write one PDF for each kit: a label for the kit and one for each of its units."""
    open_instance(folder)
    from equipoise_server.services.supply.label import labels as printed
    from equipoise_server.store.accounts import person
    from equipoise_server.store.models import Kit

    known = Kit.objects.filter(site=site).order_by("pk").values_list("pk", flat=True)
    codes = list(dict.fromkeys(kit or known))
    if not codes:
        raise UnknownRecord(f"kit at site {site}")
    who, at = person(by), datetime.now(UTC)
    made = {code: printed(site=site, kit=code, language=language, by=who, at=at) for code in codes}
    out.mkdir(parents=True, exist_ok=True)
    for code, content in made.items():
        (out / f"{code}.pdf").write_bytes(content)
    if as_document:
        write_json({"path": str(out), "kits": codes})
    else:
        page().print(f"Labels of {len(codes)} kits in {out}", soft_wrap=True)
