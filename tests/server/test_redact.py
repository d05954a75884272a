"""Redaction: gone for good, by two persons, and every chain still verifies."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection

from equipoise.errors import KeyReused, NotPermitted, TwoPersonsRequired, UnknownRecord
from equipoise_server.services.redact import redact
from equipoise_server.services.two_persons import Agreed
from equipoise_server.services.verify import verify
from equipoise_server.store.models import LedgerEntry, RecordPayload, Trial
from equipoise_server.store.queries import records
from equipoise_server.store.queries.finalising import removed, signatures
from equipoise_server.store.save import Place
from server.cast import ADULT, NOW, TODAY, Cast, key
from server.finalising import seen, sign_as

CODE = "S01-AAAAA-AAAAA"
PLACE = Place(participant=CODE, form="screening", visit="screen")
LATER = NOW + timedelta(hours=1)


def _persons(trial: Cast) -> dict[str, Agreed]:
    return {
        "first": Agreed(by=trial.data_manager, reason="A number that names the person"),
        "second": Agreed(by=trial.investigator, reason="Seen at the site"),
    }


@pytest.fixture
def typed(trial: Cast) -> Cast:
    """Version 1 and 2 hold 77.125; version 3 does not."""
    trial.fill_in(trial.enrol(CODE), "screening", {**ADULT, "egfr": 77.125})
    trial.fill_in(CODE, "screening", {**ADULT, "egfr": 77.125, "age": 45}, reason="Age", at=LATER)
    sign_as(trial.investigator, CODE, "screening", seen(CODE, "screening"), at=LATER)
    return trial


def _everything() -> str:
    """All text of the store, as a thief would read it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("store_"):
                cursor.execute(f'SELECT * FROM "{table}"')
                found += [str(row) for row in cursor.fetchall()]
    return "\n".join(found)


def test_the_answer_is_nowhere_and_the_rest_can_be_read(typed: Cast) -> None:
    assert "77.125" in _everything()
    done = redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(typed))
    assert (done.removed, done.version) == ((1, 2), 3)
    assert "77.125" not in _everything()
    newest, *older = records.versions(CODE, "screening", "screen", 0)
    assert newest.answers is not None
    assert (newest.answers["age"], "egfr" in newest.answers) == (45, False)
    assert [one.answers for one in older] == [None, None]
    first = removed(CODE, "screening", "screen", 0)[-1]
    assert (first.version, first.items) == (1, ("egfr",))
    assert first.persons == {
        "guo": "A number that names the person",
        "chen": "Seen at the site",
    }
    assert (first.remains["age"], "egfr" in first.remains) == (44, False)
    assert verify().sound


def test_the_signature_on_what_was_removed_is_void(typed: Cast) -> None:
    redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(typed))
    (one,) = signatures(CODE, "screening", "screen", 0)
    assert one.void_at == LATER
    assert verify().sound


def test_only_older_versions_are_touched_where_the_newest_is_clean(typed: Cast) -> None:
    typed.fill_in(CODE, "screening", {**ADULT, "egfr": 80}, reason="Removed", at=LATER)
    done = redact(PLACE, items=("sex", "egfr"), at=LATER, key=key(), **_persons(typed))
    assert (done.removed, done.version) == ((1, 2, 3), 4)


def test_nothing_is_redacted_twice(typed: Cast) -> None:
    redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(typed))
    with pytest.raises(UnknownRecord):
        redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(typed))
    with pytest.raises(UnknownRecord):
        redact(PLACE, items=("no_such_item",), at=LATER, key=key(), **_persons(typed))


def test_one_person_redacts_nothing(typed: Cast) -> None:
    one = Agreed(by=typed.data_manager, reason="x")
    for second in (one, Agreed(by=typed.investigator, reason="")):
        with pytest.raises(TwoPersonsRequired):
            redact(PLACE, items=("egfr",), first=one, second=second, at=LATER, key=key())
    other = Agreed(by=typed.elsewhere, reason="x")
    with pytest.raises(NotPermitted):
        redact(PLACE, items=("egfr",), first=one, second=other, at=LATER, key=key())
    with pytest.raises(NotPermitted):
        redact(
            PLACE, items=("egfr",), first=_persons(typed)["second"], second=one, at=LATER, key=key()
        )
    assert RecordPayload.objects.count() == 2


def test_a_request_that_is_guessed_from_its_digest_is_forgotten(trial: Cast) -> None:
    given = {"participant": CODE, "form": "screening", "visit": "screen", "on": TODAY}
    trial.enrol(CODE)
    used = key()
    trial.fill_in(CODE, "screening", {**ADULT, "egfr": 77.125}, key=used)
    redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(trial))
    with pytest.raises(KeyReused):
        trial.fill_in(CODE, "screening", {**ADULT, "egfr": 77.125}, key=used)
    assert given


def test_a_locked_study_still_loses_an_identifier(typed: Cast) -> None:
    Trial.objects.update(locked_at=LATER)
    redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(typed))
    assert "77.125" not in _everything()


def test_the_ledger_says_what_was_done_and_not_what_was_removed(typed: Cast) -> None:
    redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(typed))
    said = [json.loads(one.payload.data) for one in LedgerEntry.objects.filter(what="redacted")]
    assert [one["items"] for one in said] == [["egfr"], ["egfr"]]
    assert "77.125" not in json.dumps(said)
