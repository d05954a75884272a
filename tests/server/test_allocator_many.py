"""Many at once, over many strata: no place twice, none skipped, one kit each, in order."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connections

from equipoise.errors import AllocatedOtherwise, KeyReused, NotPermitted
from equipoise.protocol.roles import ROLES, UNBLINDED
from equipoise_server.allocator import ceremony, client, kits, lists
from equipoise_server.allocator.transaction import vault_transaction
from equipoise_server.vault.keys import make_key
from equipoise_server.vault.models import Allocation, Kit, Slot
from server.allocator_process import Allocator, through

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
STRATA = [f"site=s{number:02}" for number in range(20)]
SITES = ("a", "b", "c", "d", "e", "f")


def seal_a_list(length: int, shares: int, **changes: object) -> None:
    """A list of twenty strata, and kits at six sites."""
    configuration = {
        "label": "demo",
        "study": "many",
        "digest": "d" * 64,
        "scheme": "big-stick",
        "parameters": {"limit": 3},
        "arms": ["one", "other"],
        "ratio": [1, 1],
        "strata": STRATA,
        "length": length,
        "dynamic": False,
        **changes,
    }
    make_key()
    seed = bytes(range(32))
    made = lists.Made(configuration=configuration, seed=seed, list=lists.build(configuration, seed))
    ceremony._store(made, AT)
    Slot.objects.using("vault").bulk_create(ceremony._slots(made), batch_size=500)
    with vault_transaction():
        for site in SITES:
            kits.make(ceremony.current(), shares=shares, site=site, batch="", at=AT)


def ask(number: int) -> str:
    """One participant, asked for twice now and then."""
    stratum = dict([STRATA[number % len(STRATA)].split("=")])
    given = {"participant": f"P{number:05}", "site": SITES[number % 7 % 6], "stratum": stratum}
    kit = client.allocate(**given, key=f"k{number}", at=AT)
    if number % 10 == 0:
        assert client.allocate(**given, key=f"again{number}", at=AT) == kit
    return kit


def everybody_asks(clients: int, people: int) -> list[str]:
    """Kits in order of participants."""
    order = list(range(people))
    random.Random(7).shuffle(order)

    def one(part: list[int]) -> dict[int, str]:
        try:
            return {number: ask(number) for number in part}
        finally:
            connections.close_all()

    with ThreadPoolExecutor(clients) as pool:
        done: dict[int, str] = {}
        for part in pool.map(one, [order[start::clients] for start in range(clients)]):
            done.update(part)
    return [done[number] for number in range(people)]


def check(codes: list[str]) -> None:
    """Nothing twice, nothing skipped, and the list was followed."""
    assert len(set(codes)) == len(codes)
    rows = Allocation.objects.select_related("slot").order_by("slot__stratum", "slot__place")
    places: dict[str, list[int]] = {}
    for row in rows:
        assert row.slot.stratum == row.stratum
        places.setdefault(row.stratum, []).append(row.slot.place)
    assert all(used == list(range(1, len(used) + 1)) for used in places.values())
    assert {row.participant: row.kit for row in rows} == {
        f"P{number:05}": kit for number, kit in enumerate(codes)
    }
    assert Kit.objects.exclude(participant="").count() == len(codes)
    assert client.broken() == ()
    client.release(first=("a", "x"), second=("b", "y"), at=AT)
    assert client.matches() is True
    assert client.released() == client.received()


def test_sixteen_clients_over_twenty_strata(instance):
    seal_a_list(length=30, shares=70)
    codes = everybody_asks(clients=16, people=240)
    check(codes)


def test_sixteen_clients_at_the_socket(instance, tmp_path):
    seal_a_list(length=30, shares=70)
    running = Allocator(instance, tmp_path / "a")
    through(running)
    codes = everybody_asks(clients=16, people=240)
    through(None)
    running.stop()
    check(codes)


@pytest.mark.prove
def test_sixty_four_clients_and_ten_thousand_participants_at_the_socket(instance, tmp_path):
    seal_a_list(length=600, shares=3000)
    running = Allocator(instance, tmp_path / "a")
    through(running)
    codes = everybody_asks(clients=64, people=10_000)
    through(None)
    running.stop()
    check(codes)


def test_one_participant_asked_for_by_all_gets_one_place(instance):
    seal_a_list(length=10, shares=10)

    def one(number: int) -> str:
        stratum = dict([STRATA[number % 2].split("=")])
        try:
            return client.allocate(
                participant="P", site=SITES[0], stratum=stratum, key=f"k{number}", at=AT
            )
        except AllocatedOtherwise:
            return "otherwise"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        told = Counter(pool.map(one, range(12)))
    assert Allocation.objects.count() == 1
    assert told.pop("otherwise") == 6
    assert list(told.values()) == [6], "the same kit for everybody who asked for the same"


def test_one_key_used_for_two_participants_at_once_serves_one(instance):
    seal_a_list(length=10, shares=10)

    def one(number: int) -> str:
        stratum = dict([STRATA[number].split("=")])
        given = {"participant": f"P{number}", "site": SITES[number % 6], "stratum": stratum}
        try:
            return client.allocate(**given, key="the same", at=AT)
        except KeyReused:
            return "refused"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        told = Counter(pool.map(one, range(12)))
    assert told.pop("refused") == 11
    assert Allocation.objects.count() == Kit.objects.exclude(participant="").count() == 1


def allowed(name: str, kit: str) -> set[str]:
    """What of the vault a person is told."""
    asked = {
        "contents": lambda: client.contents(kit=kit, by=name, at=AT),
        "masks": lambda: client.masks(by=name, at=AT),
        "reveal": lambda: client.reveal(participant="P00000", by=name, reason="x", at=AT),
        "record": lambda: client.record_unblinded(
            participant=name, form="f", number=1, document={}, by=name, at=AT, key=name
        ),
        "released": client.released,
    }
    told = set()
    for step, act in asked.items():
        try:
            act()
            told.add(step)
        except NotPermitted:
            pass
    return told - {"record"} if "record" in told and "contents" in told else told


def test_no_set_of_roles_without_an_unblinded_one_is_told_anything(instance, monkeypatch):
    from equipoise_server.allocator import unblinding

    monkeypatch.setattr(unblinding, "DAILY_PER_STUDY", 10**6)
    seal_a_list(length=10, shares=10)
    kit = ask(0)
    told_to: dict[frozenset[str], set[str]] = {}
    sets = [frozenset(c) for size in (0, 1, 2) for c in itertools.combinations(ROLES, size)]
    for number, roles in enumerate(sets):
        for role in roles:
            client.register_unblinded(username=f"u{number}", role=role, by="admin", at=AT)
        told_to[roles] = allowed(f"u{number}", kit)
    for roles, told in told_to.items():
        emergency = {"reveal"} if "investigator" in roles else set()
        if not roles & set(UNBLINDED):
            assert told == emergency, roles
        assert "released" not in told
        alone = set().union(*(told_to[frozenset({role})] for role in roles))
        assert told == alone, "two roles together open nothing that neither opens alone"
    assert Counter(map(len, told_to)) == {0: 1, 1: len(ROLES), 2: len(ROLES) * (len(ROLES) - 1) / 2}
