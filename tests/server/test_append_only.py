"""What is written stays: every way of changing it is refused, on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from equipoise_server.store.append_only import FROZEN, PAYLOADS, missing
from equipoise_server.store.models import (
    LedgerEntry,
    LedgerPayload,
    RecordPayload,
    RecordVersion,
    StudyVersion,
    Trial,
)
from server.cast import ADULT, Cast

MODELS = (LedgerEntry, LedgerPayload, RecordVersion, RecordPayload, StudyVersion)
TABLES = (*FROZEN, *PAYLOADS)


@pytest.fixture
def written(trial: Cast) -> Cast:
    trial.fill_in(trial.enrol(), "screening", ADULT)
    return trial


def refused(attack: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        attack()


def sql(statement: str) -> Callable[[], object]:
    def run() -> object:
        with connection.cursor() as cursor:
            return cursor.execute(statement)

    return run


def contents() -> list[list[tuple[object, ...]]]:
    return [sorted(model.objects.values_list()) for model in MODELS]


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("model", MODELS)
def test_no_way_through_the_orm_changes_a_row(model: type) -> None:
    before = contents()
    row = model.objects.first()
    column = next(f.name for f in model._meta.fields if f.name in ("by", "data", "document"))
    setattr(row, column, "changed")
    refused(lambda: row.save(force_update=True))
    refused(row.delete)
    refused(lambda: model.objects.update(**{column: "x"}))
    refused(lambda: model.objects.bulk_update([row], [column]))
    refused(lambda: model.objects.all().delete())
    refused(lambda: model.objects.all()._raw_delete("default"))
    refused(
        lambda: model.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=[model._meta.pk.name],
            update_fields=[column],
        )
    )
    assert contents() == before


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("table", TABLES)
def test_no_raw_sql_changes_a_row(table: str) -> None:
    before = contents()
    column = "at" if table in FROZEN else "data"
    refused(sql(f"UPDATE {table} SET {column} = 'x'"))
    refused(sql(f"DELETE FROM {table}"))
    if connection.vendor == "sqlite":
        refused(sql(f"REPLACE INTO {table} SELECT * FROM {table}"))
        refused(sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))
        refused(sql(f"UPDATE OR REPLACE {table} SET {column} = 'x'"))
    else:
        refused(sql(f"TRUNCATE {table} CASCADE"))
        refused(sql(f"DELETE FROM {table} WHERE true"))
    assert contents() == before


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("table", TABLES)
def test_the_guard_cannot_be_taken_off_while_running(table: str) -> None:
    if connection.vendor != "sqlite":
        assert missing(connection) == []
        return  # there the database role decides: see docs/how-to
    for statement in (
        f"DROP TRIGGER {table}_no_update",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} RENAME TO gone",
        "CREATE TRIGGER t BEFORE INSERT ON store_record BEGIN SELECT RAISE(IGNORE); END",
        "ATTACH DATABASE ':memory:' AS other",
        "PRAGMA writable_schema = ON",
        "PRAGMA recursive_triggers = OFF",
        "PRAGMA synchronous = OFF",
        "PRAGMA foreign_keys = OFF",
    ):
        refused(sql(statement))
    assert missing(connection) == []


@pytest.mark.usefixtures("written")
def test_a_payload_leaves_only_by_the_door_of_redaction() -> None:
    version = RecordVersion.objects.first()
    assert version is not None
    refused(lambda: RecordPayload.objects.filter(pk=version.pk).delete())
    from equipoise_server.services.verify import verify
    from equipoise_server.store import ledger
    from server.cast import NOW

    with transaction.atomic(), connection.cursor() as cursor:
        ledger.append(
            cursor,
            chain="S01-AAAAA-AAAAA",
            what=ledger.REDACTED,
            by="guo",
            at=NOW,
            subject=version.pk,
            payload={"why": "a name was typed"},
        )
        RecordPayload.objects.filter(pk=version.pk).delete()
    assert verify().broken == ()


@pytest.mark.usefixtures("written")
def test_a_demonstration_stays_one_for_ever() -> None:
    assert Trial.objects.get().demo
    refused(lambda: Trial.objects.update(demo=False))
    refused(lambda: Trial.objects.all().delete())
    refused(lambda: Trial.objects.all()._raw_delete("default"))
    refused(sql("UPDATE store_trial SET id = 2"))
    if connection.vendor == "sqlite":
        refused(sql("REPLACE INTO store_trial SELECT * FROM store_trial"))
    else:
        refused(sql("TRUNCATE store_trial CASCADE"))
    assert Trial.objects.get().demo


@pytest.mark.once
def test_every_model_is_what_its_migrations_make(instance: object) -> None:
    ours = ("store", "identity", "vault")
    call_command("makemigrations", *ours, check=True, dry_run=True, verbosity=0)
