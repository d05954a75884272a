"""Tables of participants and of forms."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from equipoise.exchange.bundle import Bundle, Sheet
from equipoise.exchange.csv.cells import Json, text
from equipoise.exchange.source import ParticipantLine
from equipoise.protocol.forms import Form

RECORD_COLUMNS = (
    "participant", "site", "visit", "number", "on", "version", "saved_by", "saved_at", "status",
)  # fmt: skip
PARTICIPANT_COLUMNS = ParticipantLine._fields[:-1]


def write_table(
    bundle: Bundle, path: str, header: Iterable[str], rows: Iterable[Iterable[Json]]
) -> None:
    """Write one small table."""
    with bundle.sheet(path) as sheet:
        rows_of(sheet, header, ([text(value) for value in row] for row in rows))


def rows_of(sheet: Sheet, header: Iterable[str], rows: Iterable[list[str]]) -> None:
    """Write a header and rows of finished cells."""
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(list(header))
    for row in rows:
        writer.writerow(row)
        sheet.rows += 1


def write_participants(
    bundle: Bundle, strata: Iterable[str], lines: Iterable[ParticipantLine]
) -> None:
    """Write `participants.csv`: one row per person on the screening log."""
    names = tuple(strata)
    header = (*PARTICIPANT_COLUMNS, *(f"stratum.{name}" for name in names))
    rows = ((*line[:-1], *(line.stratum.get(name) for name in names)) for line in lines)
    write_table(bundle, "participants.csv", header, rows)


def columns_of(form: Form) -> dict[str, str]:
    """The column of each item: its id, or `FORM.ITEM` where a fixed column has that name."""
    fixed = set(RECORD_COLUMNS)
    return {
        item.id: f"{form.id}.{item.id}" if item.id in fixed else item.id for item in form.items()
    }


def path_of(form: Form) -> str:
    """The file of a form's table."""
    return f"forms/{form.id}.csv"
