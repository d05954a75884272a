"""Identities: encrypted per person, bound to their row, erased with their key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from equipoise.errors import SealBroken, UnknownRecord
from equipoise_server.identity import people
from equipoise_server.identity.models import Person

AT = datetime(2026, 3, 1, tzinfo=UTC)
ZHANG = people.Identity(participant="P1", name="张三", contact="zhang@example.org")
LI = people.Identity(participant="P2", name="Li Si", contact="+86 577 0000")


@pytest.fixture
def stored(instance):
    for identity in (ZHANG, LI):
        people.remember(identity, at=AT)


@pytest.mark.usefixtures("stored")
def test_what_was_remembered_is_recalled():
    assert people.recall("P1") == ZHANG
    assert people.recall("P2") == LI


@pytest.mark.usefixtures("stored")
def test_nothing_readable_is_stored():
    rows = list(Person.objects.values_list("name", "contact"))
    stored = b"".join(bytes(column) for row in rows for column in row)
    for secret in ("张三", "zhang@example.org", "Li Si"):
        assert secret.encode() not in stored


@pytest.mark.usefixtures("stored")
def test_a_value_moved_to_another_person_or_column_does_not_open():
    other = Person.objects.get(participant="P2")
    Person.objects.filter(participant="P1").update(name=other.name)
    with pytest.raises(SealBroken):
        people.recall("P1")
    Person.objects.filter(participant="P2").update(contact=other.name)
    with pytest.raises(SealBroken):
        people.recall("P2")


@pytest.mark.usefixtures("stored")
def test_an_erased_person_is_gone_and_others_stay():
    people.erase("P1")
    with pytest.raises(UnknownRecord):
        people.recall("P1")
    assert people.recall("P2") == LI


@pytest.mark.usefixtures("stored")
def test_remembering_again_overwrites_nothing():
    people.remember(people.Identity(participant="P1", name="x", contact="y"), at=AT)
    assert people.recall("P1") == ZHANG
