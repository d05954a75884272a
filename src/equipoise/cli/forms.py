"""`equipoise forms`: the forms of a study on paper, blank and annotated, in each language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.cli.answer import JsonFlag, StudyName, page, write_json
from equipoise.cli.studies import sound
from equipoise.exchange.paper import form_page, pdf
from equipoise.protocol.model import Study

Out = Annotated[Path, typer.Option("--out", help="Folder for the PDF files.")]
Only = Annotated[
    list[str] | None, typer.Option("--form", help="Only this form; may be given several times.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("forms", help="Write the forms of a study as PDF, blank and annotated.")(forms)


def forms(study: StudyName, out: Out, form: Only = None, as_document: JsonFlag = False) -> None:
    """Two files for each form and language: to fill in by hand, and with names and rules."""
    loaded = sound(study)
    wanted = form or sorted(loaded.forms)
    unknown = [one for one in wanted if one not in loaded.forms]
    if unknown:
        raise typer.BadParameter(f"no form {', '.join(unknown)}", param_hint="--form")
    written = [path for name in wanted for path in _write(loaded, name, out)]
    document: dict[str, Any] = {"study": loaded.protocol.id, "files": [str(one) for one in written]}
    if as_document:
        write_json(document)
    else:
        page().print(f"{len(written)} files in {out}")


def _write(study: Study, name: str, out: Path) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for language in study.protocol.languages:
        for kind, annotated in (("blank", False), ("annotated", True)):
            path = out / f"{name}.{kind}.{language}.pdf"
            made = form_page(study, study.forms[name], language, annotated=annotated)
            path.write_bytes(pdf(made))
            written.append(path)
    return written
