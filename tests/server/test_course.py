"""A participant's course through the services, and what is refused on the way."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from equipoise.errors import (
    DoseNotAllowed,
    LiveUseRefused,
    Locked,
    NotConsented,
    NotEligible,
    NotLocked,
    NotPermitted,
    TwoPersonsRequired,
    UnitNotValid,
)
from equipoise_server.allocator import client
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.participants.administer import Dose, administer
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.report_event import report_event
from equipoise_server.services.participants.screen import screen
from equipoise_server.services.participants.withdraw import withdraw
from equipoise_server.services.supply.dispense import dispense, prepare_unit
from equipoise_server.services.trial.lock import lock
from equipoise_server.services.trial.unblind import unblind
from equipoise_server.services.trial.unlock import unlock
from equipoise_server.services.verify import verify
from equipoise_server.store.models import IdempotencyKey, LedgerEntry, Participant, Trial, User
from server.cast import (
    NOW,
    TODAY,
    Cast,
    bring_everything_back,
    key,
    lock_unfinished,
    open_the_trial,
)

HOUR = timedelta(hours=1)


def started(trial: Cast) -> tuple[str, str]:
    """Somebody randomised whose kit was handed out: participant and kit."""
    code = trial.make_eligible(trial.enrol())
    kit = randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    dispense(participant=code, by=trial.nurse, at=NOW, key=key())
    trial.fill_in(code, "start", {"vomiting": False}, visit="start")
    return code, kit


def give(trial: Cast, code: str, unit: str, after: timedelta) -> int:
    at = NOW + after
    dose = Dose(started_at=at, unit=unit)
    values = {"dose_at": at, "dose_taken": "all"}
    return administer(
        participant=code, dose=dose, values=values, by=trial.nurse, at=at, key=key()
    ).number


def test_a_whole_course_verifies(trial: Cast) -> None:
    code, kit = started(trial)
    for number, hours in ((1, 1), (2, 13)):
        unit = f"{kit}-{number:02d}"
        at = NOW + timedelta(hours=hours)
        prepare_unit(unit=unit, by=trial.pharmacist, at=at, key=key())
        assert give(trial, code, unit, timedelta(hours=hours)) == number
    event = {"term": "Rash", "grade": 2, "serious": False, "outcome": "ongoing", "onset": TODAY}
    reported = report_event(
        participant=code, values=event, on=TODAY, by=trial.investigator, at=NOW, key=key()
    )
    assert reported.number == 1
    withdraw(participant=code, level="product", on=TODAY, by=trial.investigator, at=NOW, key=key())
    found = verify()
    assert found.broken == ()
    assert found.differences == ()
    assert Participant.objects.get(pk=code).doses == 2


def test_nothing_is_recorded_before_consent(trial: Cast) -> None:
    code = screen(site="s01", on=TODAY, by=trial.investigator, at=NOW, key=key())
    with pytest.raises(NotConsented):
        trial.fill_in(code, "screening", {"age": 40})


def test_a_refused_randomisation_writes_nothing(trial: Cast) -> None:
    code = trial.make_eligible(trial.enrol(), age=17)
    before = LedgerEntry.objects.count(), IdempotencyKey.objects.count()
    with pytest.raises(NotEligible) as refusal:
        randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    assert refusal.value.unmet == ("I2",)
    assert (LedgerEntry.objects.count(), IdempotencyKey.objects.count()) == before
    assert Participant.objects.get(pk=code).status == "consented"


def test_an_unanswered_criterion_admits_nobody(trial: Cast) -> None:
    code = trial.make_eligible(trial.enrol(), egfr=None)
    with pytest.raises(NotEligible):
        randomise(participant=code, by=trial.investigator, at=NOW, key=key())


def test_a_repeated_randomisation_gets_the_same_kit(trial: Cast) -> None:
    code = trial.make_eligible(trial.enrol())
    once, again = (
        randomise(participant=code, by=trial.investigator, at=NOW + n * HOUR, key="one key")
        for n in (0, 1)
    )
    assert once == again
    assert LedgerEntry.objects.filter(what="randomised").count() == 1


def test_only_staff_of_the_site_may_randomise(trial: Cast) -> None:
    code = trial.make_eligible(trial.enrol())
    for person in (trial.nurse, trial.elsewhere, trial.statistician, trial.administrator):
        with pytest.raises(NotPermitted):
            randomise(participant=code, by=person, at=NOW, key=key())


def test_a_dose_too_soon_is_refused_and_leaves_no_record(trial: Cast) -> None:
    code, kit = started(trial)
    for number in (1, 2):
        prepare_unit(unit=f"{kit}-{number:02d}", by=trial.pharmacist, at=NOW, key=key())
    give(trial, code, f"{kit}-01", HOUR)
    before = LedgerEntry.objects.count()
    with pytest.raises(DoseNotAllowed):
        give(trial, code, f"{kit}-02", 3 * HOUR)
    assert LedgerEntry.objects.count() == before


def test_a_unit_that_was_not_prepared_is_refused(trial: Cast) -> None:
    code, kit = started(trial)
    before = LedgerEntry.objects.count()
    with pytest.raises(UnitNotValid):
        give(trial, code, f"{kit}-01", HOUR)
    assert LedgerEntry.objects.count() == before


def test_who_gave_a_dose_may_not_assess(trial: Cast) -> None:
    code, kit = started(trial)
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=NOW, key=key())
    give(trial, code, f"{kit}-01", HOUR)
    week2 = {"visit": "week2", "on": TODAY, "at": NOW + HOUR}
    with pytest.raises(NotPermitted):
        trial.fill_in(code, "symptoms", {"pain": 3}, by=trial.nurse, **week2)
    assert trial.fill_in(code, "symptoms", {"pain": 3}, by=trial.assessor, **week2).version == 1


def agreed(trial: Cast) -> dict[str, Agreed]:
    return {
        "first": Agreed(by=trial.data_manager, reason="all queries closed"),
        "second": Agreed(by=trial.statistician, reason="analysis plan signed"),
    }


def test_a_locked_study_refuses_every_write(trial: Cast) -> None:
    code, kit = started(trial)
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=NOW, key=key())
    bring_everything_back(trial)
    lock_unfinished(**agreed(trial), at=NOW, key=key())
    writes = (
        lambda: trial.fill_in(code, "symptoms", {"pain": 3}, visit="week2"),
        lambda: screen(site="s01", on=TODAY, by=trial.investigator, at=NOW, key=key()),
        lambda: give(trial, code, f"{kit}-01", HOUR),
        lambda: withdraw(
            participant=code, level="visits", on=TODAY, by=trial.investigator, at=NOW, key=key()
        ),
        lambda: report_event(
            participant=code, values={}, on=TODAY, by=trial.investigator, at=NOW, key=key()
        ),
    )
    before = LedgerEntry.objects.count()
    for write in writes:
        with pytest.raises(Locked):
            write()
    assert LedgerEntry.objects.count() == before
    unlock(**agreed(trial), at=NOW, key=key())
    assert trial.fill_in(code, "symptoms", {"pain": 3}, visit="week2").version == 1


def test_one_person_alone_can_neither_lock_nor_unblind(trial: Cast) -> None:
    twice = Agreed(by=trial.data_manager, reason="in a hurry")
    for step in (lock, unlock, unblind):
        with pytest.raises(TwoPersonsRequired):
            step(first=twice, second=twice, at=NOW, key=key())
        silent = Agreed(by=trial.statistician, reason=" ")
        with pytest.raises(TwoPersonsRequired):
            step(first=twice, second=silent, at=NOW, key=key())


def test_the_list_is_released_only_after_lock(trial: Cast) -> None:
    code, _ = started(trial)
    with pytest.raises(NotLocked):
        unblind(**agreed(trial), at=NOW, key=key())
    with pytest.raises(NotPermitted):
        client.released()
    bring_everything_back(trial)
    lock_unfinished(**agreed(trial), at=NOW, key=key())
    unblind(**agreed(trial), at=NOW, key=key())
    assert client.released()[code] in {"high", "low", "placebo"}
    assert verify().matches is True


def test_an_instance_made_for_a_demonstration_never_runs_a_live_trial(
    instance: SimpleNamespace,
) -> None:
    (instance.folder / "demo").touch()
    with pytest.raises(LiveUseRefused):
        open_the_trial(instance, demo=False)
    assert not Trial.objects.exists()
    assert not User.objects.exists()
    open_the_trial(instance, demo=True)
    with pytest.raises(LiveUseRefused):
        open_the_trial(instance, demo=True)
