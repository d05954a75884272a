"""Whatever is altered in the vault about lots, batches, excursions, holds and kits is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import connections, transaction

from equipoise_server.allocator import client, depot
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.verify import verify
from equipoise_server.sqlite.guard import schema_door
from equipoise_server.store import append_only
from equipoise_server.vault.models import Excursion, Hold, Kit, Lot, PackagingBatch
from server.cast import NOW, Cast, key
from server.test_product import consigned, make_batch
from server.vault_hand import past_the_guards

LOTS = ("tablet-high-01", "tablet-low-01", "tablet-placebo-01")


@pytest.fixture
def product(trial: Cast) -> Cast:
    """Two batches' worth of everything that is noted: packed, sent, exposed, held, lifted, recalled."""
    for number in ("01", "02"):
        make_batch(trial, number, shares=8)
    consigned(trial)
    consigned(trial, site="s02")
    code = trial.make_eligible(trial.enrol())
    randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    told = depot.report_excursion(
        site="s02", began="2026-03-01T10:00+00:00", ended="2026-03-01T11:00+00:00",
        lowest=2.0, highest=40.0, by="fu", at=NOW,
    )  # fmt: skip
    depot.decide_excursion(excursion=told, decision="use", reason="short", by="mo", at=NOW)
    depot.quarantine_lot(lot=LOTS[0], reason="asked", by="fu", at=NOW)
    depot.lift_quarantine(lot=LOTS[0], reason="answered", by="mo", at=NOW)
    depot.recall_lot(lot=LOTS[1], reason="failed", by="mo", at=NOW)
    assert verify().sound
    return trial


def named() -> set[str]:
    return {table for table, _, why in client.broken() if "trigger" not in why}


def change(model: type, **columns: object) -> None:
    row = model.objects.order_by("pk").first()
    model.objects.filter(pk=row.pk).update(**columns)


def with_state(**changes: object) -> None:
    row = Lot.objects.order_by("pk").first()
    Lot.objects.filter(pk=row.pk).update(state={**row.state, **changes})


@contextmanager
def unguarded(table: str) -> Iterator[None]:
    """The database in the hands of somebody who rules it."""
    vault = connections["vault"]
    with past_the_guards(), vault.cursor() as cursor:
        for name, on in append_only.guards(vault.vendor, (table,)):
            where = f" ON {on}" if vault.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")
        yield


def forced(table: str, model: type, **columns: object) -> None:
    with unguarded(table):
        change(model, **columns)


def gone(table: str, model: type) -> None:
    with unguarded(table):
        row = model.objects.order_by("pk").first()
        model.objects.filter(pk=row.pk)._raw_delete("vault")


def a_hold() -> None:
    at: datetime = NOW + timedelta(days=1)
    code = Kit.objects.filter(valid=True).earliest("pk").code
    Hold.objects.create(kind="kit", name=code, why="replaced", source="kit X", since=at)


ALTERED = {
    "the status of a lot": ("vault_lot", lambda: change(Lot, status="certified")),
    "the expiry of a lot": ("vault_lot", lambda: with_state(expires_on="2098-01-01")),
    "a result of a lot": ("vault_lot", lambda: with_state(results=[["content", 1.0]])),
    "a lot is gone": ("vault_lot", lambda: gone("vault_lot", Lot)),
    "a decision": ("vault_excursion", lambda: forced("vault_excursion", Excursion, decision="destroy")),
    "who decided": ("vault_excursion", lambda: forced("vault_excursion", Excursion, decided_by="fu")),
    "a hold is lifted": ("vault_kit", lambda: Hold.objects.filter(why="recall").update(lifted_at=NOW)),
    "a hold without a cause": ("vault_hold", a_hold),
    "a kit is valid again": ("vault_kit", lambda: Kit.objects.filter(valid=False).update(valid=True)),
    "a kit is not valid": ("vault_kit", lambda: Kit.objects.filter(valid=True, participant="").update(valid=False)),
    "a kit lies elsewhere": ("vault_kit", lambda: Kit.objects.filter(site="s02").update(site="s01")),
    "a kit is somebody's": ("vault_kit", lambda: Kit.objects.filter(participant="", site="s01").update(participant="X")),
    "a batch": ("vault_packagingbatch", lambda: gone("vault_packagingbatch", PackagingBatch)),
}  # fmt: skip


class UndoneError(Exception):
    """Nothing of it happened."""


def found_after(alter: Callable[[], object]) -> set[str]:
    """The tables that are named once this was altered; then it is as before."""
    try:
        with schema_door("vault"), transaction.atomic("vault"):
            alter()
            raise UndoneError(named())
    except UndoneError as undone:
        return set(undone.args[0])


def test_an_altered_row_is_named(product: Cast) -> None:
    assert client.broken() == ()
    missed = [what for what, (table, alter) in ALTERED.items() if table not in found_after(alter)]
    assert missed == []
    assert client.broken() == ()


def test_verify_tells_of_it(product: Cast) -> None:
    Kit.objects.filter(valid=False).update(valid=True)
    assert {one.table for one in verify().broken} == {"vault_kit"}
