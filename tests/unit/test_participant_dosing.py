"""Kits and doses in a participant's life: used once, in order, by the right person."""

from __future__ import annotations

import pytest

from core_lives import IN, at, dose, lived
from equipoise.errors import AlreadyRecorded, DoseNotAllowed, UnitNotValid
from equipoise.participant import CorrectDose, GiveDose, ReplaceKit, StopDosing, decide


def test_a_dose_number_and_a_unit_are_used_once():
    state = lived(dose(1, 1), state=IN)
    with pytest.raises(AlreadyRecorded):
        decide(state, dose(1, 13))
    with pytest.raises(UnitNotValid, match="already"):
        decide(state, dose(2, 13, unit="K1-01"))
    with pytest.raises(DoseNotAllowed, match="same time"):
        decide(state, dose(2, 1))


def test_a_dose_recorded_as_not_given_may_be_made_up_once():
    state = lived(GiveDose(number=1, at=at(1), amount="not"), dose(2, 13), state=IN)
    made_up = lived(dose(1, 25), state=state)
    assert [(one.number, one.amount) for one in made_up.doses] == [(2, "full"), (1, "full")]
    for command in (GiveDose(number=1, at=at(30), amount="not"), dose(1, 30, unit="K1-03")):
        with pytest.raises(AlreadyRecorded):
            decide(made_up, command)
    with pytest.raises(AlreadyRecorded):
        decide(state, GiveDose(number=1, at=at(2), amount="not"))


@pytest.mark.parametrize("unit", [None, "", "K2-01", "K1", "K11-01", "-01"])
def test_a_dose_needs_a_unit_of_the_own_kit(unit):
    with pytest.raises(UnitNotValid):
        decide(IN, dose(1, 1, unit=unit))


def test_a_dose_is_not_given_before_randomisation():
    with pytest.raises(DoseNotAllowed):
        decide(IN, dose(1, -1))
    with pytest.raises(DoseNotAllowed):
        decide(IN, dose(0, 1))


def test_after_a_stop_only_earlier_doses_may_still_be_recorded():
    state = lived(dose(1, 1), StopDosing(reason="reaction", at=at(20)), state=IN)
    assert decide(state, dose(2, 13))
    with pytest.raises(DoseNotAllowed):
        decide(state, dose(3, 25))
    with pytest.raises(AlreadyRecorded):
        decide(state, StopDosing(reason="again", at=at(21)))
    assert decide(state, GiveDose(number=3, at=at(25), amount="not"))
    with pytest.raises(DoseNotAllowed):
        decide(state, ReplaceKit(kit="K9", reason="x", at=at(25)))


def test_a_dose_that_ended_early_becomes_partial_and_a_mistake_full_again():
    state = lived(dose(1, 1), GiveDose(number=2, at=at(13), amount="not"), state=IN)
    partial = lived(CorrectDose(number=1, amount="partial"), state=state)
    assert [(one.number, one.amount, one.unit) for one in partial.doses] == [
        (1, "partial", "K1-01"),
        (2, "not", None),
    ]
    assert lived(CorrectDose(number=1, amount="full"), state=partial).doses == state.doses
    with pytest.raises(AlreadyRecorded):
        decide(partial, CorrectDose(number=1, amount="partial"))
    with pytest.raises(DoseNotAllowed, match="not recorded"):
        decide(partial, CorrectDose(number=3, amount="partial"))


def test_a_dose_that_was_not_given_after_all_frees_its_unit_and_its_time():
    state = lived(dose(1, 1), dose(2, 13), CorrectDose(number=1, amount="not"), state=IN)
    assert [(one.amount, one.unit) for one in state.doses] == [("not", None), ("full", "K1-02")]
    assert state.first_dose_at == at(13)
    back = lived(CorrectDose(number=1, amount="full", at=at(2), unit="K1-01"), state=state)
    assert back.first_dose_at == at(2)
    assert decide(state, dose(3, 25, unit="K1-01"))


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (CorrectDose(number=3, amount="full"), UnitNotValid),
        (CorrectDose(number=3, amount="full", unit="K2-03", at=at(20)), UnitNotValid),
        (CorrectDose(number=3, amount="full", unit="K1-02", at=at(20)), UnitNotValid),
        (CorrectDose(number=3, amount="full", unit="K1-03", at=at(13)), DoseNotAllowed),
        (CorrectDose(number=3, amount="full", unit="K1-03", at=at(-1)), DoseNotAllowed),
        (CorrectDose(number=3, amount="full", unit="K1-03", at=at(40)), DoseNotAllowed),
        (CorrectDose(number=1, amount="full", unit="K1-02"), UnitNotValid),
        (CorrectDose(number=1, amount="full", at=at(13)), DoseNotAllowed),
        (CorrectDose(number=1, amount="full", at=at(14)), DoseNotAllowed),
        (CorrectDose(number=2, amount="full", at=at(0)), DoseNotAllowed),
        (CorrectDose(number=2, amount="full", at=at(13), unit="K1-02"), AlreadyRecorded),
        (CorrectDose(number=3, amount="not"), AlreadyRecorded),
    ],
)
def test_what_cannot_have_been_is_not_corrected_to(wrong, refusal):
    not_given = GiveDose(number=3, at=at(25), amount="not")
    stopped = StopDosing(reason="reaction", at=at(30))
    state = lived(dose(1, 1), dose(2, 13), not_given, stopped, state=IN)
    with pytest.raises(refusal):
        decide(state, wrong)
