"""The long audit: one row per answer that was given, changed or taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pydantic_core import from_json

from equipoise.errors import RecordUnreadable
from equipoise.exchange.bundle import Sheet
from equipoise.exchange.csv.cells import Json, field, fields
from equipoise.exchange.source import VersionLine

AUDIT_COLUMNS = (
    "participant", "site", "form", "visit", "number", "version", "on", "by", "at", "reason",
    "study", "redacted", "item", "old", "new",
)  # fmt: skip

SHOWN = 12
"""Characters of the protocol's digest that a row shows."""

Change = tuple[str, Json, Json]
Document = Mapping[str, Json]


class Audit:
    """Writes `versions.csv`.

    Every version has at least one row; one that changes no answer (its date was corrected,
    nothing was answered yet, or it was redacted) has a single row without item.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        sheet.write(",".join(AUDIT_COLUMNS) + "\r\n")

    def given(self, line: VersionLine, cells: Mapping[str, str]) -> None:
        """The rows of a version before which nothing was answered."""
        self._write(line, [f"{name},,{cell}" for name, cell in cells.items()])

    def changed(self, line: VersionLine, before: Document, after: Document) -> None:
        """The rows of a later version."""
        changes = [] if line.data is None else _changes(before, after)
        self._write(line, [f"{name},{field(old)},{field(new)}" for name, old, new in changes])

    def _write(self, line: VersionLine, rows: list[str]) -> None:
        start = (
            f"{fields[line.participant]},{fields[line.site]},{fields[line.form]},"
            f"{fields[line.visit]},{line.number},{line.version},{line.on},{fields[line.by]},"
            f"{line.at},{fields[line.reason]},{line.study[:SHOWN]},"
            f"{'true' if line.data is None else 'false'},"
        )
        between = f"\r\n{start}"
        self._sheet.write(f"{start}{between.join(rows or [',,'])}\r\n")
        self._sheet.rows += len(rows) or 1


def changes_of(
    lines: Iterable[VersionLine], seen: Callable[[VersionLine], str | None]
) -> Iterator[tuple[VersionLine, list[Change]]]:
    """Each version with item, old and new value of what it changed, items by name.

    `seen` gives the document that is compared.
    """
    record: tuple[str, str, str, int] | None = None
    before: Document = {}
    for line in lines:
        if record != (line.participant, line.form, line.visit, line.number):
            record, before = (line.participant, line.form, line.visit, line.number), {}
        after = document_of(line.form, seen(line))
        yield line, [] if line.data is None else _changes(before, after)
        before = after


def _changes(before: Document, after: Document) -> list[Change]:
    if not before:
        return [(name, None, value) for name, value in after.items() if value is not None]
    names = sorted({*before, *after})
    both = [(name, before.get(name), after.get(name)) for name in names]
    return [one for one in both if one[1] != one[2] or type(one[1]) is not type(one[2])]


def document_of(form: str, data: str | None) -> Document:
    """The stored document of a version; empty where it was redacted.

    Raises:
        RecordUnreadable: what is stored is no JSON object.

    """
    if data is None:
        return {}
    try:
        values = from_json(data)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise RecordUnreadable(form, "the document", "is no JSON object")
    return values
