"""The vault's own chained journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from equipoise.digest import sha256
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.vault.models import VaultLedgerEntry

START = "0" * 64


def note(
    what: str,
    *,
    by: str,
    at: datetime,
    participant: str = "",
    payload: dict[str, Any] | None = None,
) -> None:
    """Append one act to the vault's ledger. Call inside a vault transaction."""
    last = VaultLedgerEntry.objects.using(DATABASE).order_by("-sequence").first()
    entry = VaultLedgerEntry(
        sequence=last.sequence + 1 if last else 1,
        what=what,
        by=by,
        at=at,
        participant=participant,
        payload=payload or {},
        previous=last.digest if last else START,
    )
    entry.digest = digest_of(entry)
    entry.save(using=DATABASE, force_insert=True)


def digest_of(entry: VaultLedgerEntry) -> str:
    """The digest that an entry must carry."""
    return sha256(
        {
            "sequence": entry.sequence,
            "what": entry.what,
            "by": entry.by,
            "at": entry.at.astimezone(UTC),
            "participant": entry.participant,
            "payload": entry.payload,
            "previous": entry.previous,
        }
    )


def first_broken() -> int | None:
    """The first entry of the vault's ledger that does not verify, or None."""
    previous = START
    entries = VaultLedgerEntry.objects.using(DATABASE).order_by("sequence")
    for sequence, entry in enumerate(entries, start=1):
        if (entry.sequence, entry.previous, entry.digest) != (sequence, previous, digest_of(entry)):
            return sequence
        previous = entry.digest
    return None
