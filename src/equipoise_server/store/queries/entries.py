"""The ledger of one participant, as pages tell it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise_server.store.models import LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act. `payload` is empty where there is none, or where it was removed."""

    sequence: int
    what: str
    by: str
    at: datetime
    subject: str
    digest: str
    payload: Mapping[str, Any]


def entries(chain: str, *, cut: datetime | None = None) -> tuple[Entry, ...]:
    """Everything on a chain, newest first."""
    rows = LedgerEntry.objects.filter(chain=chain).select_related("payload")
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    return tuple(
        Entry(
            sequence=row.sequence,
            what=row.what,
            by=row.by,
            at=row.at,
            subject=row.subject,
            digest=row.digest,
            payload=_payload(row),
        )
        for row in rows.order_by("-sequence")
    )


def _payload(row: LedgerEntry) -> Mapping[str, Any]:
    if not hasattr(row, "payload"):
        return {}
    said = json.loads(row.payload.data)
    return said if isinstance(said, dict) else {}
