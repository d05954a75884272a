"""`equipoise diff`: what changed between two studies, and what it means."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise.protocol.amend import Change, compare
from equipoise.protocol.load import load
from equipoise.protocol.meaning import MEANINGS

OldStudy = Annotated[str, typer.Argument(metavar="OLD", help="The study as it was.")]
NewStudy = Annotated[str, typer.Argument(metavar="NEW", help="The study as it will be.")]

STYLES = {
    "cosmetic": "dim",
    "collects-more": "cyan",
    "changes-meaning": "yellow",
    "needs-reconsent": "bold red",
}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("diff", help="Say what changed between two studies, and what it means.")(diff)


def diff(old: OldStudy, new: NewStudy, as_document: JsonFlag = False) -> None:
    """Compare two studies; exit code 0 whatever changed."""
    before, after = load(old), load(new)
    changes = compare(before, after)
    if as_document:
        write_json(
            {
                "old": before.digest,
                "new": after.digest,
                "changes": [_as_json(change) for change in changes],
            }
        )
    else:
        _show(changes)


def _as_json(change: Change) -> dict[str, object]:
    return {
        "path": change.path,
        "kind": change.kind,
        "class": change.meaning,
        "before": change.before,
        "after": change.after,
    }


def _show(changes: tuple[Change, ...]) -> None:
    console = page()
    for meaning in reversed(MEANINGS):
        found = [change for change in changes if change.meaning == meaning]
        if found:
            console.print(Text(f"{meaning} ({len(found)})", style=STYLES[meaning]))
            console.print(_table(found))
    console.print(Text(f"{len(changes)} change{'s' * (len(changes) != 1)}."))


def _table(changes: list[Change]) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 1))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for change in changes:
        if change.kind == "changed":
            what = f"{_short(change.before)} → {_short(change.after)}"
        else:
            what = _short(change.after if change.kind == "added" else change.before)
        table.add_row(change.kind, Text(change.path), Text(what))
    return table


def _short(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return f"{text[:77]}…" if len(text) > 78 else text
