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
    for number, amount in ((1, "not"), (2, "full"), (3, "partial")):
        with pytest.raises(DoseNotAllowed):
            decide(partial, CorrectDose(number=number, amount=amount))
