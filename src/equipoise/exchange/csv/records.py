"""The table of each form and the audit, in one pass over all versions of all records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import groupby
from operator import attrgetter

from equipoise.errors import RecordUnreadable
from equipoise.exchange.bundle import Bundle, Sheet
from equipoise.exchange.csv.audit import Audit, Document, document_of
from equipoise.exchange.csv.cells import answered, fields
from equipoise.exchange.csv.tables import RECORD_COLUMNS, columns_of, path_of
from equipoise.exchange.source import Source, VersionLine
from equipoise.protocol.forms import Form

REDACTED = "redacted"
_RECORD = attrgetter("participant", "form", "visit", "number")


def write_records(bundle: Bundle, forms: Iterable[Form], source: Source) -> None:
    """Write the table of each form, also of one without records, and `versions.csv`.

    Raises:
        RecordUnreadable: a record of a form that is not there, or a document with an item
            that its form does not have.

    """
    with ExitStack() as sheets:
        audit = Audit(sheets.enter_context(bundle.sheet("versions.csv")))
        order = sorted(forms, key=attrgetter("id"), reverse=True)  # the last is closed first
        tables = {form.id: sheets.enter_context(_table(bundle, form)) for form in order}
        for (_, form, _, _), versions in groupby(source.versions(), key=_RECORD):
            if form not in tables:
                raise RecordUnreadable(form, "the form", "is not one that is exported")
            newest, document, cells = _audited(audit, versions)
            if (data := source.seen(newest)) is not newest.data:
                document = document_of(form, data)
                cells = answered(document)
            tables[form].add(newest, document, cells)


def _audited(
    audit: Audit, versions: Iterable[VersionLine]
) -> tuple[VersionLine, Document, Mapping[str, str]]:
    """Write the audit of one record; its newest version with document and cells."""
    before: Document = {}
    for line in versions:
        document = document_of(line.form, line.data)
        cells = answered(document)
        if before:
            audit.changed(line, before, document)
        else:
            audit.given(line, cells)
        before = document
    return line, document, cells


@contextmanager
def _table(bundle: Bundle, form: Form) -> Iterator[Table]:
    with bundle.sheet(path_of(form)) as sheet:
        table = Table(form, sheet)
        yield table
        table.flush()


class Table:
    """One row per record of a form, its newest version, items in form order.

    The rows of one participant are held until all are there: they stand by date.
    """

    def __init__(self, form: Form, sheet: Sheet) -> None:
        columns = columns_of(form)
        self._form, self._sheet = form.id, sheet
        self._items, self._known = tuple(columns), frozenset(columns)
        self._participant = ""
        self._held: list[tuple[tuple[str, str, int], str]] = []
        sheet.write(",".join([fields[name] for name in (*RECORD_COLUMNS, *columns.values())]))
        sheet.write("\r\n")

    def add(self, line: VersionLine, document: Document, cells: Mapping[str, str]) -> None:
        """Take the newest version of a record; `cells` are its answers."""
        if not document.keys() <= self._known:
            unknown = next(name for name in document if name not in self._known)
            raise RecordUnreadable(self._form, unknown, "is not an item of the form")
        if line.participant != self._participant:
            self.flush()
            self._participant = line.participant
        status = REDACTED if line.data is None else line.status
        row = (
            f"{fields[line.participant]},{fields[line.site]},{fields[line.visit]},{line.number},"
            f"{line.on},{line.version},{fields[line.by]},{line.at},{status},"
            f"{','.join([cells.get(name, '') for name in self._items])}\r\n"
        )
        self._held.append(((line.on, line.visit, line.number), row))

    def flush(self) -> None:
        """Write the rows that are held."""
        self._held.sort()
        self._sheet.write("".join([row for _, row in self._held]))
        self._sheet.rows += len(self._held)
        self._held.clear()
