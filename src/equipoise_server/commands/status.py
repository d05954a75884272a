"""`equipoise status`: how the records stood at the end of a past day."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise.exchange.csv.cells import harmless
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

if TYPE_CHECKING:
    from equipoise_server.store.queries.as_of import Then

COLUMNS = (
    "participant", "site", "visit", "form", "number", "version", "first_by", "first_at",
    "entered_by", "entered_at", "verified_items", "verified_by", "signed_by", "locked",
)  # fmt: skip
On = Annotated[
    datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day; its end in UTC counts.")
]
To = Annotated[Path | None, typer.Option("--to", help="A CSV file with a line per record.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("status", help="Say who had entered, verified and signed what on a past day.")(
        status
    )


def status(
    on: On,
    participant: Annotated[str, typer.Option(help="One participant's records only.")] = "",
    to: To = None,
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Read from the ledger alone; nothing that happened later changes the answer."""
    open_instance(folder)
    from equipoise_server.store.queries.as_of import as_of

    at = _end_of(on.date())
    counts: dict[str, Counter[str]] = {}
    lines = []
    for then in as_of(at, participant=participant):
        count = counts.setdefault(then.site, Counter())
        count.update(records=1, verified=bool(then.verified), signed=bool(then.signed))
        count.update(locked=bool(then.locked), items=len(then.verified))
        if to is not None or participant:
            lines.append(line(then))
    if to is not None:
        _write(to, lines)
    if as_document:
        write_json({"at": at.isoformat(), "sites": counts, "records": lines})
    else:
        _show(at, counts, lines if participant else [])


def _end_of(on: date) -> datetime:
    return datetime.combine(on + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)


def line(then: Then) -> dict[str, Any]:
    """One record as a line: strings and numbers."""
    return {
        "participant": then.participant,
        "site": then.site,
        "visit": then.visit,
        "form": then.form,
        "number": then.number,
        "version": then.version,
        "first_by": then.first.by,
        "first_at": then.first.at.isoformat(),
        "entered_by": then.entered.by,
        "entered_at": then.entered.at.isoformat(),
        "verified_items": " ".join(sorted(then.verified)),
        "verified_by": " ".join(sorted({one.by for one in then.verified.values()})),
        "signed_by": "; ".join(f"{one.name} ({one.rule})" for one in then.signed),
        "locked": then.locked,
    }


def _write(to: Path, lines: list[dict[str, Any]]) -> None:
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for one in lines:
            writer.writerow({name: harmless(str(value)) for name, value in one.items()})


def _show(at: datetime, counts: dict[str, Counter[str]], lines: list[dict[str, Any]]) -> None:
    out = page()
    out.print(f"At {at:%Y-%m-%d %H:%M} UTC:")
    for site, n in sorted(counts.items()):
        out.print(
            f"{site}: {n['records']} records; {n['verified']} with verified answers "
            f"({n['items']} answers), {n['signed']} signed, {n['locked']} locked."
        )
    for one in lines:
        number = f" {one['number']}" if one["number"] else ""
        out.print(
            f"{one['visit']} {one['form']}{number}: version {one['version']} by "
            f"{one['entered_by']}; verified: {one['verified_items'] or '-'}; signed: "
            f"{one['signed_by'] or '-'}; locked: {one['locked'] or '-'}",
            soft_wrap=True,
        )
