"""What pharmacists and unblinded monitors read of the vault: kits, accountability, its journal."""

from __future__ import annotations

from collections import Counter
from typing import Any

from equipoise_server.allocator import kits, register
from equipoise_server.allocator.asked import Asked
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.allocator.unblinding import PREPARERS
from equipoise_server.vault.models import Kit, UnblindedRecord, VaultLedgerEntry

MOST_ENTRIES = 500


def _visible(asked: Asked) -> list[Kit]:
    rows = Kit.objects.using(DATABASE).order_by("site", "code")
    return [kit for kit in rows if register.holds(asked.held, PREPARERS, kit.site)]


def _noted(asked: Asked, what: str) -> None:
    with vault_transaction():
        note(what, by=asked.person, at=asked.at)


def kits_held(asked: Asked) -> list[dict[str, Any]]:
    """Every kit of the sites of whoever asks, with what it holds. No place, no slot."""
    _noted(asked, "kits shown")
    return [
        {
            "code": kit.code,
            "site": kit.site,
            "participant": kit.participant,
            "valid": kit.valid,
            "arm": kits.arm_in(kit),
            "delivered_at": kit.delivered_at.isoformat(),
        }
        for kit in _visible(asked)
    ]


def accountability(asked: Asked) -> list[dict[str, Any]]:
    """Kits per site and product: delivered = free + given + withdrawn; and units prepared."""
    _noted(asked, "accountability shown")
    counts: dict[tuple[str, str], Counter[str]] = {}
    arm_given: dict[str, tuple[str, str]] = {}
    for kit in _visible(asked):
        group = (kit.site, kits.arm_in(kit))
        found = counts.setdefault(group, Counter())
        found["delivered"] += 1
        found[_where(kit)] += 1
        if kit.participant:
            arm_given[kit.participant] = group
    first = UnblindedRecord.objects.using(DATABASE).filter(version=1)
    for participant in first.values_list("participant", flat=True):
        if participant in arm_given:
            counts[arm_given[participant]]["prepared"] += 1
    return [
        {"site": site, "arm": arm, **{name: found[name] for name in _COLUMNS}}
        for (site, arm), found in sorted(counts.items())
    ]


_COLUMNS = ("delivered", "free", "given", "withdrawn", "prepared")


def _where(kit: Kit) -> str:
    if kit.participant:
        return "given"
    return "free" if kit.valid else "withdrawn"


def journal(asked: Asked) -> list[dict[str, Any]]:
    """The newest entries of the vault's journal, newest first. It holds reasons, never an arm."""
    _noted(asked, "journal shown")
    rows = VaultLedgerEntry.objects.using(DATABASE).order_by("-sequence")[:MOST_ENTRIES]
    return [
        {
            "sequence": row.sequence,
            "what": row.what,
            "by": row.by,
            "at": row.at.isoformat(),
            "participant": row.participant,
            "payload": row.payload,
        }
        for row in rows
    ]
