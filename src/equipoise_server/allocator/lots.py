"""Lots in the vault: certificate, release by a second person, quarantine, recall.

What is decided about one lot reaches the kits by packaging batch, and a batch holds every
product: that kits are not valid any more says nothing of what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from equipoise.errors import UnknownRecord, say
from equipoise.protocol.identity import as_data
from equipoise.supply import lots as rules
from equipoise.supply.lots import NO_LOT, LotCommand, LotState
from equipoise_server.allocator import holds, specifications
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import Kit, Lot, PackagingBatch, VaultLedgerEntry

STATE: TypeAdapter[LotState] = TypeAdapter(LotState)
WHAT = "lot "
Answer = dict[str, Any]


def make_lot(
    *,
    lot: str,
    product: str,
    made_on: str,
    expires_on: str,
    scale: str,
    passage: str,
    storage: str,
    by: str,
    at: datetime,
) -> None:
    """Enter a production lot. `scale`, `passage`, `storage`: as on its papers.

    Raises:
        OutOfOrder: a lot of this code exists, or its dates cannot be.
        UnknownRecord: the protocol has no such product.

    """
    details = {
        "code": lot,
        "product": product,
        "made_on": made_on,
        "expires_on": expires_on,
        "scale": scale,
        "passage": passage,
        "storage": storage,
    }
    with vault_transaction():
        known = Lot.objects.using(DATABASE).filter(code=lot).first()
        before = STATE.validate_python(known.state) if known else NO_LOT
        command = LotCommand(step="make", by=by, on=at.date(), details=details)
        state = rules.step(before, command, specifications.tests_of(product))
        _keep(state, command, at)


def certify_lot(
    *, lot: str, results: Mapping[str, float | str], by: str, at: datetime, reason: str = ""
) -> None:
    """Enter results of release tests; results that were entered before need a reason to change."""
    _step(lot, LotCommand(step="certify", by=by, on=at.date(), results=results, reason=reason), at)


def release_lot(*, lot: str, reason: str, by: str, at: datetime) -> None:
    """Release a lot, by another person than who entered its certificate.

    Raises:
        LotNotReleasable: naming each test that is missing or outside its limits.

    """
    _step(lot, LotCommand(step="release", by=by, on=at.date(), reason=reason), at)


def quarantine_lot(*, lot: str, reason: str, by: str, at: datetime) -> None:
    """Hold a lot and every batch packed with it."""
    _step(lot, LotCommand(step="quarantine", by=by, on=at.date(), reason=reason), at)


def lift_quarantine(*, lot: str, reason: str, by: str, at: datetime) -> None:
    """End the quarantine of a lot; a released one must still be within its limits."""
    _step(lot, LotCommand(step="lift", by=by, on=at.date(), reason=reason), at)


def recall_lot(*, lot: str, reason: str, by: str, at: datetime) -> None:
    """Take a lot back for good, and every batch packed with it."""
    _step(lot, LotCommand(step="recall", by=by, on=at.date(), reason=reason), at)


def _step(lot: str, command: LotCommand, at: datetime) -> None:
    with vault_transaction():
        before = state_of(lot)
        state = rules.step(before, command, specifications.tests_of(before.product))
        _keep(state, command, at)
        if command.step in ("quarantine", "recall"):
            for batch in batches_of(lot):
                holds.hold("batch", batch, why=command.step, source=f"lot {lot}", at=at)
        if command.step == "lift":
            holds.lift(source=f"lot {lot}", why="quarantine", at=at)


def _keep(state: LotState, command: LotCommand, at: datetime) -> None:
    data = STATE.dump_python(state, mode="json")
    row = {"product": state.product, "status": state.status, "state": data}
    Lot.objects.using(DATABASE).update_or_create(code=state.code, defaults=row)
    payload: Answer = {"lot": state.code, "reason": command.reason}
    payload |= {"details": dict(command.details)} if command.details else {}
    payload |= {"results": dict(command.results)} if command.results else {}
    note(f"{WHAT}{command.step}", by=command.by, at=at, payload=payload)


def state_of(lot: str) -> LotState:
    """A lot as it stands.

    Raises:
        UnknownRecord: there is none.

    """
    found = Lot.objects.using(DATABASE).filter(code=lot).first()
    if found is None:
        raise UnknownRecord(say("lot {lot}", lot=lot))
    return STATE.validate_python(found.state)


def batches_of(lot: str) -> list[str]:
    """The batches packed with a lot, in the order of packing."""
    rows = PackagingBatch.objects.using(DATABASE).order_by("packed_at", "pk")
    return [row.code for row in rows if lot in row.lots.values()]


def lots(*, by: str, at: datetime) -> list[Answer]:
    """Every lot, by code."""
    note_reading("lots shown", by, at)
    return [_shown(row) for row in Lot.objects.using(DATABASE).order_by("code")]


def lot(*, lot: str, by: str, at: datetime) -> Answer:
    """One lot with its certificate against the limits, and what was done with it."""
    state = state_of(lot)
    note_reading("lot shown", by, at, lot=lot)
    row = Lot.objects.using(DATABASE).get(code=lot)
    judged = rules.judge(specifications.tests_of(state.product), state.results)
    certificate = [
        {
            **as_data(one.test),
            "value": one.value,
            "passes": one.passes,
        }
        for one in judged
    ]
    return {**_shown(row), "certificate": certificate, "history": _history(lot)}


def _shown(row: Lot) -> Answer:
    state = {name: value for name, value in row.state.items() if name not in ("results", "code")}
    codes = batches_of(row.code)
    kits = Kit.objects.using(DATABASE).filter(batch__in=codes).count() if codes else 0
    return {"lot": row.code, **state, "batches": codes, "kits_in_batches": kits}


def _history(lot: str) -> list[Answer]:
    entries = VaultLedgerEntry.objects.using(DATABASE).filter(what__startswith=WHAT)
    return [
        {
            "what": entry.what.removeprefix(WHAT),
            "by": entry.by,
            "at": entry.at.isoformat(),
            "reason": entry.payload.get("reason", ""),
        }
        for entry in entries.order_by("sequence")
        if entry.payload.get("lot") == lot and entry.what != "lot shown"
    ]


def note_reading(what: str, by: str, at: datetime, **payload: str) -> None:
    """Put into the vault's ledger that somebody was told."""
    with vault_transaction():
        note(what, by=by, at=at, payload=dict(payload))
