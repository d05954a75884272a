"""The long audit: one row per answer that was given, changed or taken away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from equipoise.exchange.bundle import Bundle, Sheet
from equipoise.exchange.csv.cells import Json, field
from equipoise.exchange.csv.tables import document_of
from equipoise.exchange.source import VersionLine

AUDIT_COLUMNS = (
    "participant", "site", "form", "visit", "number", "version", "on", "by", "at", "reason",
    "study", "redacted", "item", "old", "new",
)  # fmt: skip

SHOWN = 12
"""Characters of the protocol's digest that a row shows."""

Change = tuple[str, Json, Json]


def write_audit(bundle: Bundle, lines: Iterable[VersionLine]) -> None:
    """Write `versions.csv`.

    Every version has at least one row; one that changes no answer (its date was corrected,
    nothing was answered yet, or it was redacted) has a single row without item.
    """
    with bundle.sheet("versions.csv") as sheet:
        sheet.write(",".join(AUDIT_COLUMNS) + "\r\n")
        for line, changes in changes_of(lines):
            _write(sheet, line, changes)


def changes_of(lines: Iterable[VersionLine]) -> Iterator[tuple[VersionLine, list[Change]]]:
    """Each version with item, old and new value of what it changed, items by name."""
    record: tuple[str, str, str, int] | None = None
    before: Mapping[str, Json] = {}
    for line in lines:
        if record != (line.participant, line.form, line.visit, line.number):
            record, before = (line.participant, line.form, line.visit, line.number), {}
        after = document_of(line.form, line.data)
        if line.data is None:
            yield line, []
        else:
            yield line, _changes(before, after)
        before = after


def _changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Change]:
    if not before:
        return [(name, None, value) for name, value in after.items() if value is not None]
    names = sorted({*before, *after})
    both = [(name, before.get(name), after.get(name)) for name in names]
    return [one for one in both if one[1] != one[2] or type(one[1]) is not type(one[2])]


def _write(sheet: Sheet, line: VersionLine, changes: list[Change]) -> None:
    head = ",".join([field(value) for value in (*line[:-2], line.study[:SHOWN])])
    start = f"{head},true," if line.data is None else f"{head},false,"
    rows = [f"{start}{name},{field(old)},{field(new)}\r\n" for name, old, new in changes]
    sheet.write("".join(rows) or f"{start},,\r\n")
    sheet.rows += len(rows) or 1
