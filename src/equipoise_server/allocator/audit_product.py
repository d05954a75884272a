"""Replaying what the vault's ledger says of lots, excursions, batches and holds against the rows.

A row of these tables may change as its lot or hold goes on, so that no trigger can refuse every
change. Here each is compared with what was noted, and with the rows that nothing can change.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from equipoise.errors import EquipoiseError
from equipoise.supply import lots as rules
from equipoise.supply.lots import NO_LOT, LotCommand, LotState
from equipoise_server.allocator import specifications
from equipoise_server.allocator.lots import STATE, WHAT
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.vault.models import (
    Allocation,
    Consignment,
    Excursion,
    Hold,
    Kit,
    Lot,
    PackagingBatch,
    Replacement,
    VaultLedgerEntry,
)

Row = tuple[str, str, str]
UNSAID = "the vault's ledger does not say this"
MISSING = "the vault's ledger names it and it is missing"


def differences() -> Iterator[Row]:
    """Every row about product that the ledger, or a row that cannot change, contradicts."""
    for part in (_lots, _batches, _excursions, _holds, _validity, _holders):
        yield from part()


def _noted(what: str) -> list[VaultLedgerEntry]:
    entries = VaultLedgerEntry.objects.using(DATABASE).filter(what=what)
    return list(entries.order_by("sequence"))


def _lots() -> Iterator[Row]:
    said = _replayed()
    for row in Lot.objects.using(DATABASE).order_by("code"):
        state = said.pop(row.code, None)
        kept = (row.product, row.status, STATE.validate_python(row.state))
        if state is None or kept != (state.product, state.status, state):
            yield "vault_lot", row.code, UNSAID
    for code in said:
        yield "vault_lot", code, MISSING


def _replayed() -> dict[str, LotState]:
    """Every lot as its entries make it; one whose entries do not follow is left unknown."""
    found: dict[str, LotState] = defaultdict(lambda: NO_LOT)
    entries = VaultLedgerEntry.objects.using(DATABASE).filter(what__startswith=WHAT)
    for entry in entries.exclude(what="lot shown").order_by("sequence"):
        payload: dict[str, Any] = entry.payload
        command = LotCommand(
            step=entry.what.removeprefix(WHAT),  # type: ignore[arg-type]
            by=entry.by,
            on=entry.at.date(),
            reason=payload.get("reason", ""),
            details=payload.get("details"),
            results=payload.get("results"),
        )
        before = found[payload["lot"]]
        product = before.product or (command.details or {}).get("product", "")
        try:
            found[payload["lot"]] = rules.step(before, command, specifications.tests_of(product))
        except EquipoiseError:
            found[payload["lot"]] = NO_LOT
    return found


def _batches() -> Iterator[Row]:
    """Batches as they were packed, of lots that expire when it says, with all their kits."""
    said = {one.payload["batch"]: one for one in _noted("packed")}
    kits = Counter(Kit.objects.using(DATABASE).exclude(batch="").values_list("batch", flat=True))
    expiry = dict(Lot.objects.using(DATABASE).values_list("code", "state__expires_on"))
    shares: set[float] = set()
    for row in PackagingBatch.objects.using(DATABASE).order_by("pk"):
        entry = said.pop(row.code, None)
        kept = (row.lots, row.shares, row.by, row.packed_at)
        if entry is None or kept != (
            entry.payload["lots"], entry.payload["shares"], entry.by, entry.at
        ):  # fmt: skip
            yield "vault_packagingbatch", row.code, UNSAID
        first = min((expiry.get(lot, "") for lot in row.lots.values()), default="")
        if first != row.expires_on.isoformat():
            yield "vault_packagingbatch", row.code, "it does not expire with the first of its lots"
        shares.add(kits[row.code] / row.shares)
        if len(shares) > 1:
            yield "vault_packagingbatch", row.code, "kits of it are missing, or too many"
            shares.pop()
    for code in said:
        yield "vault_packagingbatch", code, MISSING


def _excursions() -> Iterator[Row]:
    told = {one.payload["excursion"]: one for one in _noted("excursion")}
    decided = {one.payload["excursion"]: one for one in _noted("excursion decided")}
    for row in Excursion.objects.using(DATABASE).order_by("pk"):
        entry, later = told.pop(row.code, None), decided.pop(row.code, None)
        where = {"site": row.site, "batch": row.batch, "consignment": row.consignment}
        fits = (
            entry is not None
            and entry.by == row.reported_by
            and where.items() <= entry.payload.items()
        )
        kept = (row.decision, row.decided_by, row.reason)
        said = (
            (later.payload["decision"], later.by, later.payload["reason"]) if later else ("",) * 3
        )
        if not fits or kept != said:
            yield "vault_excursion", row.code, UNSAID
    for code in {**told, **decided}:
        yield "vault_excursion", code, MISSING


def _holds() -> Iterator[Row]:
    """What holds kits back has a cause, and what was decided holds them back."""
    lots = {row.code: row for row in Lot.objects.using(DATABASE)}
    batches = {row.code: row for row in PackagingBatch.objects.using(DATABASE)}
    excursions = {row.code: row for row in Excursion.objects.using(DATABASE)}
    replaced = set(Replacement.objects.using(DATABASE).values_list("replaces", flat=True))
    open_holds = set()
    for row in Hold.objects.using(DATABASE).order_by("pk"):
        if row.lifted_at is None:
            open_holds.add((row.kind, row.name, row.why, row.source))
        if not _caused(row, lots, batches, excursions, replaced):
            yield "vault_hold", str(row.pk), "nothing that was recorded gives a reason for it"
    for code, batch in batches.items():
        for lot in batch.lots.values():
            status = lots[lot].status if lot in lots else ""
            why = {"quarantined": "quarantine", "recalled": "recall"}.get(status, "")
            if why and ("batch", code, why, f"lot {lot}") not in open_holds:
                yield (
                    "vault_hold",
                    f"batch {code}",
                    f"a lot of it is {status}, and nothing holds it",
                )


def _caused(
    row: Hold,
    lots: dict[str, Lot],
    batches: dict[str, PackagingBatch],
    excursions: dict[str, Excursion],
    replaced: set[str],
) -> bool:
    batch, lifted = batches.get(row.name), row.lifted_at is not None
    match row.why:
        case "expiry":
            ends: date | None = batch.expires_on if batch else None
            return ends is not None and ends <= row.since.date() and not lifted
        case "quarantine" | "recall":
            lot = row.source.removeprefix("lot ")
            known = batch is not None and lot in batch.lots.values() and lot in lots
            return known and not (lifted and row.why == "recall")
        case "excursion":
            found = excursions.get(row.source)
            return found is not None and lifted == (found.decision == "use")
        case "replaced":
            return row.name in replaced and not lifted
    return not lifted  # taken away at the site, which its own ledger says


def _validity() -> Iterator[Row]:
    """A kit is valid exactly while nothing holds it or its batch."""
    held = set(Hold.objects.using(DATABASE).filter(lifted_at=None).values_list("kind", "name"))
    for kit in Kit.objects.using(DATABASE).order_by("pk").iterator():
        holding = ("kit", kit.code) in held or ("batch", kit.batch) in held
        if kit.valid == holding:
            yield "vault_kit", str(kit.pk), "whether it is valid does not follow from what holds it"


def _holders() -> Iterator[Row]:
    """Kits are held by whom they were given to, and lie where they were sent last."""
    given = dict(Allocation.objects.using(DATABASE).values_list("kit", "participant"))
    given |= dict(Replacement.objects.using(DATABASE).values_list("kit", "participant"))
    sent = {
        kit: row.site for row in Consignment.objects.using(DATABASE).order_by("pk") for kit in row.kits
    }  # fmt: skip
    for kit in Kit.objects.using(DATABASE).order_by("pk").iterator():
        if kit.participant != given.get(kit.code, ""):
            yield "vault_kit", str(kit.pk), "nobody was given it who is said to hold it"
        if kit.code in sent and kit.site != sent[kit.code]:
            yield "vault_kit", str(kit.pk), "it is not where it was sent"
