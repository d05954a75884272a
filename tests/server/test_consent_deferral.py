"""Consent that follows later runs out: then the trial stands still for that person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml
from django.urls import reverse

from equipoise.errors import AlreadyRecorded, ConsentLapsed, LinesRejected, NotConsented
from equipoise_server.services.consenting.consent_defer import defer_consent
from equipoise_server.services.participants.administer import Dose, administer
from equipoise_server.services.participants.discharge import discharge
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.report_event import report_event
from equipoise_server.services.participants.stop_dosing import stop_dosing
from equipoise_server.services.records.import_results import import_results, preview, upload
from equipoise_server.services.records.keep_draft import Typed, keep_draft
from equipoise_server.services.supply.dispense import dispense, prepare_unit, thaw_unit
from equipoise_server.services.verify import verify
from equipoise_server.store.models import LedgerEntry, RecordVersion
from equipoise_server.store.queries import consents
from equipoise_server.store.save import Place
from equipoise_server.store.study import forget_studies
from server.cast import NOW, TODAY, Cast, key, open_the_trial
from server.consenting import begin, read_and_answer, screened, sign_both
from server.pages import signed_in, text_of

HOURS = 15
LATE = NOW + timedelta(hours=HOURS, minutes=1)
EVENT = {"term": "Rash", "grade": 2, "serious": False, "outcome": "ongoing", "onset": TODAY}


@pytest.fixture
def deferring(instance: Any) -> Iterator[Cast]:
    """A trial whose protocol lets consent follow within fifteen hours."""
    file = instance.folder / "study" / "protocol.yaml"
    written = yaml.safe_load(file.read_text())
    written["deferred_consent"] = {
        "within_hours": HOURS,
        "reasons": {"unconscious": {"en": "Unconscious", "zh-Hans": "昏迷"}},
        "text": {"en": "Ask the person as soon as possible.", "zh-Hans": "尽快征得本人同意。"},
    }
    file.write_text(yaml.safe_dump(written, allow_unicode=True))
    forget_studies()
    yield open_the_trial(instance)
    forget_studies()


def _deferred(trial: Cast) -> str:
    code = screened(trial)
    by = trial.investigator
    defer_consent(participant=code, reason="unconscious", by=by, at=NOW, key=key())
    return code


def _dose(trial: Cast, code: str, unit: str, given_at: datetime, at: datetime) -> int:
    dose = Dose(started_at=given_at, unit=unit)
    values = {"dose_at": given_at, "dose_taken": "all"}
    return administer(
        participant=code, dose=dose, values=values, by=trial.nurse, at=at, key=key()
    ).number


def test_after_its_limit_a_deferral_covers_safety_and_nothing_else(deferring: Cast) -> None:
    trial, by = deferring, deferring.investigator
    code = trial.make_eligible(_deferred(trial))
    kit = randomise(participant=code, by=by, at=NOW + timedelta(hours=1), key=key())
    dispense(participant=code, by=by, at=NOW + timedelta(hours=1), key=key())
    trial.fill_in(code, "start", {"vomiting": False}, visit="start")
    for number in (1, 2):
        at = NOW + timedelta(hours=2)
        prepare_unit(unit=f"{kit}-0{number}", by=trial.pharmacist, at=at, key=key())
    within = NOW + timedelta(hours=2)
    assert _dose(trial, code, f"{kit}-01", within, LATE) == 1, "it was given in time"
    place = Place(participant=code, form="symptoms", visit="week2")
    typed = Typed(said={"pain": ["3"]}, version=0, key=key())
    refused: tuple[Callable[[], object], ...] = (
        lambda: trial.fill_in(code, "symptoms", {"pain": 3}, visit="week2", at=LATE),
        lambda: keep_draft(place=place, typed=typed, by=by, at=LATE),
        lambda: _dose(trial, code, f"{kit}-02", LATE, LATE),
        lambda: discharge(participant=code, on=TODAY, by=by, at=LATE, key=key()),
        lambda: dispense(participant=code, by=by, at=LATE, key=key()),
        lambda: thaw_unit(unit=f"{kit}-03", by=trial.pharmacist, at=LATE, key=key()),
        lambda: prepare_unit(unit=f"{kit}-03", by=trial.pharmacist, at=LATE, key=key()),
    )
    before = (LedgerEntry.objects.count(), RecordVersion.objects.count())
    for step in refused:
        with pytest.raises(ConsentLapsed):
            step()
    assert (LedgerEntry.objects.count(), RecordVersion.objects.count()) == before
    report_event(participant=code, values=EVENT, on=TODAY, by=by, at=LATE, key=key())
    stop_dosing(participant=code, reason="consent overdue", by=by, at=LATE, key=key())
    token = begin(trial, code, at=LATE)
    read_and_answer(token)
    sign_both(trial, token, at=LATE)
    assert trial.fill_in(code, "symptoms", {"pain": 3}, visit="week2", at=LATE).version == 1
    assert consents.deferred(None, LATE) == ()
    assert verify().sound


def test_the_preview_of_a_laboratory_file_says_which_lines_wait_for_consent(
    deferring: Cast,
) -> None:
    trial, by = deferring, deferring.data_manager
    code = trial.make_eligible(_deferred(trial))
    data = f"CODE,VISIT,DATE,TEST,VALUE,UNIT\n{code},SCR,{TODAY},EGFR,91,mL/min\n".encode()
    number = upload(transfer="kidney", name="lab.csv", data=data, by=by, at=NOW)
    assert preview(upload=number, by=by, at=NOW).rejects == ()
    late = preview(upload=number, by=by, at=LATE)
    assert [one.line for one in late.rejects] == [2]
    assert late.results == ()
    assert "was due by" in late.rejects[0].why.say("en")
    assert "知情同意" in late.rejects[0].why.say("zh-Hans")
    with pytest.raises(LinesRejected):
        import_results(upload=number, by=by, at=LATE, key=key())


def test_nobody_is_randomised_on_a_lapsed_deferral_nor_deferred_again(deferring: Cast) -> None:
    trial = deferring
    code = trial.make_eligible(_deferred(trial))
    with pytest.raises(ConsentLapsed) as refusal:
        randomise(participant=code, by=trial.investigator, at=LATE, key=key())
    assert isinstance(refusal.value, NotConsented)
    assert code in str(refusal.value)
    with pytest.raises((ConsentLapsed, AlreadyRecorded)):
        defer_consent(
            participant=code, reason="unconscious", by=trial.investigator, at=LATE, key=key()
        )
    assert "HP" not in str(refusal.value), "no kit, no arm"


@pytest.mark.once
def test_my_day_shows_the_clock(deferring: Cast) -> None:
    code = _deferred(deferring)
    client = signed_in(deferring.investigator)
    shown = text_of(client.get(reverse("site:day")))
    assert code in shown
    assert "h left, until" in shown or "h overdue, since" in shown
    assert "Consent" in text_of(client.get(reverse("consent:begin", args=[code])))
