"""Minimisation: the state is kept, checked before each draw, and rebuilt when in doubt."""

from __future__ import annotations

import random

import pytest
from django.db import connections

from equipoise.errors import IntegrityError, OutOfStock
from equipoise_server.allocator import client, dynamic, lists
from equipoise_server.allocator.allocation import arm_of
from equipoise_server.vault.models import Allocation
from server.test_allocator_many import AT, SITES, seal_a_list
from server.vault_hand import past_the_guards

SEED = bytes(range(32))
PEOPLE = [
    {"sex": random.Random(n).choice("mf"), "age": random.Random(n + 99).choice(("young", "old"))}
    for n in range(40)
]
SCHEME = {
    "scheme": "minimisation",
    "parameters": {"factors": ["sex", "age"], "p": 0.8},
    "strata": [lists.WHOLE_STUDY],
    "dynamic": True,
}


@pytest.fixture
def sealed(instance):
    seal_a_list(length=60, shares=20, **SCHEME)


def ask(number: int, site: str = SITES[0]) -> str:
    return client.allocate(
        participant=f"P{number}", site=site, stratum=PEOPLE[number], key=f"k{number}", at=AT
    )


def arms() -> list[str]:
    rows = Allocation.objects.select_related("slot").order_by("slot__place")
    return [arm_of(row) for row in rows]


def expected(people) -> list[str]:
    """The arms by the scheme itself, from the seed, without the vault."""
    from equipoise_server.vault.models import Ceremony

    about = Ceremony.objects.get().configuration
    rule = dynamic.rule_of(about)
    state, given = rule.start((1, 1)), []
    for place, person in enumerate(people, start=1):
        u = lists.uniform(about, SEED, lists.WHOLE_STUDY, place)
        arm, state = rule.step(state, u, covariates=person)
        given.append(about["arms"][arm])
    return given


def test_each_draw_reads_one_earlier_allocation_and_the_arms_are_those_of_the_scheme(sealed):
    read: list[int] = []

    def watch(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if "s.place >= " in sql:
            read.append(params[1])
        return found

    with connections["vault"].execute_wrapper(watch):
        for number in range(15):
            ask(number)
    assert read == list(range(15)), "it asks from the last place on, never from the first"
    assert arms() == expected(PEOPLE[:15])
    assert client.broken() == ()
    client.release(first=("a", "x"), second=("b", "y"), at=AT)
    assert client.matches() is True


@pytest.mark.parametrize("known", ["nothing", "less", "of a refused request"])
def test_a_process_that_knows_less_than_the_vault_draws_the_same(sealed, known):
    for number in range(5):
        ask(number)
    less = dict(dynamic._kept)
    for number in range(5, 9):
        ask(number)
    if known == "nothing":
        dynamic._kept.clear()
    elif known == "less":
        dynamic._kept.update(less)
    else:
        with pytest.raises(OutOfStock):
            ask(20, site="nowhere")
    for number in range(9, 14):
        ask(number)
    assert arms() == expected(PEOPLE[:14])


def test_a_vault_that_was_put_back_is_not_continued_from_what_is_remembered(sealed):
    for number in range(8):
        ask(number)
    with past_the_guards():
        Allocation.objects.filter(slot__place__gt=5).delete()
    for number in range(10, 13):
        ask(number)
    assert arms() == expected([*PEOPLE[:5], *PEOPLE[10:13]])


def test_what_does_not_follow_from_the_draws_stops_a_process_that_starts(sealed):
    for number in range(6):
        ask(number)
    rows = list(Allocation.objects.order_by("pk"))
    other = next(row for row in rows if arm_of(row) != arm_of(rows[0]))
    from equipoise_server.vault.seal import seal

    box = seal(arm_of(other), purpose="arm", name=rows[0].participant)
    with past_the_guards():
        Allocation.objects.filter(pk=rows[0].pk).update(sealed_arm=box)
    dynamic._kept.clear()
    with pytest.raises(IntegrityError):
        ask(9)
    assert Allocation.objects.count() == 6


def test_a_skipped_place_stops_everybody(sealed):
    for number in range(6):
        ask(number)
    dynamic._kept.clear()
    with past_the_guards():
        Allocation.objects.filter(slot__place=3).delete()
    with pytest.raises(IntegrityError):
        ask(9)
