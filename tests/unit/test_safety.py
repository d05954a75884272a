"""Adverse events, clocks, triggers, reviews."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from core_trial import BOARD, SAFETY
from equipoise.safety import (
    Pooled,
    closed_levels,
    deadlines,
    judge,
    reportable,
    reviews_due,
    standing,
    triggers,
)

FIRST = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
DAY0 = date(2026, 3, 1)


def judged(*, first=FIRST, zone="UTC", **values):
    return judge(SAFETY, values, first_dose_at=first, zone=zone)


def test_a_complete_record_is_judged_by_the_rules():
    found = judged(
        term="swelling",
        grade=4,
        serious=True,
        relation="possible",
        outcome="recovered",
        onset=date(2026, 3, 2),
    )
    assert (found.grade, found.serious, found.related, found.fatal) == (4, True, True, False)
    assert found.treatment_emergent
    assert found.special_interest == ("grave", "swelling")
    assert found.unanswered == ()


def test_an_empty_record_is_unknown_not_harmless():
    found = judged()
    assert (found.term, found.grade, found.serious, found.related, found.fatal) == (None,) * 5
    assert found.treatment_emergent is None
    assert found.unanswered == ("grave", "swelling")


def test_coded_answers_count_like_typed_ones():
    coded = replace(SAFETY, special_interest=())
    assert judge(coded, {"grade": "5"}, first_dose_at=None).grade == 5
    assert judged(serious="Y").serious is True
    assert judged(serious="no").serious is False
    assert judged(serious="perhaps").serious is None
    assert judge(coded, {"grade": True}, first_dose_at=None).grade is None
    assert judged(relation="unlikely").related is False


@pytest.mark.parametrize(
    ("onset", "emergent"),
    [
        (FIRST, True),
        (FIRST - timedelta(seconds=1), False),
        (date(2026, 3, 1), True),  # the day of the first dose: the cautious reading
        (date(2026, 2, 28), False),
        ("2026-03", True),
        ("2026-02", False),
        ("2026", True),
        ("2025", False),
        ("2026-02-28", False),
        ("2026-12", True),
        ("UN", None),
    ],
)
def test_treatment_emergence_counts_from_the_first_dose(onset, emergent):
    assert judged(onset=onset).treatment_emergent is emergent


def test_nothing_is_treatment_emergent_without_treatment():
    assert judged(first=None, onset=FIRST).treatment_emergent is False


def test_an_onset_date_is_read_in_the_zone_of_the_site():
    assert judged(onset=date(2026, 3, 1), zone="Asia/Shanghai").treatment_emergent is False
    assert judged(onset=date(2026, 3, 2), zone="Asia/Shanghai").treatment_emergent is True


@pytest.mark.parametrize(
    ("day", "values", "collected"),
    [
        (28, {"serious": False, "relation": "unlikely", "outcome": "recovered"}, True),
        (29, {"serious": False, "relation": "unlikely", "outcome": "recovered"}, False),
        (29, {"serious": False, "relation": "related", "outcome": "recovered"}, False),
        (29, {"serious": True, "relation": "unlikely", "outcome": "recovered"}, False),
        (90, {"serious": True, "relation": "related", "outcome": "recovered"}, True),
        (90, {"outcome": "fatal", "serious": True, "relation": "unlikely"}, True),
        (90, {"serious": True, "outcome": "recovered"}, True),  # relation not known yet
        (91, {"serious": True, "relation": "related", "outcome": "fatal"}, False),
    ],
)
def test_what_is_collected_until_when(day, values, collected):
    onset = DAY0 + timedelta(days=day)
    assert reportable(SAFETY, judged(**values), onset, DAY0) is collected


def test_an_event_without_an_onset_is_collected():
    assert reportable(SAFETY, judged(), None, DAY0)


AWARE = datetime(2026, 3, 10, 8, 30, tzinfo=UTC)


def test_clocks_run_from_awareness_soonest_first():
    fatal = deadlines(SAFETY, {"serious": True, "relation": "related", "grade": 5}, AWARE)
    assert [(one.clock, one.due_at - AWARE, one.certain) for one in fatal] == [
        ("site", timedelta(hours=24), True),
        ("authority", timedelta(days=7), True),
    ]


def test_a_clock_that_may_apply_runs_until_it_is_known_not_to():
    open_ = deadlines(SAFETY, {"serious": True}, AWARE)
    assert [(one.clock, one.certain) for one in open_] == [("site", True), ("authority", False)]
    assert [one.clock for one in deadlines(SAFETY, {"serious": True, "grade": 3}, AWARE)] == [
        "site"
    ]
    assert deadlines(SAFETY, {"serious": False}, AWARE) == ()


def test_the_deadline_itself_is_in_time():
    clock = deadlines(SAFETY, {"serious": True, "grade": 3}, AWARE)[0]
    due, second = clock.due_at, timedelta(seconds=1)
    assert standing(clock, at=due) == "running"
    assert standing(clock, at=due + second) == "late"
    assert standing(clock, at=due + second, done_at=due) == "met"
    assert standing(clock, at=due + 2 * second, done_at=due + second) == "met-late"
    assert standing(clock, at=due, done_at=due + second) == "running"  # not done yet at that time


def test_a_clock_needs_a_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        deadlines(SAFETY, {}, datetime(2026, 3, 10))


def event(participant, number=1, **values):
    return Pooled(participant=participant, number=number, values=values)


TREATED = ["P1", "P2", "P3", "P4", "P5"]


def test_a_trigger_fires_at_its_count_and_not_before():
    two = triggers(BOARD, [event("P1", grade=3), event("P2", grade=3)], TREATED)
    assert [(one.trigger, one.seen, one.fired) for one in two] == [
        ("one-grave", 0, False),
        ("three-early", 2, False),
    ]
    three = triggers(
        BOARD, [event("P1", grade=3), event("P1", 2, grade=3), event("P4", grade=3)], TREATED
    )
    assert three[1].fired
    assert three[1].events == (("P1", 1), ("P1", 2), ("P4", 1))


def test_among_counts_along_the_order_of_first_doses():
    events = [event("P1", grade=3), event("P2", grade=3), event("P5", grade=3)]
    assert not triggers(BOARD, events, TREATED)[1].fired
    assert triggers(BOARD, events, ["P5", *TREATED[:4]])[1].fired


def test_people_never_treated_and_unknown_grades_do_not_fire_but_unknowns_are_counted():
    found = triggers(BOARD, [event("P9", grade=5), event("P1")], TREATED)[0]
    assert (found.seen, found.unanswered, found.fired) == (0, 1, False)


def test_groups_are_counted_only_when_given():
    events = [event("P1", grade=4), event("P2", grade=5)]
    assert triggers(BOARD, events, TREATED)[0].by_group == {}
    split = triggers(BOARD, events, TREATED, groups={"P1": "X", "P2": "X", "P3": "Y"})[0]
    assert (split.seen, split.by_group) == (2, {"X": 2, "Y": 0})


@pytest.mark.parametrize(
    ("reached", "held", "due"),
    [(19, 0, ()), (20, 0, (20,)), (60, 0, (20, 60)), (60, 1, (60,)), (99, 2, ())],
)
def test_reviews_fall_due_when_enough_have_reached_the_day(reached, held, due):
    assert reviews_due(BOARD, reached, held) == due


def test_a_closed_level_opens_after_its_review():
    assert closed_levels(BOARD, 19) == ("high",)
    assert closed_levels(BOARD, 20) == ()
    assert closed_levels(replace(BOARD, opens={}), 0) == ()
