"""That participants were unblinded in an emergency. What they were given nobody here knows."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from equipoise_server.store.ledger import STUDY_CHAIN
from equipoise_server.store.models import LedgerEntry

WHAT = "unblinding-noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblinded:
    """One emergency unblinding: of whom, where, by whom, when."""

    number: int
    participant: str
    site: str
    by: str
    at: datetime


def unblindings(
    sites: Collection[str] | None, *, cut: datetime | None = None
) -> tuple[Unblinded, ...]:
    """Those at `sites` (None: all), newest first; `cut` leaves out what came after it."""
    rows = LedgerEntry.objects.filter(chain=STUDY_CHAIN, what=WHAT).select_related("payload")
    found = [_of(row) for row in rows.order_by("-sequence")]
    return tuple(
        one
        for one in found
        if (sites is None or one.site in sites) and (cut is None or one.at <= cut)
    )


def _of(row: LedgerEntry) -> Unblinded:
    said = json.loads(row.payload.data)
    return Unblinded(
        number=said["number"],
        participant=said["participant"],
        site=said["site"],
        by=row.by,
        at=datetime.fromisoformat(said["at"]),
    )
