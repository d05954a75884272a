"""What the unblinded side may read of batches and kits. Every reading is noted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from equipoise_server.allocator import holds, kits, specifications
from equipoise_server.allocator.consignments import DEPOT
from equipoise_server.allocator.lots import note_reading
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.vault.models import Kit, PackagingBatch

Answer = dict[str, Any]


def batches(*, by: str, at: datetime) -> list[Answer]:
    """Every packaging batch, the newest first."""
    note_reading("batches shown", by, at)
    return [_batch(row) for row in PackagingBatch.objects.using(DATABASE).order_by("-pk")]


def _batch(row: PackagingBatch) -> Answer:
    rows = Kit.objects.using(DATABASE).filter(batch=row.code)
    return {
        "batch": row.code,
        "lots": row.lots,
        "expires_on": row.expires_on.isoformat(),
        "packed_at": row.packed_at.isoformat(),
        "kits": rows.count(),
        "at_depot": rows.filter(site=DEPOT).count(),
        "held": holds.of_batch(row.code),
    }


def kit(*, kit: str, by: str, at: datetime) -> Answer:
    """What is in one kit, from which lot, and what holds it back."""
    found = kits.find(kit)
    note_reading("kit shown", by, at, kit=kit)
    return _kit(found, specifications.products(), _lots())


def kits_at(*, site: str, by: str, at: datetime) -> list[Answer]:
    """Every kit at a site that is assigned to a participant, sorted by participant."""
    note_reading("worklist shown", by, at, site=site)
    rows = Kit.objects.using(DATABASE).filter(site=site).exclude(participant="")
    known, lots = specifications.products(), _lots()
    return [_kit(row, known, lots) for row in rows.order_by("participant", "pk")]


def lots_of_kits(*, by: str, at: datetime) -> dict[str, str]:
    """Lot by kit code, of every kit that was packed from lots: for accountability by lot."""
    note_reading("lots of kits shown", by, at)
    known, lots = specifications.products(), _lots()
    rows = Kit.objects.using(DATABASE).exclude(batch="").order_by("code")
    return {row.code: lots[row.batch][0][known[kits.arm_in(row)]] for row in rows}


def origin(row: Kit) -> dict[str, str]:
    """Lot and expiry of one kit, for a record that names them; empty where no lot was packed."""
    batch = PackagingBatch.objects.using(DATABASE).filter(code=row.batch).first()
    if batch is None:
        return {}
    lot = batch.lots[specifications.products()[kits.arm_in(row)]]
    return {"lot": lot, "expires_on": batch.expires_on.isoformat()}


def _lots() -> dict[str, tuple[dict[str, str], str]]:
    rows = PackagingBatch.objects.using(DATABASE)
    return {row.code: (row.lots, row.expires_on.isoformat()) for row in rows}


def _kit(row: Kit, products: dict[str, str], lots: dict[str, tuple[dict[str, str], str]]) -> Answer:
    product = products.get(kits.arm_in(row), "")
    from_lots, expires_on = lots.get(row.batch, ({}, ""))
    return {
        "kit": row.code,
        "product": product,
        "lot": from_lots.get(product, ""),
        "expires_on": expires_on,
        "batch": row.batch,
        "consignment": row.consignment,
        "site": row.site,
        "participant": row.participant,
        "valid": row.valid,
        "held": holds.of_kit(row),
    }
