"""Laboratory files that were taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise_server.store import texts
from equipoise_server.store.ledger import STUDY_CHAIN
from equipoise_server.store.models import ImportedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One file: how many lines, of how many records, by whom, when."""

    name: str
    transfer: str
    lines: int
    records: int
    by: str
    at: datetime
    sha256: str


def imported(*, cut: datetime | None = None, limit: int = 50) -> tuple[Taken, ...]:
    """The files taken last, newest first."""
    rows = ImportedFile.objects.order_by("-at", "-pk")
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    names = {
        said["sha256"]: said.get("note", "") for said in texts.told(STUDY_CHAIN, "results-imported")
    }
    return tuple(
        Taken(
            name=row.name or names.get(row.sha256, ""),
            transfer=row.transfer,
            lines=row.lines,
            records=row.records,
            by=row.by,
            at=row.at,
            sha256=row.sha256,
        )
        for row in rows[:limit]
    )
