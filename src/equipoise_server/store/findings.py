"""What soft checks say about the newest version of a record."""

from __future__ import annotations

from datetime import datetime

from equipoise.forms import FormFinding, Prepared
from equipoise_server.store.models import Finding, Record


def follow(record: Record, prepared: Prepared, version: int, at: datetime) -> None:
    """Close what the newest version no longer shows, open what it shows for the first time."""
    now = {(one.item or "", one.code): one for one in prepared.queries}
    for old in Finding.objects.filter(record=record, state="open"):
        if now.pop((old.item, old.code), None) is None:
            old.state, old.closed_version = "closed", version
            old.save(update_fields=["state", "closed_version"])
    if now:
        Finding.objects.bulk_create(_opened(record, one, version, at) for one in now.values())


def _opened(record: Record, one: FormFinding, version: int, at: datetime) -> Finding:
    return Finding(
        record=record,
        item=one.item or "",
        code=one.code,
        message=dict(one.message),
        opened_version=version,
        opened_at=at,
    )
