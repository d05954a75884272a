"""Saving records: what is written, what is refused, what a retry gets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from equipoise.errors import (
    InvalidRecord,
    KeyReused,
    NotPermitted,
    OutOfOrder,
    ReasonRequired,
    SavedFirst,
    UnknownRecord,
)
from equipoise_server.services.access.appoint import dismiss
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Finding, LedgerEntry, Record, RecordPayload, RecordVersion
from server.cast import ADULT, INFECTED, NOW, TODAY, Cast, key


def test_a_record_is_saved_and_stands_in_the_ledger(trial: Cast) -> None:
    code = trial.enrol()
    saved = trial.fill_in(code, "screening", ADULT)
    assert (saved.version, saved.status) == (1, "complete")
    version = RecordVersion.objects.get()
    assert LedgerEntry.objects.get(subject=version.digest).chain == code
    assert (version.at, version.on, version.by) == (NOW, TODAY, "chen")
    assert verify().sound


def test_an_impossible_value_writes_nothing(trial: Cast) -> None:
    code = trial.enrol()
    before = LedgerEntry.objects.count()
    with pytest.raises(InvalidRecord) as refusal:
        trial.fill_in(code, "screening", {**ADULT, "age": 400})
    assert "age" in str(refusal.value)
    assert not Record.objects.exists()
    assert not RecordPayload.objects.exists()
    assert LedgerEntry.objects.count() == before


def test_a_check_reads_the_record_of_an_earlier_visit(trial: Cast) -> None:
    code = trial.enrol()
    trial.fill_in(code, "screening_breath", INFECTED)
    with pytest.raises(InvalidRecord):
        trial.fill_in(code, "breath", {"taken_on": TODAY, "result": "negative"}, visit="week8")


def test_a_changed_answer_needs_a_reason(trial: Cast) -> None:
    code = trial.enrol()
    trial.fill_in(code, "screening", ADULT)
    with pytest.raises(ReasonRequired):
        trial.fill_in(code, "screening", {**ADULT, "age": 45})
    saved = trial.fill_in(code, "screening", {**ADULT, "age": 45}, reason="misread the passport")
    assert saved.version == 2
    assert RecordVersion.objects.count() == 2
    assert verify().sound


def test_an_emptied_answer_is_a_change_and_a_filled_gap_is_not(trial: Cast) -> None:
    code = trial.enrol()
    trial.fill_in(code, "screening", {**ADULT, "egfr": None})
    assert trial.fill_in(code, "screening", ADULT).version == 2
    with pytest.raises(ReasonRequired):
        trial.fill_in(code, "screening", {**ADULT, "egfr": None})


def test_unchanged_answers_make_no_new_version(trial: Cast) -> None:
    code = trial.enrol()
    trial.fill_in(code, "screening", ADULT)
    assert (
        trial.fill_in(code, "screening", {k: str(v).lower() for k, v in ADULT.items()}).version == 1
    )
    assert RecordVersion.objects.count() == 1


def test_who_saved_first_is_not_overwritten(trial: Cast) -> None:
    code = trial.enrol()
    trial.fill_in(code, "screening", ADULT, expected=0)
    with pytest.raises(SavedFirst):
        trial.fill_in(code, "screening", {**ADULT, "age": 50}, expected=0, reason="late")


def test_the_same_request_gets_the_same_answer_and_another_is_refused(trial: Cast) -> None:
    code = trial.enrol()
    first = trial.fill_in(code, "screening", ADULT, key="k")
    assert trial.fill_in(code, "screening", ADULT, key="k", at=NOW + timedelta(hours=1)) == first
    assert RecordVersion.objects.count() == 1
    for change in (
        {"values": {**ADULT, "age": 45}},
        {"by": trial.assessor},
        {"on": TODAY - timedelta(1)},
    ):
        with pytest.raises(KeyReused):
            trial.fill_in(code, "screening", change.pop("values", ADULT), key="k", **change)


def test_records_have_their_place(trial: Cast) -> None:
    code = trial.enrol()
    for wrong in (
        {"form": "nothing"},
        {"visit": "week26"},
        {"number": 1},
        {"form": "handout", "visit": "dosing", "number": 1},
        {"form": "event", "visit": "log", "number": -1},
    ):
        form = wrong.pop("form", "screening")
        with pytest.raises(UnknownRecord):
            trial.fill_in(code, form, {}, **wrong)
    with pytest.raises(UnknownRecord):
        trial.fill_in("S01-NOBOD-Y0000", "screening", ADULT)


def test_a_record_cannot_be_dated_ahead(trial: Cast) -> None:
    code = trial.enrol()
    with pytest.raises(OutOfOrder):
        trial.fill_in(code, "screening", ADULT, on=TODAY + timedelta(days=1))


def test_other_sites_and_other_roles_may_not_save(trial: Cast) -> None:
    code = trial.enrol()
    for person in (trial.elsewhere, trial.pharmacist, trial.data_manager, trial.administrator):
        with pytest.raises(NotPermitted):
            trial.fill_in(code, "screening", ADULT, by=person)


def test_a_role_that_was_taken_away_is_gone_at_once(trial: Cast) -> None:
    code = trial.enrol()
    dismiss(
        username="chen", role="investigator", site="s01", by=trial.administrator, at=NOW, key=key()
    )
    with pytest.raises(NotPermitted):
        trial.fill_in(code, "screening", ADULT)


def test_soft_checks_open_findings_that_close_with_the_cause(trial: Cast) -> None:
    code = trial.enrol()
    saved = trial.fill_in(code, "screening", {**ADULT, "egfr": 12.0})
    assert saved.status == "queries"
    assert Finding.objects.get(state="open").item == "egfr"
    trial.fill_in(code, "screening", ADULT, reason="decimal point")
    assert list(Finding.objects.values_list("state", "closed_version")) == [("closed", 2)]


def test_inside_an_outer_transaction_a_refusal_undoes_only_itself(trial: Cast) -> None:
    code = trial.enrol()
    with transaction.atomic():
        trial.fill_in(code, "screening", ADULT)
        with pytest.raises(InvalidRecord):
            trial.fill_in(code, "screening_breath", {"excess": 9999})
        trial.fill_in(code, "screening_breath", INFECTED)
    assert Record.objects.count() == 2
    assert verify().sound


@pytest.mark.parametrize(
    "value", ["\x00", "\ud800", "x" * 100_000, {"a": 1}, [1], float("nan"), 10**400]
)
def test_hostile_values_are_refused_in_one_sentence(trial: Cast, value: object) -> None:
    code = trial.enrol()
    with pytest.raises(InvalidRecord):
        trial.fill_in(code, "event", {"term": value, "grade": value}, visit="log", number=1)
    assert not Record.objects.exists()
