"""Electronic signatures: bound to person, act and version; void when the record changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils.translation import override

from equipoise.errors import (
    AlreadyRecorded,
    FactorRefused,
    FactorRequired,
    Locked,
    NotPermitted,
    SavedFirst,
    UnknownRecord,
)
from equipoise.exchange.paper import form_page
from equipoise_server.services.records.sign import Wanted, sign
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Record, Signature, SignatureAct, SignatureVoid, Trial
from equipoise_server.store.queries.finalising import signatures, unsigned
from equipoise_server.web.entry.printing import filled_in
from equipoise_server.web.entry.spot import spot
from equipoise_server.web.shared.page import look
from server.cast import ADULT, NOW, Cast, key
from server.finalising import by_hand, proof_for, seen, sign_as
from server.pages import signed_in

CODE = "S01-AAAAA-AAAAA"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def screened(trial: Cast) -> Cast:
    trial.fill_in(trial.enrol(CODE), "screening", ADULT)
    return trial


def test_a_signature_says_who_when_and_what_it_means(screened: Cast) -> None:
    act = sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    (one,) = signatures(CODE, "screening", "screen", 0)
    assert (one.name, one.by, one.role, one.version) == ("Chen", "chen", "investigator", 1)
    assert one.meaning["en"] == "I confirm that this person may take part"
    assert (one.at, one.act, one.void_at) == (NOW, act, None)
    assert verify().sound


def test_every_signature_needs_its_own_fresh_factor(screened: Cast) -> None:
    record = seen(CODE, "screening")
    given = {"participant": CODE, "rule": "screening", "by": screened.investigator, "at": NOW}
    with pytest.raises(FactorRequired):
        sign(records=(record,), proof="", key=key(), **given)
    proof = proof_for(screened.investigator, CODE, "screening", record)
    used = key()
    act = sign(records=(record,), proof=proof, key=used, **given)
    assert sign(records=(record,), proof=proof, key=used, **given) == act  # a retry, not an act
    screened.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="Typed wrongly", at=LATER)
    again = seen(CODE, "screening")
    with pytest.raises(FactorRefused):
        sign(records=(again,), proof=proof, key=key(), **given)
    assert SignatureAct.objects.count() == 1


def test_a_proof_serves_for_the_records_it_was_given_for_alone(screened: Cast) -> None:
    other = screened.enrol("S01-BBBBB-BBBBB")
    screened.fill_in(other, "screening", ADULT)
    proof = proof_for(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    with pytest.raises(FactorRefused):
        sign(
            participant=other,
            rule="screening",
            records=(seen(other, "screening"),),
            proof=proof,
            by=screened.investigator,
            at=NOW,
            key=key(),
        )
    assert not Signature.objects.exists()


def test_a_version_that_is_not_the_newest_cannot_be_signed(screened: Cast) -> None:
    stale = seen(CODE, "screening")
    screened.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="Typed wrongly", at=LATER)
    with pytest.raises(SavedFirst):
        sign_as(screened.investigator, CODE, "screening", stale, at=LATER)


@pytest.mark.parametrize("who", ["elsewhere", "nurse", "data_manager", "assessor"])
def test_only_the_role_that_the_study_names_signs_at_its_site(screened: Cast, who: str) -> None:
    with pytest.raises(NotPermitted):
        sign_as(getattr(screened, who), CODE, "screening", seen(CODE, "screening"))
    assert not Signature.objects.exists()


def test_what_is_not_there_cannot_be_signed(screened: Cast) -> None:
    here = seen(CODE, "screening")
    for records in ((), (here, here), (Wanted(form="start", visit="start", number=0, digest="x"),)):
        with pytest.raises(UnknownRecord):
            sign_as(screened.investigator, CODE, "screening", *records)
    with pytest.raises(UnknownRecord):
        sign_as(screened.investigator, CODE, "nonsense", here)
    sign_as(screened.investigator, CODE, "screening", here)
    with pytest.raises(AlreadyRecorded):
        sign_as(screened.investigator, CODE, "screening", here)


def test_a_change_voids_the_signature_and_keeps_it(screened: Cast) -> None:
    sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    screened.fill_in(CODE, "screening", ADULT, at=LATER)  # nothing changed
    assert not SignatureVoid.objects.exists()
    screened.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="Typed wrongly", at=LATER)
    (one,) = signatures(CODE, "screening", "screen", 0)
    assert (one.void_at, one.void_why) == (LATER, "version 2 was saved")
    assert [row.participant for row in unsigned({"s01"}, roles={"investigator"})] == [CODE]
    sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"), at=LATER)
    assert [one.void_at is None for one in signatures(CODE, "screening", "screen", 0)] == [
        True,
        False,
    ]
    assert verify().sound


def test_several_records_are_signed_in_one_act_that_lists_each(screened: Cast) -> None:
    screened.fill_in(CODE, "screening_breath", {"taken_on": NOW.date(), "result": "positive"})
    records = (seen(CODE, "screening"), seen(CODE, "screening_breath"))
    act = sign_as(screened.investigator, CODE, "reviewed", *records)
    assert Signature.objects.filter(act=act).count() == 2
    assert verify().sound


def _tampered(statement: str, *values: object) -> list[str]:
    by_hand(statement, *values)
    return [one.why for one in verify().broken]


def test_a_signature_moved_to_another_record_does_not_verify(screened: Cast) -> None:
    other = screened.enrol("S01-BBBBB-BBBBB")
    screened.fill_in(other, "screening", ADULT)
    sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    target = seen(other, "screening")
    row = Signature.objects.get()
    head = Record.objects.get(current=target.digest)
    why = _tampered(
        "UPDATE store_signature SET record_id = %s, version_id = %s WHERE id = %s",
        head.pk,
        target.digest,
        row.pk,
    )
    assert "what it covers is not what was signed" in why


@pytest.mark.parametrize(
    ("column", "value"),
    [("name", "Somebody"), ("role", "sponsor"), ("meaning", '{"en":"?"}'), ("seal", "00" * 64)],
)
def test_a_changed_word_of_a_signature_is_found(screened: Cast, column: str, value: str) -> None:
    sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    assert _tampered(f"UPDATE store_signatureact SET {column} = %s", value)


def test_a_signature_taken_away_is_found(screened: Cast) -> None:
    act = sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    why = _tampered("DELETE FROM store_signature WHERE act_id = %s", act)
    assert "what it covers is not what was signed" in why


def test_a_locked_study_takes_no_signature(screened: Cast) -> None:
    Trial.objects.update(locked_at=NOW)
    with pytest.raises(Locked):
        sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))


def test_a_filled_form_on_paper_shows_who_signed_what_and_when(screened: Cast) -> None:
    def paper(language: str = "en") -> str:
        asked = RequestFactory().get(f"/{language}/")
        asked.user, asked.session = screened.investigator, signed_in(screened.investigator).session
        with override(language):
            page = look(asked)
            here = spot(page, CODE, "screening", "screen", 0)
            return form_page(page.study, here.form, page.language, filled=filled_in(page, here))

    assert "Not signed electronically" in paper()
    act = sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    digest = Record.objects.get(participant=CODE, form="screening").current
    after = paper()
    for words in ("Chen", "Investigator", "2026-03-02 17:00:00 UTC+0800", digest, act):
        assert words in after
    assert "电子签名" in paper("zh-hans")
    screened.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="why", at=LATER)
    assert "Not signed electronically" in paper()
