"""`equipoise explain`: the protocol as people read it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from equipoise.cli.answer import JsonFlag, StudyName, messages, write_json, write_text
from equipoise.cli.predictability import as_blocks
from equipoise.errors import Refused, StorageFull
from equipoise.protocol.explain import explain, to_html, to_markdown
from equipoise.protocol.load import load
from equipoise.protocol.model import Study

HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a standalone page to FILE.")
]
Language = Annotated[
    str, typer.Option("--language", metavar="TAG", help="Language of the protocol, such as en.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("explain", help="Write the protocol as people read it.")(explain_study)


def explain_study(
    study: StudyName,
    html: HtmlFile = None,
    language: Language = "en",
    as_document: JsonFlag = False,
) -> None:
    """Markdown on standard output, or a page in a file."""
    loaded = load(study)
    _known_language(loaded, language)
    extras = {"randomisation": as_blocks(loaded.protocol, language)}
    sections = explain(loaded, language, extras)
    text = to_markdown(loaded, sections, language)
    if html is not None:
        write_file(html, to_html(loaded, sections, language))
    if as_document:
        about = {"study": loaded.protocol.id, "version": loaded.protocol.version}
        page = {"digest": loaded.digest, "language": language, "html": str(html) if html else None}
        titles = [{"id": one.id, "title": one.title} for one in sections]
        write_json({**about, **page, "sections": titles, "markdown": text})
    elif html is None:
        write_text(text)
    else:
        messages().print(Text(f"Wrote {html}."))


def _known_language(study: Study, language: str) -> None:
    languages = study.protocol.languages
    if language not in languages:
        raise Refused(
            f"The study is not written in {language[:40]!r}. Choose one of {', '.join(languages)}."
        )


def write_file(path: Path, text: str) -> None:
    """Write a text file in one step: whole, or not at all.

    Raises:
        StorageFull: the file cannot be written.
    """
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.absolute().parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(draft, 0o644)
            os.replace(draft, path)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise StorageFull(str(path), problem.strerror or "input or output error") from problem
