"""A nurse who asks at random times never breaks the dosing rules by obeying."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core_trial import DOSING, PROTOCOL
from equipoise.schedule import GivenDose, Timeline, doses, due, next_dose

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@given(
    waits=st.lists(st.floats(0.05, 30), min_size=1, max_size=60),
    amounts=st.lists(st.sampled_from(["full", "partial", "not"]), min_size=60, max_size=60),
)
def test_obeying_keeps_gap_count_course_and_numbers(waits, amounts):
    at, given_doses = START, []
    for wait, amount in zip(waits, amounts, strict=False):
        at += wait * HOUR
        answer = next_dose(DOSING, given_doses, at, randomised_at=START)
        if answer.allowed:
            assert answer.number not in {one.number for one in given_doses if one.amount != "not"}
            given_doses = [one for one in given_doses if one.number != answer.number]
            given_doses.append(GivenDose(number=answer.number, at=at, amount=amount))
    taken = sorted((one for one in given_doses if one.amount != "not"), key=lambda one: one.at)
    assert len(taken) <= DOSING.doses
    assert {one.number for one in given_doses} <= set(range(1, DOSING.doses + 1))
    for before, after in itertools.pairwise(taken):
        assert after.at - before.at >= DOSING.minimum_gap_hours * HOUR
    if taken:
        assert taken[-1].at - taken[0].at <= DOSING.course_hours * HOUR


@given(hours=st.floats(0, 140), count=st.integers(0, 10))
def test_waiting_until_a_dose_opens_is_enough(hours, count):
    given_doses = [GivenDose(number=k, at=START + 12 * (k - 1) * HOUR) for k in range(1, count + 1)]
    at = START + hours * HOUR
    answer = next_dose(DOSING, given_doses, at, randomised_at=START)
    if not answer.allowed and answer.opens is not None and answer.opens > at:
        assert next_dose(DOSING, given_doses, answer.opens, randomised_at=START).allowed
    again = next_dose(DOSING, given_doses, at, randomised_at=START)
    assert again == answer


@given(minute=st.integers(0, 24 * 60 - 1))
def test_a_course_is_ten_doses_on_five_or_six_dates_whatever_the_hour(minute):
    planned = doses(PROTOCOL, datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minute))
    assert len(planned) == 10
    assert len({one.at.date() for one in planned}) in (5, 6)
    assert all(one.earliest <= one.at <= one.latest for one in planned)


DAYS = st.integers(0, 40).map(lambda n: date(2026, 3, 1) + timedelta(days=n))
MAYBE = st.none() | DAYS


@given(
    on=DAYS,
    first=st.none() | st.floats(0, 24).map(lambda n: START + n * HOUR),
    left=MAYBE,
    died=MAYBE,
    gone=MAYBE,
    sex=st.sampled_from(["F", "M", None]),
    recorded=st.sets(
        st.tuples(
            st.sampled_from(["vitals", "scan", "day", "dose"]),
            st.sampled_from(["d7", "d28", "daily", "dosing"]),
            st.integers(0, 3),
        )
    ),
)
def test_each_record_is_due_once_in_a_state_that_fits_its_dates(
    on, first, left, died, gone, sex, recorded
):
    timeline = Timeline(
        consented_on=date(2026, 2, 28),
        randomised_on=date(2026, 3, 1),
        randomised_at=START,
        first_dose_at=first,
        discharged_on=left,
        in_hospital=left is None,
        died_on=died,
        withdrawn_on=gone,
        recorded=frozenset(recorded),
        answers={"sex": sex},
        zone="Asia/Shanghai",
    )
    found = due(PROTOCOL, timeline, on)
    keys = [(one.form, one.visit, one.number) for one in found]
    assert len(keys) == len(set(keys))
    for one in found:
        assert (one.state == "done") == ((one.form, one.visit, one.number) in recorded)
        assert one.first <= one.last
        if one.state == "due":
            assert one.first <= on <= one.last
        if one.state in ("overdue", "missed"):
            assert one.last < on
        if one.state not in ("done", "missed", "overdue") and timeline.ended_on is not None:
            assert one.last < timeline.ended_on
