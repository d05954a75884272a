"""A participant's life: what is refused, in what order, and what replay gives back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from core_lives import (
    CONSENT,
    DAY,
    EVERYTHING,
    GOOD,
    IN,
    NOON,
    RANDOMISE,
    SCREEN,
    at,
    d,
    dose,
    lived,
)
from equipoise.eligibility import Finding
from equipoise.errors import (
    AlreadyRandomised,
    AlreadyRecorded,
    AlreadyScreened,
    AlreadyWithdrawn,
    FollowUpEnded,
    LedgerEntryUnreadable,
    NotConsented,
    NotEligible,
    NotRandomised,
    OutOfOrder,
    ReasonRequired,
    StratumUnknown,
    UnitNotValid,
    UnknownRecord,
)
from equipoise.participant import (
    NOBODY,
    Complete,
    Die,
    Discharge,
    FailScreening,
    Randomise,
    Readmit,
    ReplaceKit,
    ReportEvent,
    Screen,
    SignConsent,
    StopDosing,
    Withdraw,
    check_randomisable,
    decide,
    evolve,
    from_payload,
    given,
    replay,
    timeline,
    to_payload,
)
from equipoise.participant.events import KINDS


def test_a_whole_life_replays_from_its_ledger():
    state, events = NOBODY, []
    for command in EVERYTHING:
        for event in decide(state, command):
            events.append(event)
            state = evolve(state, event)
    stored = [(event.what, json.loads(json.dumps(to_payload(event)))) for event in events]
    assert replay(from_payload(what, payload) for what, payload in stored) == state
    assert [from_payload(what, payload) for what, payload in stored] == events
    assert (state.status, state.kit, state.treated) == ("died", "K2", True)
    assert [one.number for one in given(state)] == [1, 2, 3]


def test_every_event_has_its_own_name_and_no_field_for_a_secret():
    names = [kind.what for kind in KINDS]
    assert len(set(names)) == len(names)
    secrets = {"arm", "product", "place", "position", "lot", "expiry", "allocation", "sequence"}
    for kind in KINDS:
        assert not secrets & {field.name for field in fields(kind)}


@pytest.mark.parametrize(
    "command",
    [
        CONSENT,
        RANDOMISE,
        dose(1, 1),
        Withdraw(level="visits", on=DAY),
        Die(on=DAY),
        FailScreening(reason="x", on=DAY),
    ],
)
def test_nobody_does_anything_before_the_screening_log(command):
    with pytest.raises(UnknownRecord):
        decide(NOBODY, command)


@pytest.mark.parametrize(
    "command",
    [RANDOMISE, *EVERYTHING[3:]],
)
def test_nothing_happens_before_consent(command):
    with pytest.raises(NotConsented):
        decide(lived(SCREEN), command)


def test_people_may_decline_before_consent():
    state = lived(SCREEN, FailScreening(reason="declined", on=DAY))
    assert state.status == "screen-failed"


@pytest.mark.parametrize(
    "command",
    [dose(1, 1), StopDosing(reason="x", at=NOON), ReplaceKit(kit="K2", reason="x", at=NOON)],
)
def test_product_matters_need_randomisation(command):
    with pytest.raises(NotRandomised):
        decide(lived(SCREEN, CONSENT), command)


def test_randomisation_happens_once():
    with pytest.raises(AlreadyRandomised):
        decide(IN, RANDOMISE)


@pytest.mark.parametrize("verdict", ["fails", "unanswered"])
def test_randomisation_needs_every_criterion_to_pass(verdict):
    findings = (*GOOD, Finding(criterion="X1", kind="exclusion", verdict=verdict))
    state = lived(SCREEN, CONSENT)
    with pytest.raises(NotEligible) as refusal:
        check_randomisable(state, stratum=(), findings=findings, on=DAY)
    assert refusal.value.unmet == ("X1",)
    with pytest.raises(NotEligible):
        check_randomisable(state, stratum=(), findings=(), on=DAY)


def test_randomisation_needs_every_factor_and_a_kit():
    state = lived(SCREEN, CONSENT)
    with pytest.raises(StratumUnknown, match="level"):
        check_randomisable(state, stratum=(("level", ""),), findings=GOOD, on=DAY)
    with pytest.raises(UnitNotValid):
        decide(state, Randomise(at=NOON, on=DAY, kit="", stratum=(), findings=GOOD))


def test_consent_signed_after_randomisation_is_out_of_order():
    late = SignConsent(version="1", at=at(1))
    with pytest.raises(OutOfOrder):
        decide(lived(SCREEN, late), RANDOMISE)


def test_a_failed_screening_is_not_randomised_but_may_be_screened_once_more():
    failed = lived(SCREEN, CONSENT, FailScreening(reason="test negative", on=DAY))
    with pytest.raises(FollowUpEnded):
        decide(failed, RANDOMISE)
    again = lived(Screen(code="P1", site="S1", at=at(48), on=d(2)), state=failed)
    assert (again.screenings, again.consented) == (2, False)
    with pytest.raises(NotConsented):
        decide(again, RANDOMISE)
    twice = lived(FailScreening(reason="again", on=d(2)), state=again)
    with pytest.raises(AlreadyScreened):
        decide(twice, Screen(code="P1", site="S1", at=at(96), on=d(4)))


def test_a_code_in_use_is_not_screened_again():
    with pytest.raises(AlreadyScreened):
        decide(IN, SCREEN)
    failed = lived(SCREEN, FailScreening(reason="x", on=DAY))
    with pytest.raises(AlreadyScreened):
        decide(failed, Screen(code="P2", site="S1", at=at(1), on=DAY))


def test_consent_is_signed_again_for_a_new_version_only():
    with pytest.raises(AlreadyRecorded):
        decide(IN, CONSENT)
    assert len(lived(SignConsent(version="2", at=at(50)), state=IN).consents) == 2
    with pytest.raises(OutOfOrder):
        decide(IN, SignConsent(version="0", at=at(-9)))


def test_withdrawal_from_the_product_ends_doses_and_nothing_else():
    state = lived(Withdraw(level="product", on=d(1)), state=IN)
    with pytest.raises(AlreadyWithdrawn):
        decide(state, dose(1, 48))
    assert decide(state, Discharge(on=d(3)))
    assert decide(state, ReportEvent(number=1, at=at(60), serious=False))
    assert timeline(state).withdrawn_on is None
    assert timeline(state).dosing_stopped_on == d(1)


def test_withdrawal_from_data_ends_all_but_vital_status():
    state = lived(Withdraw(level="data", on=d(1)), state=IN)
    for command in (
        dose(1, 48),
        ReportEvent(number=1, at=at(60), serious=False),
        Withdraw(level="visits", on=d(2)),
    ):
        with pytest.raises(AlreadyWithdrawn):
            decide(state, command)
    assert decide(state, Die(on=d(9)))
    assert timeline(state).withdrawn_on == d(1)


def test_someone_who_withdrew_before_randomisation_is_not_randomised():
    state = lived(SCREEN, CONSENT, Withdraw(level="contact", on=DAY))
    with pytest.raises(AlreadyWithdrawn):
        decide(state, RANDOMISE)


def test_after_death_only_what_happened_before_it_is_recorded():
    state = lived(Die(on=d(3)), state=IN)
    assert decide(state, dose(1, 1))
    assert decide(state, Discharge(on=d(2)))
    assert decide(state, ReportEvent(number=1, at=at(999), serious=True))
    with pytest.raises(FollowUpEnded):
        decide(state, dose(1, 96))
    with pytest.raises(FollowUpEnded):
        decide(state, Discharge(on=d(4)))
    with pytest.raises(FollowUpEnded):
        decide(state, SignConsent(version="2", at=at(99)))
    with pytest.raises(AlreadyRecorded):
        decide(state, Die(on=d(3)))


def test_nobody_is_randomised_after_death():
    state = lived(SCREEN, CONSENT, Die(on=DAY))
    with pytest.raises(FollowUpEnded):
        decide(state, Randomise(at=at(24), on=d(1), kit="K1", stratum=(), findings=GOOD))


def test_discharge_and_readmission_alternate_in_time():
    out = lived(Discharge(on=d(5)), state=IN)
    assert not out.in_hospital
    with pytest.raises(AlreadyRecorded):
        decide(out, Discharge(on=d(6)))
    with pytest.raises(OutOfOrder):
        decide(out, Readmit(on=d(4)))
    back = lived(Readmit(on=d(5)), state=out)
    assert back.in_hospital
    with pytest.raises(OutOfOrder):
        decide(back, Readmit(on=d(7)))
    with pytest.raises(OutOfOrder):
        decide(back, Discharge(on=d(4)))
    with pytest.raises(OutOfOrder):
        decide(IN, Readmit(on=d(1)))


def test_dates_before_randomisation_are_refused():
    for command in (
        Die(on=d(-1)),
        Discharge(on=d(-1)),
        Withdraw(level="visits", on=d(-1)),
        Complete(on=d(-1), reason="x"),
    ):
        with pytest.raises(OutOfOrder):
            decide(IN, command)


@pytest.mark.parametrize(
    "command",
    [FailScreening(reason=" ", on=DAY)],
)
def test_ending_a_screening_needs_a_reason(command):
    with pytest.raises(ReasonRequired):
        decide(lived(SCREEN, CONSENT), command)


@pytest.mark.parametrize(
    "command",
    [
        StopDosing(reason="", at=NOON),
        ReplaceKit(kit="K2", reason="\n", at=NOON),
        Complete(on=d(1), reason=""),
    ],
)
def test_ending_anything_else_needs_a_reason_too(command):
    with pytest.raises(ReasonRequired):
        decide(IN, command)


def test_a_participant_may_withdraw_without_saying_why():
    assert decide(IN, Withdraw(level="visits", on=d(1), reason=""))


def test_after_the_end_of_study_a_death_is_still_recorded():
    state = lived(Complete(on=d(28), reason="as planned"), state=IN)
    assert decide(state, Die(on=d(60)))
    with pytest.raises(FollowUpEnded):
        decide(state, Withdraw(level="visits", on=d(60)))
    with pytest.raises(AlreadyRecorded):
        decide(state, Complete(on=d(60), reason="as planned"))


def test_someone_never_dosed_lives_on_like_everybody_else():
    state = lived(Discharge(on=d(5)), Complete(on=d(90), reason="as planned"), state=IN)
    assert not state.treated
    assert state.status == "completed"
    assert timeline(state).first_dose_at is None


def test_an_adverse_event_number_is_used_once():
    state = lived(ReportEvent(number=1, at=NOON, serious=False), state=IN)
    with pytest.raises(AlreadyRecorded):
        decide(state, ReportEvent(number=1, at=at(1), serious=True))
    with pytest.raises(OutOfOrder):
        decide(state, ReportEvent(number=0, at=at(1), serious=True))


@pytest.mark.parametrize(
    ("what", "payload"),
    [
        ("unheard-of", {}),
        ("died", {}),
        ("died", {"on": "never"}),
        ("died", {"on": "2026-03-01", "arm": "one"}),
        ("died", None),
    ],
)
def test_an_entry_that_does_not_fit_is_not_replayed(what, payload):
    with pytest.raises(LedgerEntryUnreadable):
        from_payload(what, payload)


def test_the_timeline_uses_site_dates():
    state = lived(SCREEN, SignConsent(version="1", at=datetime(2026, 2, 28, 20, tzinfo=UTC)))
    assert timeline(state, zone="Asia/Shanghai").consented_on == DAY
    assert timeline(state, recorded=[("f", "v", 0)]).recorded == frozenset({("f", "v", 0)})


def test_no_refusal_names_a_kit_content():
    for command in (RANDOMISE, dose(1, -1), Readmit(on=d(1))):
        with pytest.raises(Exception) as refusal:
            decide(IN, command)
        assert not {"experimental", "control", "placebo"} & set(str(refusal.value).lower().split())
