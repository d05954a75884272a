"""Windows, doses, the next dose, what is due: at their edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from core_trial import DOSING, PROTOCOL, protocol
from equipoise.errors import UnknownRecord
from equipoise.schedule import (
    GivenDose,
    Timeline,
    doses,
    due,
    expected,
    next_dose,
    window,
    windows,
)

DAY0 = date(2026, 3, 1)
FIRST = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
CALM = {"rate": 20, "reaction_grade": 0}


def h(hours: float) -> datetime:
    return FIRST + timedelta(hours=hours)


def given(*hours: float) -> list[GivenDose]:
    return [GivenDose(number=k, at=h(hour)) for k, hour in enumerate(hours, start=1)]


# windows


def test_windows_count_from_randomisation_and_are_closed_at_both_ends():
    found = {one.visit: one for one in windows(PROTOCOL, date(2024, 2, 27))}
    assert (found["d7"].first, found["d7"].last) == (date(2024, 3, 4), date(2024, 3, 6))
    assert found["d7"].target == date(2024, 3, 5)  # through a leap day
    assert date(2024, 3, 4) in found["d7"]
    assert date(2024, 3, 7) not in found["d7"]
    assert found["screening"].target == date(2024, 2, 26)


def test_a_visit_that_does_not_exist_has_no_window():
    with pytest.raises(UnknownRecord):
        window(PROTOCOL, "d99", DAY0)
    assert window(PROTOCOL, "d28", DAY0).target == date(2026, 3, 29)


# planned doses


def test_ten_doses_from_the_evening_touch_six_calendar_dates_and_from_the_morning_five():
    evening = doses(PROTOCOL, FIRST)
    assert [one.number for one in evening] == list(range(1, 11))
    assert evening[9].at == h(108)
    assert len({one.at.date() for one in evening}) == 6
    assert len({one.at.date() for one in doses(PROTOCOL, FIRST - timedelta(hours=12))}) == 5


def test_each_dose_has_its_window_and_none_reaches_past_the_course():
    third = doses(PROTOCOL, FIRST)[2]
    assert (third.earliest, third.at, third.latest) == (h(22), h(24), h(26))
    short = protocol(dosing=replace(DOSING, course_hours=109))
    assert doses(short, FIRST)[-1].latest == h(109)


def test_doses_keep_hours_not_wall_clock_through_a_clock_change():
    offset = timezone(timedelta(hours=8))
    planned = doses(PROTOCOL, FIRST.astimezone(offset))
    assert planned[1].at - planned[0].at == timedelta(hours=12)
    assert planned[1].at == h(12)


def test_a_naive_time_is_refused_and_no_dosing_means_no_doses():
    with pytest.raises(ValueError, match="time zone"):
        doses(PROTOCOL, datetime(2026, 3, 1))
    with pytest.raises(ValueError, match="time zone"):
        next_dose(DOSING, given(0), datetime(2026, 3, 2))
    assert doses(protocol(dosing=None), FIRST) == ()


# the next dose: time


def test_the_first_dose_is_allowed_until_its_limit_after_randomisation():
    at = h(0)
    for hours, code in [
        (0, "allowed"),
        (24, "allowed"),
        (24.01, "first-dose-too-late"),
        (-1, "before-randomisation"),
    ]:
        answer = next_dose(DOSING, [], at + timedelta(hours=hours), randomised_at=at)
        assert (answer.why.code, answer.number) == (code, 1)
        assert answer.allowed is (code == "allowed")


@pytest.mark.parametrize(
    ("hours", "code", "deviations"),
    [
        (7.99, "gap-too-short", []),
        (9.99, "window-not-open", []),
        (10, "allowed", []),
        (12, "allowed", []),
        (14, "allowed", []),
        (14.01, "allowed", ["window"]),
        (16.01, "allowed", ["window", "gap-too-long"]),
    ],
)
def test_the_second_dose_at_the_edges_of_gap_and_window(hours, code, deviations):
    answer = next_dose(DOSING, given(0), h(hours))
    assert (answer.why.code, answer.number) == (code, 2)
    assert [one.code for one in answer.deviations] == deviations


def test_a_late_dose_pushes_the_next_one_by_the_gap_not_by_the_plan():
    answer = next_dose(DOSING, given(0, 17), h(22))
    assert answer.why.code == "gap-too-short"
    assert answer.opens == h(25)
    assert next_dose(DOSING, given(0, 17), h(25)).allowed


def test_a_dose_nobody_gave_lapses_when_the_next_window_opens():
    assert next_dose(DOSING, given(0), h(21.9)).number == 2
    answer = next_dose(DOSING, given(0), h(22))
    assert answer.number == 3
    assert "dose-missed" in [one.code for one in answer.deviations]


def test_a_dose_recorded_as_not_given_is_passed_over_but_does_not_count():
    record = [*given(0), GivenDose(number=2, at=h(12), amount="not")]
    answer = next_dose(DOSING, record, h(24))
    assert answer.number == 3
    assert [one.code for one in answer.deviations] == ["gap-too-long"]


def test_a_missed_dose_may_be_made_up_within_the_course_and_not_after_it():
    nine = [GivenDose(number=k, at=h(12 * (k - 1))) for k in range(1, 11) if k != 4]
    answer = next_dose(DOSING, nine, h(117))
    assert (answer.allowed, answer.number) == (True, 4)
    assert [one.code for one in answer.deviations] == ["made-up"]
    assert next_dose(DOSING, nine, h(110)).why.code == "gap-too-short"
    assert next_dose(DOSING, nine, h(120)).allowed
    assert next_dose(DOSING, nine, h(120.01)).why.code == "course-over"


def test_ten_doses_are_the_course_however_many_dates_they_took():
    ten = given(*(12 * k for k in range(10)))
    assert next_dose(DOSING, ten, h(119)).why.code == "course-complete"
    assert next_dose(DOSING, ten, h(119)).number is None


def test_a_first_dose_recorded_as_not_given_leaves_the_second_as_the_first():
    record = [GivenDose(number=1, at=h(0), amount="not")]
    answer = next_dose(DOSING, record, h(6), randomised_at=h(-2))
    assert (answer.allowed, answer.number) == (True, 2)


def test_ten_doses_recorded_as_not_given_leave_none():
    record = [GivenDose(number=k, at=h(k), amount="not") for k in range(1, 11)]
    assert next_dose(DOSING, record, h(20)).number is None


def test_the_order_in_which_doses_are_listed_does_not_matter():
    some = given(0, 12, 24)
    assert next_dose(DOSING, some[::-1], h(36)) == next_dose(DOSING, some, h(36))


# the next dose: rules


def test_a_hold_rule_stops_the_dose_and_an_unmeasured_one_too():
    assert next_dose(DOSING, given(0), h(12), CALM).allowed
    held = next_dose(DOSING, given(0), h(12), CALM | {"rate": 36})
    assert (held.allowed, held.why.code) == (False, "hold")
    unknown = next_dose(DOSING, given(0), h(12), {"reaction_grade": 0})
    assert (unknown.allowed, unknown.why.code) == (False, "hold-unanswered")
    assert "rate" in unknown.why.sentence


def test_a_stop_rule_stops_for_good_and_speaks_before_the_clock():
    stopped = next_dose(DOSING, given(0), h(3), CALM | {"reaction_grade": 3})
    assert (stopped.allowed, stopped.why.code) == (False, "stopped")


def test_a_stop_rule_that_cannot_be_judged_is_named():
    answer = next_dose(DOSING, given(0), h(12), {"rate": 20})
    assert answer.allowed
    assert answer.unanswered == ("allergy",)


# the matrix


def test_every_cell_of_the_schedule_appears_once():
    cells = {(one.form, one.visit): one for one in expected(PROTOCOL)}
    assert len(cells) == len(expected(PROTOCOL))
    assert cells[("scan", "d7")].optional
    assert not cells[("scan", "d28")].optional
    assert cells[("pregnancy", "d28")].conditional
    assert cells[("day", "daily")].numbers == tuple(range(1, 15))
    assert cells[("dose", "dosing")].numbers == tuple(range(1, 11))
    assert cells[("event", "log")].numbers == ()


# what is due


def states(timeline: Timeline, on: date) -> dict[tuple[str, str, int], str]:
    return {(one.form, one.visit, one.number): one.state for one in due(PROTOCOL, timeline, on)}


IN = Timeline(
    consented_on=date(2026, 2, 28),
    randomised_on=DAY0,
    randomised_at=FIRST - timedelta(hours=2),
    answers={"sex": "F"},
)


def test_nothing_is_due_before_consent():
    assert due(PROTOCOL, Timeline(), DAY0) == ()


def test_before_randomisation_only_visits_up_to_day_0_are_due():
    timeline = Timeline(consented_on=DAY0)
    assert states(timeline, DAY0) == {
        ("entry", "screening", 0): "due",
        ("vitals", "screening", 0): "due",
        ("pregnancy", "screening", 0): "optional",  # the sex is not known yet
    }


@pytest.mark.parametrize(
    ("day", "state"),
    [(5, "not-yet"), (6, "due"), (8, "due"), (9, "overdue"), (15, "overdue"), (16, "missed")],
)
def test_a_visit_goes_from_not_yet_to_missed(day, state):
    assert states(IN, DAY0 + timedelta(days=day))[("vitals", "d7", 0)] == state


def test_an_optional_activity_is_never_overdue():
    assert states(IN, DAY0 + timedelta(days=7))[("scan", "d7", 0)] == "optional"
    assert ("scan", "d7", 0) not in states(IN, DAY0 + timedelta(days=9))


def test_a_condition_that_is_false_removes_the_activity_but_not_what_was_recorded():
    man = replace(IN, answers={"sex": "M"}, recorded=frozenset({("pregnancy", "screening", 0)}))
    found = states(man, DAY0 + timedelta(days=28))
    assert ("pregnancy", "d28", 0) not in found
    assert found[("pregnancy", "screening", 0)] == "done"


def test_daily_forms_follow_the_stay_in_hospital_day_by_day():
    left = replace(IN, discharged_on=DAY0 + timedelta(days=3), in_hospital=False)
    found = states(left, DAY0 + timedelta(days=5))
    assert [k for (f, _, k) in found if f == "day"] == [1, 2, 3]
    back = replace(left, readmitted_on=DAY0 + timedelta(days=5), in_hospital=True)
    assert [k for (f, _, k) in states(back, DAY0 + timedelta(days=5)) if f == "day"][:5] == [
        1,
        2,
        3,
        5,
        6,
    ]


def test_the_first_dose_is_due_before_it_and_the_rest_only_after_it():
    before = states(IN, DAY0)
    assert before[("dose", "dosing", 1)] == "due"
    assert ("dose", "dosing", 2) not in before
    started = replace(
        IN, first_dose_at=FIRST, doses=tuple(given(0)), recorded=frozenset({("dose", "dosing", 1)})
    )
    after = states(started, DAY0)
    assert after[("dose", "dosing", 1)] == "done"
    assert after[("reaction", "dosing", 1)] == "due"
    assert after[("dose", "dosing", 10)] == "not-yet"


def test_dose_dates_are_site_dates():
    started = replace(IN, first_dose_at=FIRST, zone="Asia/Shanghai")  # 04:00 on 2 March there
    second = next(
        one for one in due(PROTOCOL, started, DAY0) if (one.form, one.number) == ("dose", 2)
    )
    assert second.first == date(2026, 3, 2)


def test_doses_end_when_dosing_stops_and_follow_up_goes_on():
    stopped = replace(IN, first_dose_at=FIRST, dosing_stopped_on=DAY0 + timedelta(days=2))
    found = states(stopped, DAY0 + timedelta(days=7))
    assert ("dose", "dosing", 2) in found
    assert ("dose", "dosing", 6) not in found
    assert found[("vitals", "d7", 0)] == "due"


def test_someone_never_dosed_is_followed_all_the_same():
    found = states(IN, DAY0 + timedelta(days=28))
    assert found[("vitals", "d28", 0)] == "due"
    assert found[("dose", "dosing", 1)] == "missed"


@pytest.mark.parametrize("end", ["died_on", "withdrawn_on", "completed_on"])
def test_after_the_end_only_what_was_closed_or_recorded_remains(end):
    ended = replace(
        IN, **{end: DAY0 + timedelta(days=10)}, recorded=frozenset({("vitals", "d28", 0)})
    )
    found = states(ended, DAY0 + timedelta(days=28))
    assert found[("vitals", "d7", 0)] == "missed"
    assert found[("vitals", "d28", 0)] == "done"
    assert ("scan", "d28", 0) not in found


def test_an_activity_asked_for_twice_is_due_once():
    twice = protocol(
        schedule=(
            *PROTOCOL.schedule,
            replace(PROTOCOL.schedule[2], id="again", optional=(), at=("d7",)),
        )
    )
    found = [
        one
        for one in due(twice, IN, DAY0 + timedelta(days=7))
        if one.form == "scan" and one.visit == "d7"
    ]
    assert [one.state for one in found] == ["due"]
