"""Redaction: gone for good, by two persons, and every chain still verifies."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import timedelta

import pytest
from django.db import connection

from equipoise.errors import KeyReused, NotPermitted, TwoPersonsRequired, UnknownRecord
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.records.keep_draft import Typed, keep_draft
from equipoise_server.services.records.redact import redact
from equipoise_server.services.records.redact_texts import redact_texts
from equipoise_server.services.verify import verify
from equipoise_server.store import life
from equipoise_server.store.models import Draft, LedgerEntry, RecordPayload, Trial
from equipoise_server.store.queries import records
from equipoise_server.store.queries.entries import written
from equipoise_server.store.queries.finalising import proposals, removed, signatures
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


def test_what_somebody_typed_and_did_not_save_goes_too(typed: Cast) -> None:
    said = {"v.egfr": ["77.125"], "v.age": ["51"]}
    for by in (typed.investigator, typed.assessor):
        draft = Typed(said=said, version=2, key="a")
        keep_draft(place=PLACE, typed=draft, by=by, at=LATER)
    redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(typed))
    assert "77.125" not in _everything()
    assert [json.loads(one.said) for one in Draft.objects.all()] == [{"v.age": ["51"]}] * 2


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


SECRET = "Zhang Wei of bed 12"


def test_a_reason_goes_and_the_answers_stay_readable(typed: Cast) -> None:
    typed.fill_in(CODE, "screening", {**ADULT, "age": 46}, reason=SECRET, at=LATER)
    typed.fill_in(CODE, "screening", {**ADULT, "age": 47}, reason="Again", at=LATER)
    assert SECRET in _everything()
    done = redact(PLACE, reasons=(3,), at=LATER, key=key(), **_persons(typed))
    assert (done.removed, done.version) == ((3,), 4)
    assert SECRET not in _everything()
    found = {one.version: one for one in records.versions(CODE, "screening", "screen", 0)}
    assert [found[n].reason for n in sorted(found)] == ["", "Age", "", "Again"]
    gone = removed(CODE, "screening", "screen", 0)[0]
    assert (gone.version, gone.reason, gone.remains["age"]) == (3, True, 46)
    assert verify().sound


def test_the_reason_of_the_newest_version_goes_with_a_version_after_it(typed: Cast) -> None:
    typed.fill_in(CODE, "screening", {**ADULT, "age": 46}, reason=SECRET, at=LATER)
    version = records.versions(CODE, "screening", "screen", 0)[0].version
    done = redact(PLACE, reasons=(version,), at=LATER, key=key(), **_persons(typed))
    assert (done.removed, done.version) == ((version,), version + 1)
    newest = records.versions(CODE, "screening", "screen", 0)[0]
    assert newest.answers is not None
    assert newest.answers["age"] == 46
    assert SECRET not in _everything()
    assert verify().sound


def test_a_reason_that_may_stay_is_still_told_when_the_answers_go(typed: Cast) -> None:
    redact(PLACE, items=("egfr",), at=LATER, key=key(), **_persons(typed))
    told = {one.version: one.reason for one in records.versions(CODE, "screening", "screen", 0)}
    assert told == {1: "", 2: "Age", 3: "redacted"}


def test_what_was_said_in_a_query_goes_and_who_said_something_stays(typed: Cast) -> None:
    from equipoise_server.services.cleaning.answer_query import answer_query
    from equipoise_server.services.cleaning.open_query import open_query
    from equipoise_server.services.trial.export import export
    from equipoise_server.store.queries.cleaning import thread
    from server.pages import signed_in, text_of

    place = {"participant": CODE, "form": "screening", "visit": "screen"}
    number = open_query(
        **place, item="age", text=f"Is {SECRET} right?", by=typed.data_manager, at=LATER, key="q"
    )
    answer_query(query=number, text="Yes", by=typed.investigator, at=LATER, key=key())
    asked, _answered = written(CODE, ("screening", "screen", 0))
    with pytest.raises(UnknownRecord):
        redact(PLACE, turns=("0" * 64,), at=LATER, key=key(), **_persons(typed))
    manager = signed_in(typed.data_manager)
    page = f"/en/finalise/redact/{CODE}/screening/screen/0/"
    assert SECRET in text_of(manager.get(page))
    done = redact(PLACE, turns=(asked.digest,), at=LATER, key=key(), **_persons(typed))
    assert (done.removed, done.turns) == ((), 1)
    assert SECRET not in _everything()
    assert [(one.by, one.text) for one in thread(number)] == [("guo", None), ("chen", "Yes")]
    for seen_on in (page, f"/en/data/queries/{number}/", f"/en/site/participants/{CODE}/",
                    f"/en/site/participants/{CODE}/screening/screen/0/", "/en/site/"):  # fmt: skip
        assert manager.get(seen_on).status_code in (200, 403), seen_on
    assert verify().sound
    export("csv", out=typed.instance.folder / "out", by=typed.statistician, at=LATER)
    with pytest.raises(KeyReused):
        open_query(
            **place, item="age", text=f"Is {SECRET} right?", by=typed.data_manager, at=LATER,
            key="q",
        )  # fmt: skip


def test_two_pages_remove_a_reason(typed: Cast) -> None:
    from server.pages import signed_in, text_of

    typed.fill_in(CODE, "screening", {**ADULT, "age": 46}, reason=SECRET, at=LATER)
    asks, agrees = signed_in(typed.data_manager), signed_in(typed.investigator)
    page = f"/en/finalise/redact/{CODE}/screening/screen/0/"
    assert f"Version 3: {SECRET}" in text_of(asks.get(page))
    for wrong in ("x", "-1", "9" * 30):
        sent = {"of-version": wrong, "reason": "names", "key": key()}
        assert asks.post(page, sent).status_code == 409
    newest = records.versions(CODE, "screening", "screen", 0)[0].version
    sent = {"of-version": str(newest), "reason": "names the person", "key": key()}
    assert asks.post(page, sent).status_code == 302
    listed = agrees.get("/en/finalise/two-persons/").content.decode()
    assert f"reason of version {newest}" in listed
    found = re.search(r"two-persons/(\d+)/", listed)
    assert found
    url = f"/en/finalise/two-persons/{found[1]}/"
    assert agrees.post(url, {"act": "agree", "reason": "Seen"}).status_code == 302
    assert SECRET not in _everything()


def test_every_text_that_an_event_can_hold_goes_by_its_name() -> None:
    from equipoise.participant import events as of_people
    from equipoise.supply import events as of_kits
    from equipoise_server.store import texts

    codes = {
        "code", "site", "version", "signatory", "kit", "replaces", "amount", "unit", "level",
        "participant", "verified_by", "became", "condition", "stratum",
    }  # fmt: skip
    fields = {
        field.name
        for kind in (*of_people.KINDS, *of_kits.KINDS)
        for field in dataclasses.fields(kind)
        if "str" in str(field.type) or "Literal" in str(field.type)
    }
    assert fields - codes <= texts.NAMES
    assert {"reason", "note"} <= fields


def test_a_reason_in_a_life_goes_from_the_ledger_the_state_and_the_pages(typed: Cast) -> None:
    from equipoise_server.services.participants.fail_screening import fail_screening
    from equipoise_server.services.trial.export import export
    from server.pages import signed_in, text_of

    fail_screening(
        participant=CODE, reason=SECRET, on=TODAY, by=typed.investigator, at=LATER, key=key()
    )
    asks, agrees = signed_in(typed.data_manager), signed_in(typed.investigator)
    page, story = f"/en/finalise/redact/{CODE}/", f"/en/site/participants/{CODE}/"
    assert SECRET in text_of(asks.get(page))
    assert SECRET in text_of(asks.get(story))
    (one,) = [one for one in written(CODE) if SECRET in one.text]
    assert asks.post(page, {"reason": "names", "key": key()}).status_code == 409
    assert asks.post(page, {"turn": one.digest, "reason": "names", "key": key()}).status_code == 302
    waiting = proposals()[0]
    agreed = {"act": "agree", "reason": "seen", "key": key()}
    assert agrees.post(f"/en/finalise/two-persons/{waiting.id}/", agreed).status_code == 302
    assert SECRET not in _everything()
    assert SECRET not in text_of(asks.get(page))
    assert "closed without randomisation: (removed because" in text_of(asks.get(story))
    assert life.state_of(CODE).failure == "[removed]"
    assert life.state_of(CODE).status == "screen-failed"
    assert verify().sound
    export("csv", out=typed.instance.folder / "out", by=typed.statistician, at=LATER)


def test_texts_of_a_kit_and_of_a_withdrawn_verification_go_too(typed: Cast) -> None:
    from equipoise_server.services.cleaning.raise_deviation import raise_deviation
    from equipoise_server.services.supply.account_for import account_for
    from equipoise_server.store.models import Kit

    raise_deviation(
        participant=CODE, kind="other", on=TODAY, text=f"Seen {SECRET}", by=typed.investigator,
        at=LATER, key=key(),
    )  # fmt: skip
    kit = Kit.objects.filter(site=life.site_of(CODE)).first()
    assert kit is not None
    account_for(
        units=[kit.code], became="lost", reason=f"Left with {SECRET}", by=typed.pharmacist,
        at=LATER, key=key(),
    )  # fmt: skip
    chains = {CODE: "Seen", f"kit/{kit.code}": "Left with"}
    for chain, words in chains.items():
        found = [one.digest for one in written(chain) if words in one.text]
        assert found
        gone = redact_texts(chain, entries=found, at=LATER, key=key(), **_persons(typed))
        assert gone == len(found)
        with pytest.raises(UnknownRecord):
            redact_texts(chain, entries=found, at=LATER, key=key(), **_persons(typed))
    assert SECRET not in _everything()
    assert verify().sound


def test_one_person_or_a_stranger_removes_no_text(typed: Cast) -> None:
    from equipoise_server.services.participants.fail_screening import fail_screening

    fail_screening(
        participant=CODE, reason=SECRET, on=TODAY, by=typed.investigator, at=LATER, key=key()
    )
    (one,) = [one for one in written(CODE) if SECRET in one.text]
    same = Agreed(by=typed.data_manager, reason="Again")
    nurse = Agreed(by=typed.nurse, reason="Seen")
    first = _persons(typed)["first"]
    for second in (same, nurse):
        with pytest.raises((TwoPersonsRequired, NotPermitted)):
            redact_texts(
                CODE, entries=(one.digest,), first=first, second=second, at=LATER, key=key()
            )
    with pytest.raises(UnknownRecord):
        redact_texts("study", entries=(one.digest,), at=LATER, key=key(), **_persons(typed))
    assert SECRET in _everything()
