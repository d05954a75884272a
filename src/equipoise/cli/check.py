"""`equipoise check`: everything that is wrong with a study, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from equipoise.cli.answer import DONE, FINDINGS, JsonFlag, StudyName, leave, page, write_json
from equipoise.cli.studies import as_json
from equipoise.protocol.check import check_loaded
from equipoise.protocol.findings import SEVERITIES, Finding
from equipoise.protocol.load import Loaded, read

STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("check", help="Find everything that is wrong with a study.")(check_study)


def check_study(study: StudyName, as_document: JsonFlag = False) -> None:
    """Check a study; exit code 1 where there is an error or a warning."""
    loaded = read(study)
    findings = check_loaded(loaded)
    if as_document:
        write_json(_document(loaded, findings))
    else:
        _show(page(), loaded, findings)
    serious = any(finding.severity != "note" for finding in findings)
    leave(FINDINGS if serious else DONE)


def _document(loaded: Loaded, findings: tuple[Finding, ...]) -> dict[str, object]:
    study = loaded.study
    return {
        "study": study.protocol.id if study else None,
        "version": study.protocol.version if study else None,
        "digest": study.digest if study else None,
        "findings": [as_json(finding) for finding in findings],
    }


def _show(console: Console, loaded: Loaded, findings: tuple[Finding, ...]) -> None:
    for file, group in groupby(findings, key=lambda finding: finding.place.file):
        console.print(Text(file or "(folder)", style="bold"))
        console.print(_table(group))
    study = loaded.study
    name = f"{study.protocol.id} {study.protocol.version}" if study else "The study"
    counts = Counter(finding.severity for finding in findings)
    said = [f"{counts[one]} {one}{'s' * (counts[one] != 1)}" for one in SEVERITIES if counts[one]]
    summary = ", ".join(said) or "nothing to correct"
    console.print(Text(f"{name}: {summary}."), soft_wrap=True)
    if study:
        console.print(Text(f"Digest {study.digest}", style="dim"), soft_wrap=True)


def _table(findings: Iterable[Finding]) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 1))
    table.add_column(justify="right", style="cyan", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        place = finding.place
        at = f"{place.line}:{place.column}" if place.line else ""
        what = Text(finding.message)
        what.append(f"  {finding.code}", style="dim")
        table.add_row(at, Text(finding.severity, style=STYLES[finding.severity]), what)
    return table
