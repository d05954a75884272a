"""Who locked and unlocked what, when and why: as the ledger tells it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise_server.store import locks, texts
from equipoise_server.store.models import LedgerEntry

STUDY = {"locked": True, "unlocked": False}
PARTS = {locks.LOCKED: True, locks.UNLOCKED: False}
SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Locking:
    """One lock set or taken. `part` None: the study. `persons`: who, each with a reason if given."""

    locked: bool
    part: locks.Part | None
    persons: Mapping[str, str]
    at: datetime


def lockings(
    sites: Collection[str] | None, *, cut: datetime | None = None, most: int = SHOWN
) -> tuple[Locking, ...]:
    """The last locks set and taken at some sites (None: all, and of the study), newest first."""
    rows = LedgerEntry.objects.filter(what__in=(*STUDY, *PARTS)).select_related("payload")
    rows = rows if cut is None else rows.filter(at__lte=cut)
    found = []
    for row in rows.order_by("-at", "-sequence").iterator():
        one = _locking(row, texts.payload_of(row) or {})
        if sites is None or (one.part is not None and one.part.site in sites):
            found.append(one)
        if len(found) == most:
            break
    return tuple(found)


def _locking(row: LedgerEntry, said: Mapping[str, Any]) -> Locking:
    part = said.get("part")
    return Locking(
        locked=STUDY.get(row.what, PARTS.get(row.what, False)),
        part=locks.Part(**part) if part else None,
        persons=said.get("persons") or {row.by: ""},
        at=row.at,
    )
