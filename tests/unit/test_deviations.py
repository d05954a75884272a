"""Departures that the plan's rules see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from equipoise.forms import Record
from equipoise.participant.deviations import deviations
from equipoise.participant.state import ParticipantState
from equipoise.protocol.load import load
from equipoise.schedule import windows

DAY0 = date(2023, 3, 1)
STUDY = load("nct05787288")


def early(state: ParticipantState) -> bool:
    """Whether the record that ends the study departs from its window, ten days after the start."""
    last = windows(STUDY.protocol, DAY0)[-1]
    on = DAY0 + timedelta(days=10)
    assert on < last.first
    record = Record(participant="P1", form="eo", visit=last.visit, number=0, on=on, values={})
    return "visit-window" in [one.rule for one in deviations(STUDY, state, [record])]


PERSON = replace(ParticipantState(), code="P1", site="site-01", randomised_on=DAY0)


def test_what_is_noted_before_its_window_is_a_departure() -> None:
    assert early(PERSON)


@pytest.mark.parametrize(
    ("ended", "departs"),
    [
        ({"died_on": DAY0 + timedelta(days=9)}, False),
        ({"completed_on": DAY0 + timedelta(days=10)}, False),
        ({"withdrawn": (("visits", DAY0 + timedelta(days=8)),)}, False),
        ({"withdrawn": (("product", DAY0 + timedelta(days=8)),)}, True),
        ({"died_on": DAY0 + timedelta(days=11)}, True),
    ],
)
def test_the_end_of_study_of_somebody_whose_time_was_over_is_not_early(
    ended: dict[str, object], departs: bool
) -> None:
    assert early(replace(PERSON, **ended)) is departs
