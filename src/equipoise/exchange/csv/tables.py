"""Tables of participants and of forms."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter

from equipoise.errors import RecordUnreadable
from equipoise.exchange.bundle import Bundle, Sheet
from equipoise.exchange.csv.cells import Json, harmless, text
from equipoise.exchange.source import ParticipantLine, RecordLine
from equipoise.protocol.forms import Form

RECORD_COLUMNS = (
    "participant", "site", "visit", "number", "on", "version", "saved_by", "saved_at", "status",
)  # fmt: skip
PARTICIPANT_COLUMNS = ParticipantLine._fields[:-1]
REDACTED = "redacted"


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


def write_forms(bundle: Bundle, forms: Iterable[Form], lines: Iterable[RecordLine]) -> None:
    """Write the table of each form, also of one without records. Lines come form by form.

    Raises:
        RecordUnreadable: a record of a form that is not there, or a document with an item
            that its form does not have.

    """
    left = {form.id: form for form in forms}
    for name, some in groupby(lines, key=itemgetter(0)):
        form = left.pop(name, None)
        if form is None:
            raise RecordUnreadable(name, "the form", "is not one that is exported")
        _write_form(bundle, form, some)
    for form in left.values():
        _write_form(bundle, form, ())


def _write_form(bundle: Bundle, form: Form, lines: Iterable[RecordLine]) -> None:
    """One row per record, its newest version, items in form order."""
    columns = columns_of(form)
    with bundle.sheet(path_of(form)) as sheet:
        items, known = tuple(columns), frozenset(columns)
        rows = (_row(form, items, known, line) for line in lines)
        rows_of(sheet, (*RECORD_COLUMNS, *columns.values()), rows)


def _row(form: Form, items: tuple[str, ...], known: frozenset[str], line: RecordLine) -> list[str]:
    values, status = document_of(form.id, line.data), line.status
    if line.data is None:
        status = REDACTED
    elif not values.keys() <= known:
        unknown = next(name for name in values if name not in known)
        raise RecordUnreadable(form.id, unknown, "is not an item of the form")
    head = [harmless(line.participant), harmless(line.site), harmless(line.visit)]
    head += [str(line.number), line.on, str(line.version), harmless(line.by), line.at, status]
    return head + ["" if (value := values.get(name)) is None else text(value) for name in items]


def document_of(form: str, data: str | None) -> Mapping[str, Json]:
    """The stored document of a version; empty where it was redacted.

    Raises:
        RecordUnreadable: what is stored is no JSON object.

    """
    if data is None:
        return {}
    try:
        values = json.loads(data)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise RecordUnreadable(form, "the document", "is no JSON object")
    return values
