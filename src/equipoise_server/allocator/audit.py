"""Reading the whole vault: guards, ledger, seals, unblinded records, order of the places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connections

from equipoise.digest import sha256
from equipoise.errors import SealBroken
from equipoise_server.allocator import audit_interim, audit_product, journal
from equipoise_server.allocator.allocation import arm_of
from equipoise_server.allocator.ceremony import slot_name
from equipoise_server.allocator.kits import arm_in
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.vault import append_only
from equipoise_server.vault.models import (
    Allocation,
    Credential,
    Kit,
    Slot,
    UnblindedRecord,
    VaultLedgerEntry,
)
from equipoise_server.vault.seal import open_seal

Row = tuple[str, str, str]  # table, row, what is wrong; never what the row holds
RECORDED = "unblinded record"
ACCEPTED = ("PIN set", "passkey added", "signed in")
_SEAL = "its seal does not open: changed, moved or sealed under another key"


def broken() -> tuple[Row, ...]:
    """Every row of the vault that contradicts the rest, and every guard that is missing."""
    parts = (
        _guards,
        _ledger,
        _credentials,
        _records,
        _slots,
        _kits,
        _allocations,
        audit_product.differences,
        audit_interim.differences,
    )
    return tuple(row for part in parts for row in part())


def unguarded() -> tuple[str, ...]:
    """The names of the triggers that should guard the vault and do not."""
    return tuple(append_only.missing(connections[DATABASE]))


def _guards() -> Iterator[Row]:
    for name in unguarded():
        yield name.partition("_no_")[0], name, "the trigger that guards this table is missing"


def _ledger() -> Iterator[Row]:
    first = journal.first_broken()
    if first is not None:
        yield append_only.LEDGER, str(first), "it does not follow, or its digest does not fit"


def _records() -> Iterator[Row]:
    """Each unblinded record is named, with its digest, by exactly one entry of the ledger."""
    named = {
        (entry.participant, *(entry.payload.get(part) for part in ("form", "number", "version"))): (
            entry.payload.get("digest"),
            entry.by,
            entry.at,
        )
        for entry in VaultLedgerEntry.objects.using(DATABASE).filter(what=RECORDED)
    }
    for row in UnblindedRecord.objects.using(DATABASE).order_by("pk"):
        entry = named.pop((row.participant, row.form, row.number, row.version), None)
        if entry != (sha256(row.document), row.by, row.at):
            yield "vault_unblindedrecord", str(row.pk), "the vault's ledger does not say this"
    for participant, form, number, version in named:
        where = f"{participant} {form} {number} version {version}"
        yield "vault_unblindedrecord", where, "the vault's ledger names it and it is missing"


def _credentials() -> Iterator[Row]:
    """Every PIN, passkey and session key is one that the journal says its person accepted."""
    said = {
        (entry.by, entry.payload.get("public_key"))
        for entry in VaultLedgerEntry.objects.using(DATABASE).filter(what__in=ACCEPTED)
    }
    kept = Credential.objects.using(DATABASE).filter(kind__in=("pin", "passkey", "pass"))
    for row in kept.order_by("pk"):
        if (row.person, row.public_key) not in said:
            yield "vault_credential", str(row.pk), "the vault's ledger does not say this"


def _slots() -> Iterator[Row]:
    for slot in Slot.objects.using(DATABASE).order_by("pk"):
        try:
            open_seal(slot.sealed, purpose="slot", name=slot_name(slot.stratum, slot.place))
        except SealBroken:
            yield "vault_slot", str(slot.pk), _SEAL


def _kits() -> Iterator[Row]:
    for kit in Kit.objects.using(DATABASE).order_by("pk"):
        try:
            arm_in(kit)
        except SealBroken:
            yield append_only.KIT, str(kit.pk), _SEAL


def _allocations() -> Iterator[Row]:
    """Seals, kits and places: in each list the places used are 1 to n."""
    used: dict[str, int] = {}
    holders = dict(Kit.objects.using(DATABASE).values_list("code", "participant"))
    rows: Any = Allocation.objects.using(DATABASE).select_related("slot").order_by("slot__place")
    for row in rows:
        name = ("vault_allocation", str(row.pk))
        try:
            arm_of(row)
        except SealBroken:
            yield *name, _SEAL
        used[row.slot.stratum] = used.get(row.slot.stratum, 0) + 1
        if row.slot.place != used[row.slot.stratum]:
            yield *name, "a place before it was skipped"
            used[row.slot.stratum] = row.slot.place
        if holders.get(row.kit) != row.participant:
            yield *name, "its kit is not held for the participant"
