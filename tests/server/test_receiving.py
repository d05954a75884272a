"""Deliveries of any size: written in few statements, with few locks, and each kit once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from equipoise.errors import EquipoiseError, Refused
from equipoise_server.services.supply.receive import receive
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Kit, LedgerEntry
from server.cast import NOW, Cast, key
from server.test_at_once import together

LOCKS = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"


def codes(many: int) -> list[str]:
    return [f"K-{number:05}" for number in range(many)]


def take_in(trial: Cast, kits: list[str], **more: Any) -> None:
    receive(site="s01", kits=kits, by=trial.pharmacist, at=NOW, key=key(), **more)


class Watch:
    """How many statements there were, and how many locks were held after the last of them."""

    def __init__(self) -> None:
        self.statements = self.locks = 0

    def __call__(self, execute: Any, sql: str, *given: Any) -> Any:
        done = execute(sql, *given)
        self.statements += 1
        if connection.vendor == "postgresql" and "store_idempotencykey" in sql:
            with connection.connection.cursor() as own:
                (self.locks,) = own.execute(LOCKS).fetchone()
        return done


def received(trial: Cast, many: int) -> Watch:
    watch = Watch()
    with connection.execute_wrapper(watch):
        take_in(trial, codes(many))
    assert Kit.objects.filter(pk__startswith="K-").count() == many
    return watch


def test_a_delivery_of_many_kits_takes_few_statements_and_few_locks(trial: Cast) -> None:
    watch = received(trial, 650)
    assert watch.statements < 40
    assert watch.locks < 10
    entries = LedgerEntry.objects.filter(chain="kit/K-00649").order_by("sequence")
    assert [one.what for one in entries] == ["kit-received", "kit-checked-in"]
    assert verify().sound


@pytest.mark.prove
def test_a_delivery_of_fourteen_thousand_kits_is_taken_in_at_once(trial: Cast) -> None:
    assert received(trial, 14_000).locks < 10
    assert verify().sound


@pytest.mark.parametrize("kits", [["K-1", "K-2", "K-1"], ["K-3", "K-0"]])
def test_a_kit_that_is_received_twice_stops_the_whole_delivery(
    trial: Cast, kits: list[str]
) -> None:
    take_in(trial, ["K-0"])
    with pytest.raises(Refused):
        take_in(trial, kits)
    assert list(Kit.objects.filter(pk__startswith="K-").values_list("pk", flat=True)) == ["K-0"]
    assert LedgerEntry.objects.filter(chain__startswith="kit/K-").count() == 2


def test_of_two_who_take_in_the_same_kits_one_is_refused(trial: Cast) -> None:
    forth, back = codes(30), codes(30)[::-1]
    answers = together(*(lambda kits=kits: take_in(trial, kits) for kits in (forth, back, forth)))
    assert sorted(type(answer) is type(None) for answer in answers) == [False, False, True]
    assert all(answer is None or isinstance(answer, EquipoiseError) for answer in answers)
    assert LedgerEntry.objects.filter(chain__startswith="kit/K-").count() == 60
    assert verify().sound
