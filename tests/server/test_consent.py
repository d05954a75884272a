"""Consent as it is really given: read, understood, signed by both sides, and enforced."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from equipoise.errors import (
    AlreadyRecorded,
    FactorRefused,
    FactorRequired,
    FormIncomplete,
    NotConsented,
    NotPermitted,
    OutOfOrder,
    UnknownRecord,
)
from equipoise_server.identity.models import ConsentCopy, ConsentPerson
from equipoise_server.identity.people import erase
from equipoise_server.services.access import fresh_factor
from equipoise_server.services.consenting.consent_sign import (
    copy_of,
    countersign,
    decline,
    purpose,
    sign_as_person,
)
from equipoise_server.services.consenting.consent_talk import (
    answer_asked,
    answer_question,
    ask,
    asked_of,
    note_read,
    talk_of,
)
from equipoise_server.services.verify import verify
from equipoise_server.store import life
from equipoise_server.store.models import ConsentGiven, ConsentTalk, LedgerEntry
from server.cast import NOW, Cast, key
from server.consenting import (
    CANARY,
    REPRESENTATIVE,
    WITNESS,
    begin,
    consented,
    read_and_answer,
    screened,
    sign_both,
)


def test_both_sides_sign_and_the_act_stands_coded_in_the_ledger(trial: Cast) -> None:
    code = screened(trial)
    token = begin(
        trial,
        code,
        capacity="representative",
        persons={"participant": CANARY, "representative": REPRESENTATIVE, "witness": WITNESS},
    )
    read_and_answer(token)
    sign_both(trial, token)
    state = life.state_of(code)
    assert state.consented
    assert state.consents[0].signatory == "representative"
    said = json.loads(ConsentGiven.objects.get(pk=token).content)
    assert (said["version"], said["language"], said["mode"]) == ("1.0", "en", "bedside")
    assert said["witness"]
    assert not said["interpreter"]
    assert said["identity"] == "document"
    assert said["wishes"] == ["results"]
    whats = (
        LedgerEntry.objects.filter(chain=code).order_by("sequence").values_list("what", flat=True)
    )
    assert list(whats) == [
        "screened",
        "consent-talk-begun",
        "consent-signed-by-person",
        "consent-signed",
        "consent-given",
    ]
    pdf, language = copy_of(token, code)
    assert pdf.startswith(b"%PDF")
    assert language == "en"
    from hashlib import sha256

    assert sha256(pdf).hexdigest() == said["copy"]
    found = verify()
    assert found.sound, (found.broken, found.differences)


def test_nobody_signs_what_was_not_read_understood_and_answered(trial: Cast) -> None:
    code = screened(trial)
    token = begin(trial, code)
    sign = {"name": CANARY["name"], "agreed": (0, 1), "wishes": (), "at": NOW}
    with pytest.raises(FormIncomplete) as refused:
        sign_as_person(token, **sign)
    assert refused.value.fields == ("read", "questions")
    note_read(token, 0)
    note_read(token, 1)
    talk = talk_of(token)
    right = talk.document.questions[0].right[0]
    assert answer_question(token, 0, 1 - right) is False
    assert answer_question(token, 0, right) is True
    answer_question(token, 1, talk.document.questions[1].right[0])
    ask(token, "May I go on holiday?", at=NOW)
    with pytest.raises(FormIncomplete) as refused:
        sign_as_person(token, **sign)
    assert refused.value.fields == ("asked",)
    waiting = asked_of(talk_of(token))[0]
    with pytest.raises(NotPermitted):
        answer_asked(token, waiting.token, "Yes.", by=trial.nurse, at=NOW)
    answer_asked(token, waiting.token, "Yes.", by=trial.investigator, at=NOW)
    with pytest.raises(FormIncomplete) as refused:
        sign_as_person(token, **{**sign, "name": "Somebody Else", "agreed": ()})
    assert refused.value.fields == ("statements", "name")
    sign_as_person(token, **sign)
    assert not life.state_of(code).consented, "one side alone is no consent"
    assert [row[:2] for row in talk_of(token).row.answers][:2] == [[0, 1 - right], [0, right]]
    with pytest.raises(OutOfOrder):
        answer_question(token, 0, right)


def test_the_staff_prove_who_they_are_for_this_one_signature(trial: Cast) -> None:
    code = screened(trial)
    token = begin(trial, code)
    read_and_answer(token)
    by = trial.investigator
    given = {"identity": "document", "by": by, "at": NOW}
    with pytest.raises(OutOfOrder):
        countersign(token, proof="x", key=key(), **given)
    sign_as_person(token, name="wren canary", agreed=(0, 1), wishes=(), at=NOW)
    with pytest.raises(FactorRequired):
        countersign(token, proof="", key=key(), **given)
    other = fresh_factor.grant(by=by, purpose=purpose("another"), at=NOW)
    with pytest.raises(FactorRefused):
        countersign(token, proof=other, key=key(), **given)
    assert not ConsentCopy.objects.using("identity").exists(), "no copy of what failed"
    proof = fresh_factor.grant(by=by, purpose=purpose(token), at=NOW)
    once = key()
    countersign(token, proof=proof, key=once, **given)
    countersign(token, proof=proof, key=once, **given)
    assert ConsentGiven.objects.count() == 1
    with pytest.raises(OutOfOrder):
        countersign(token, proof=proof, key=key(), **given)
    with pytest.raises(AlreadyRecorded):
        begin(trial, code)
    with pytest.raises(OutOfOrder):
        decline(token, by=by, at=NOW)


def test_who_declines_has_not_consented(trial: Cast) -> None:
    code = screened(trial)
    token = begin(trial, code)
    decline(token, by=trial.investigator, at=NOW)
    with pytest.raises(OutOfOrder):
        note_read(token, 0)
    with pytest.raises(NotConsented):
        trial.fill_in(code, "screening", {"age": 40})
    assert ConsentTalk.objects.get(pk=token).outcome == "declined"


def test_a_conversation_needs_its_names_and_a_remote_one_an_address(trial: Cast) -> None:
    code = screened(trial)
    nameless = {"participant": {"name": " "}}
    unreachable = {"participant": {"name": "Wren Canary"}}
    for wrong in (
        {"persons": nameless},
        {"mode": "remote", "persons": unreachable},
        {"capacity": "representative"},
        {"capacity": "neighbour"},
        {"mode": "telepathy"},
        {"persons": {"participant": {**CANARY, "name": "x" * 121}}},
        {"persons": {"participant": {**CANARY, "address": "no address"}}},
        {"persons": {"participant": CANARY, "parrot": WITNESS}},
    ):
        with pytest.raises(FormIncomplete):
            begin(trial, code, **wrong)
    with pytest.raises(NotPermitted):
        begin(trial, code, by=trial.elsewhere)
    assert not ConsentPerson.objects.using("identity").exists()


def test_a_person_who_is_erased_takes_names_and_copy_along(trial: Cast) -> None:
    code = consented(trial)
    token = ConsentGiven.objects.get().talk_id
    erase(code)
    with pytest.raises(UnknownRecord):
        copy_of(token, code)
    assert life.state_of(code).consented, "the trial's own records stay"
    assert verify().sound


def test_the_copy_of_one_participant_opens_for_nobody_else(trial: Cast) -> None:
    consented(trial)
    other = consented(
        trial,
        "S01-BBBBB-BBBBB",
        persons={"participant": {**CANARY, "address": "other@example.org"}},
        at=NOW + timedelta(minutes=1),
    )
    first = ConsentGiven.objects.exclude(participant=other).get().talk_id
    with pytest.raises(UnknownRecord):
        copy_of(first, other)
