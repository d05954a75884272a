"""Interim looks as the blinded side knows them: the data, that they were taken, what was decided."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise.digest import sha256
from equipoise_server.store import ledger
from equipoise_server.store.models import InterimCut, LedgerEntry

FROZEN = "interim-frozen"
CONDUCTED = "interim-conducted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conducted:
    """That a look was taken: by whom, when, with which data. Never what it showed."""

    look: int
    by: str
    at: datetime
    cut: str


def frozen(row: InterimCut) -> dict[str, Any]:
    """What the ledger says of frozen data."""
    cut = json.loads(row.document)
    return {
        "look": row.look,
        "head": row.head,
        "cut": digest_of(row),
        "participants": len(cut["participants"]),
        "information": cut["information"],
    }


def digest_of(row: InterimCut) -> str:
    """The digest of frozen data."""
    return sha256(row.document.encode())


def newest_look() -> int:
    """The last look whose data were frozen; 0 where there is none."""
    newest = InterimCut.objects.order_by("-look").values_list("look", flat=True).first()
    return newest or 0


def conducted() -> tuple[Conducted, ...]:
    """Every look that was taken, in order."""
    rows = LedgerEntry.objects.filter(chain=ledger.STUDY_CHAIN, what=CONDUCTED)
    return tuple(_of(row) for row in rows.select_related("payload").order_by("sequence"))


def _of(row: LedgerEntry) -> Conducted:
    said = json.loads(row.payload.data)
    at = datetime.fromisoformat(said["at"])
    return Conducted(look=said["look"], by=row.by, at=at, cut=said["cut"])
