"""What the vault wrote stays, and what somebody changed behind its back is named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connections, transaction

from equipoise.protocol.load import load
from equipoise_server.allocator import client, lists
from equipoise_server.services.verify import verify
from equipoise_server.vault import append_only
from equipoise_server.vault.models import (
    Allocation,
    Ceremony,
    Kit,
    Slot,
    UnblindedPerson,
    UnblindedRecord,
    VaultLedgerEntry,
)
from server.cast import Cast
from server.vault_hand import past_the_guards

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
FROZEN = (VaultLedgerEntry, UnblindedRecord, Allocation, Slot)
KEPT = (Kit, Ceremony, UnblindedPerson)


@pytest.fixture
def written(instance):
    study = load(instance.folder / "study")
    client.generate(study, label="demo", at=AT, seed=bytes(32))
    client.deliver(site="s01", shares=4, at=AT)
    stratum = dict([lists.configure(study, label="demo")["strata"][0].split("=")])
    for number in range(3):
        client.allocate(
            participant=f"P{number}", site="s01", stratum=stratum, key=f"k{number}", at=AT
        )
    client.register_unblinded(username="fu", role="pharmacist", by="admin", at=AT)
    client.contents(kit=Allocation.objects.get(participant="P0").kit, by="fu", at=AT)
    client.record_unblinded(
        participant="P0", form="dp", number=1, document={"lot": "L"}, by="fu", at=AT, key="a"
    )
    assert client.broken() == ()


def refused(attack):
    with pytest.raises(DatabaseError), transaction.atomic("vault"):
        attack()


def run(statement):
    with connections["vault"].cursor() as cursor:
        cursor.execute(statement)


def contents():
    return [sorted(model.objects.values_list("pk", flat=True)) for model in (*FROZEN, *KEPT)]


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("model", FROZEN, ids=lambda model: model.__name__)
def test_nothing_changes_a_row_of_the_vault(model):
    table, columns = model._meta.db_table, [f.column for f in model._meta.fields]
    before = list(model.objects.order_by("pk").values_list())
    assert before, "a guard is tried on rows that are there"
    for column in columns:
        refused(lambda column=column: run(f'UPDATE {table} SET "{column}" = "{column}"'))
    refused(lambda: model.objects.first().save(force_update=True))
    assert list(model.objects.order_by("pk").values_list()) == before


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("model", [*FROZEN, *KEPT], ids=lambda model: model.__name__)
def test_nothing_removes_a_row_of_the_vault(model):
    table, before = model._meta.db_table, contents()
    refused(lambda: run(f"DELETE FROM {table}"))
    refused(lambda: model.objects.all()._raw_delete("vault"))
    if connections["vault"].vendor == "sqlite":
        refused(lambda: run(f"REPLACE INTO {table} SELECT * FROM {table}"))
        refused(lambda: run(f"DROP TRIGGER {table}_no_delete"))
    else:
        refused(lambda: run(f"TRUNCATE {table} CASCADE"))
    assert contents() == before


@pytest.mark.usefixtures("written")
def test_a_kit_keeps_its_content_and_its_participant():
    given = Kit.objects.exclude(participant="").first()
    for change in ({"participant": "P9"}, {"participant": ""}, {"code": "X"}, {"delivered_at": AT}):
        if change.get("delivered_at"):
            change = {"delivered_at": datetime(2020, 1, 1, tzinfo=UTC)}
        refused(lambda change=change: Kit.objects.filter(pk=given.pk).update(**change))
    refused(lambda: Kit.objects.update(sealed_product=b"another"))
    assert Kit.objects.filter(pk=given.pk).update(valid=False) == 1
    kept = Kit.objects.get(pk=given.pk)
    assert (kept.code, kept.participant, kept.valid) == (given.code, given.participant, False)
    assert bytes(kept.sealed_product) == bytes(given.sealed_product)


@pytest.mark.usefixtures("written")
def test_a_ceremony_changes_once_by_its_release():
    later = datetime(2027, 1, 1, tzinfo=UTC)
    for change in (
        {"label": "live"},
        {"commitment": "0" * 64},
        {"configuration": {}},
        {"sealed_seed": b"x"},
        {"made_at": later},
    ):
        refused(lambda change=change: Ceremony.objects.update(**change))
    client.release(first=("a", "x"), second=("b", "y"), at=AT)
    refused(lambda: Ceremony.objects.update(released_at=later))
    refused(lambda: Ceremony.objects.update(released_at=None))
    assert Ceremony.objects.get().released_at == AT


def _slot(sealed):
    Slot.objects.filter(place=1).update(sealed=sealed)


def _another_arm_for(participant):
    other = Allocation.objects.exclude(participant=participant).first()
    row = Allocation.objects.filter(participant=participant)
    row.update(sealed_arm=other.sealed_arm)


def _exchange_two_kits():
    one, two = Kit.objects.order_by("pk")[:2]
    Kit.objects.filter(pk=one.pk).update(sealed_product=two.sealed_product)


TAMPERINGS = {
    "reason": lambda: VaultLedgerEntry.objects.filter(sequence=1).update(payload={"username": "x"}),
    "who": lambda: VaultLedgerEntry.objects.filter(sequence=2).update(by="nobody"),
    "entry gone": lambda: VaultLedgerEntry.objects.filter(sequence=1).delete(),
    "record": lambda: UnblindedRecord.objects.update(document={"lot": "M"}),
    "author": lambda: UnblindedRecord.objects.update(by="gu"),
    "record gone": lambda: UnblindedRecord.objects.all().delete(),
    "slot": lambda: _slot(b"x" * 300),
    "arm": lambda: _another_arm_for("P1"),
    "kit": _exchange_two_kits,
    "place": lambda: Allocation.objects.filter(participant="P0").delete(),
    "holder": lambda: Kit.objects.exclude(participant="").update(participant="P7"),
}


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_change_behind_the_back_is_named(name):
    with past_the_guards():
        TAMPERINGS[name]()
    found = client.broken()
    assert found
    assert not {"high", "low", "placebo"} & set(" ".join(map(" ".join, found)).split())


@pytest.mark.usefixtures("written")
def test_a_guard_taken_off_is_missed():
    vendor = connections["vault"].vendor
    name, table = append_only.triggers(vendor)[0]
    from equipoise_server.sqlite.guard import schema_door

    with schema_door("vault"):
        run(f"DROP TRIGGER {name}" + ("" if vendor == "sqlite" else f" ON {table}"))
    assert client.unguarded() == (name,)
    assert client.broken()[0][1] == name


def test_verify_names_a_row_of_the_vault(trial: Cast):
    assert verify().sound
    with past_the_guards():
        _exchange_two_kits()
    assert any(bad.table == "vault_kit" for bad in verify().broken)
