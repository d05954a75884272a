"""The form of consent is filled in from the signature: nothing is typed twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from equipoise.participant import NOBODY
from equipoise.protocol.load import load
from equipoise_server.services.consenting.consent import consent
from equipoise_server.services.consenting.consent_talk import answer_question, talk_of
from equipoise_server.services.consenting.signed_consent import told_by_consent
from equipoise_server.store import life
from equipoise_server.store.study import forget_studies
from server.cast import NOW, Cast, key, open_the_trial
from server.consenting import CANARY, REPRESENTATIVE, begin, read_and_answer, screened, sign_both
from server.pages import signed_in

pytestmark = pytest.mark.once
PLAN = "consent: {form: screening, signed: consent_signed, wishes: {results: pregnant}}\n"
LATE = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)  # past midnight in Shanghai


def _signed(trial: Cast, **more: Any) -> str:
    code = screened(trial)
    token = begin(trial, code, at=LATE, **more)
    question = talk_of(token).document.questions[0]
    wrong = next(n for n in range(len(question.options)) if n not in question.right)
    answer_question(token, 0, wrong)
    read_and_answer(token)
    sign_both(trial, token, at=LATE)
    return code


def test_everything_that_the_signature_says_is_filled_in(trial: Cast) -> None:
    study = load("nct05787288")
    persons = {"participant": CANARY, "representative": REPRESENTATIVE}
    code = _signed(trial, capacity="representative", language="zh-Hans", persons=persons)
    told = told_by_consent(study, life.state_of(code), "ic", zone="Asia/Shanghai")
    questions = len(talk_of(str(_token(code))).document.questions)
    assert told == {
        "consent_signed": True,
        "consent_version": "1.0",
        "consent_language": "zh-Hans",
        "consent_at": LATE,
        "consent_date": date(2026, 3, 3),
        "signatory": "representative",
        "consent_quiz": questions - 1,
        "future_contact": False,
    }
    assert told_by_consent(study, life.state_of(code), "vs", zone="UTC") == {}
    assert told_by_consent(study, NOBODY, "ic", zone="UTC") == {}


def _token(code: str) -> object:
    from equipoise_server.store.models import ConsentTalk

    return ConsentTalk.objects.get(participant=code).token


def test_a_signature_on_paper_fills_in_what_it_can(trial: Cast) -> None:
    code = screened(trial)
    at = NOW + timedelta(minutes=1)
    consent(participant=code, version="1.0", by=trial.investigator, at=at, key=key())
    told = told_by_consent(load("nct05787288"), life.state_of(code), "ic", zone="UTC")
    assert told["signatory"] == "self"
    assert not {"consent_language", "consent_quiz", "future_contact"} & set(told)


def test_the_page_shows_it_once_and_never_over_what_was_saved(instance: Any) -> None:
    (instance.folder / "study" / "participants.yaml").write_text(PLAN)
    forget_studies()
    trial = open_the_trial(instance)
    code = _signed(trial)
    chen, page = signed_in(trial.investigator), f"/en/entry/{code}/screening/screen/0/"
    shown = chen.get(page).content.decode()
    assert "Filled in from the signed consent" in shown
    assert '<input type="radio" name="v.consent_signed" value="true" checked>' in shown
    trial.fill_in(code, "screening", {"age": 44}, at=LATE)
    assert "Filled in from the signed consent" not in chen.get(page).content.decode()
    forget_studies()
