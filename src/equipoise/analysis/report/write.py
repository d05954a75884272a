"""Write everything an analysis hands out into one folder."""

from __future__ import annotations

import importlib
import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from equipoise.analysis.dataset import Dataset
from equipoise.analysis.report.contents import Results, analyse
from equipoise.analysis.report.document import dump, results_document
from equipoise.analysis.report.page import render
from equipoise.analysis.tables import to_csv

NO_PDF = (
    "No PDF was written: WeasyPrint or the system libraries it needs are not installed "
    "(pip install 'equipoise[report]'). Print report.html from a browser instead."
)


def write(
    dataset: Dataset,
    out: Path,
    *,
    made_at: datetime,
    demo: bool,
    language: str = "en",
    commitment: str | None = None,
) -> Results:
    """Analyse a dataset and write results.json, report.html, report.pdf, tables and figures.

    Args:
        dataset: participants with their arms, records, ledger counts.
        out: folder; made where it does not exist, files in it are replaced.
        made_at: moment shown on the page; it is not in results.json.
        demo: whether the participants are simulated; the page then says so at the top.
        language: of the report; results.json is in English whatever it is.
        commitment: what was published before the first randomisation about the sealed
            allocation, if there is one.

    Returns:
        The results; `notes` says what could not be written.

    Raises:
        MissingExtra: the extra `report` is not installed.

    """
    found = analyse(dataset, language=language)
    for folder in (out, out / "tables", out / "figures"):
        folder.mkdir(parents=True, exist_ok=True)
    for table in found.tables.values():
        _text(out / "tables" / f"{table.id}.csv", to_csv(table))
    for figure in (*found.figures.values(), *found.endpoint_figures.values()):
        _text(out / "figures" / f"{figure.id}.svg", figure.svg)
    _text(out / "results.json", dump(results_document(found, demo=demo)))
    page = render(found, made_at=made_at, demo=demo, commitment=commitment)
    _text(out / "report.html", page)
    if not _pdf(page, out / "report.pdf"):
        found = replace(found, notes=(*found.notes, NO_PDF))
    return found


def _text(path: Path, words: str) -> None:
    path.write_text(words, encoding="utf-8", newline="\n")


def _pdf(page: str, path: Path) -> bool:
    """Whether the PDF could be made. Its libraries may be missing from the system."""
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError):
        return False
    # it warns of every style meant for screens alone
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    weasyprint.HTML(string=page).write_pdf(str(path))
    return True
