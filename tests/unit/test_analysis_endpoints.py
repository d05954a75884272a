"""Endpoints from records, case by case, on a small study built by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

import core_trial as core
from equipoise.analysis.dataset import Dataset, ParticipantRow
from equipoise.analysis.endpoints import evaluate
from equipoise.forms import Record
from equipoise.protocol.estimands import AnalysisPlan, Endpoint
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.model import Study

DAY0 = date(2026, 3, 1)
FORMS = {
    one.id: one
    for one in (
        core.form("day", core.item("score", "integer"), core.item("ill", "boolean"), repeats=True),
        core.form("diary", core.item("well", "boolean"), repeats=True),
        core.form("scan", core.item("size", "decimal")),
        core.form("entry", core.item("sick", "boolean")),
        core.form(
            "event",
            core.item("term", "text"),
            core.item("onset", "date"),
            core.item("grade", "integer"),
            core.item("serious", "boolean"),
            repeats=True,
        ),
    )
}


def study(*endpoints, status_item=None):
    schedule = tuple(
        replace(one, forms=("diary",), daily=replace(one.daily, condition=None))
        if one.id == "diary"
        else one
        for one in core.PROTOCOL.schedule
    )
    plan = AnalysisPlan(alpha=0.05, sequence=(), sets=(), status_item=status_item)
    return Study(
        protocol=core.protocol(endpoints=endpoints, analysis=plan, schedule=schedule),
        forms=Frozen(FORMS),
        scenarios=Frozen(),
        pages=(),
        consents=(),
        digest="0" * 64,
        form_digests=Frozen(),
        folder="",
    )


def person(code="P1", **more):
    settings = {"site": "s", "randomised_on": DAY0, "arm": "one", "received": "one"} | more
    return ParticipantRow(code=code, **settings)


def at(day, form="day", *, visit="daily", code="P1", number=None, **values):
    return Record(
        participant=code,
        form=form,
        visit=visit,
        number=day if number is None else number,
        on=DAY0 + timedelta(days=day),
        values=values,
    )


def outcome(endpoint, *records, row=None, emergent_only=False, status_item=None):
    data = Dataset(
        study=study(endpoint, status_item=status_item),
        participants=(row or person(),),
        records=records,
    )
    return evaluate(data, endpoint, emergent_only=emergent_only)


def first_day(**more):
    settings = {
        "id": "e",
        "title": core.t("e"),
        "kind": "first-day",
        "better": "sooner",
        "form": "day",
        "rule": "score <= 3",
        "relapse": "score >= 4",
        "horizon": 28,
        "death": "never",
    }
    return Endpoint(**(settings | more))


def measured(kind="value", **more):
    settings = {
        "id": "m",
        "title": core.t("m"),
        "kind": kind,
        "better": "lower",
        "form": "scan",
        "item": "size",
        "visit": "d7",
        "baseline": "screening",
    }
    return Endpoint(**(settings | more))


def any_record(**more):
    settings = {
        "id": "a",
        "title": core.t("a"),
        "kind": "any-record",
        "better": "no",
        "form": "event",
        "rule": "serious",
    }
    return Endpoint(**(settings | more))


def test_the_first_day_that_is_kept_counts():
    found = outcome(first_day(), at(2, score=5), at(4, score=3), at(5, score=2), at(28, score=1))
    assert (found.time[0], found.event[0]) == (4.0, True)


def test_a_day_before_a_relapse_does_not_count():
    days = (at(4, score=3), at(9, score=5), at(12, score=2), at(28, score=1))
    assert outcome(first_day(), *days).time[0] == 12.0


def test_a_relapse_on_the_last_day_undoes_everything():
    found = outcome(first_day(), at(4, score=1), at(28, score=4))
    assert (found.time[0], found.event[0]) == (28.0, False)


def test_a_relapse_after_the_horizon_undoes_nothing():
    assert outcome(first_day(), at(4, score=1), at(29, score=8)).time[0] == 4.0


def test_death_before_the_horizon_is_never_reached_even_after_recovery():
    row = person(died_on=DAY0 + timedelta(days=20))
    found = outcome(first_day(), at(4, score=1), row=row)
    assert (found.time[0], found.event[0]) == (29.0, False)
    assert (found.cause[0], found.cause_time[0]) == (2, 20.0)


def test_death_after_the_horizon_changes_nothing():
    row = person(died_on=DAY0 + timedelta(days=29))
    assert outcome(first_day(), at(4, score=1), row=row).event[0]


def test_death_may_count_as_the_event():
    row = person(died_on=DAY0 + timedelta(days=6))
    found = outcome(first_day(death="event"), at(2, score=6), row=row)
    assert (found.time[0], found.event[0]) == (6.0, True)


def test_someone_last_seen_early_is_censored_there_and_not_at_the_horizon():
    found = outcome(first_day(), at(3, score=5), at(6, score=5))
    assert (found.time[0], found.event[0]) == (6.0, False)


def test_someone_seen_in_the_window_of_the_last_visit_is_censored_at_the_horizon():
    assert outcome(first_day(), at(25, score=5)).time[0] == 28.0
    assert outcome(first_day(), at(24, score=5)).time[0] == 24.0


def test_someone_never_seen_is_missing():
    found = outcome(first_day())
    assert found.source[0] == "missing"
    assert not found.usable[0]


def test_an_unanswered_day_is_neither_reached_nor_a_relapse():
    found = outcome(first_day(), at(3, ill=True), at(5, score=2), at(7, ill=True))
    assert found.time[0] == 5.0


def test_relief_must_last_as_long_as_is_asked():
    relief = first_day(form="diary", rule="well", relapse=None, sustained_hours=48, horizon=14)
    days = [at(day, "diary", well=day not in (1, 4)) for day in range(1, 8)]
    assert outcome(relief, *days).time[0] == 5.0


def test_relief_that_nobody_confirmed_does_not_count():
    relief = first_day(form="diary", rule="well", relapse=None, sustained_hours=48, horizon=14)
    days = [at(day, "diary", well=day >= 13) for day in range(1, 15)]
    found = outcome(relief, *days)
    assert (found.time[0], found.event[0]) == (14.0, False)


def test_a_day_without_a_diary_breaks_relief_where_the_diary_is_daily():
    relief = first_day(form="diary", rule="well", relapse=None, sustained_hours=48, horizon=14)
    days = [at(day, "diary", well=True) for day in (1, 3, 4, 5)]
    assert outcome(relief, *days).time[0] == 3.0


def test_samples_far_apart_confirm_each_other_where_no_daily_record_is_due():
    negative = first_day(rule="score == 0", relapse=None, sustained_hours=24)
    assert outcome(negative, at(3, score=0), at(7, score=0)).time[0] == 3.0
    assert not outcome(negative, at(3, score=0), at(7, score=1)).event[0]


def test_the_measurement_nearest_to_the_day_is_taken():
    days = (at(6, "scan", visit="d7", size=6.0), at(8, "scan", visit="daily", size=8.0))
    assert outcome(measured(), *days).value[0] == 8.0  # equally near: the later one
    assert outcome(measured(), at(7, "scan", size=7.0), *days).value[0] == 7.0


def test_a_measurement_outside_the_window_is_not_taken():
    assert outcome(measured(), at(9, "scan", visit="daily", size=9.0)).source[0] == "missing"


def test_a_status_is_carried_for_seven_days_and_not_longer():
    late = measured(form="day", item="score", visit="d28")
    near, far = at(21, score=5), at(20, score=5)
    assert outcome(late, near, status_item="day.score").source[0] == "carried"
    assert outcome(late, far, status_item="day.score").source[0] == "missing"
    assert outcome(late, near).source[0] == "missing"  # not the status of the plan


def test_a_change_needs_both_ends():
    before, after = at(-1, "scan", visit="screening", size=9.0), at(7, "scan", visit="d7", size=4.0)
    assert outcome(measured("change"), before, after).value[0] == -5.0
    assert outcome(measured("change"), after).source[0] == "missing"
    assert outcome(measured("change"), before).source[0] == "missing"


def test_death_takes_the_worst_value_or_leaves_none():
    row = person(died_on=DAY0 + timedelta(days=7))
    worst = outcome(measured("change", death="worst", death_value=26), row=row)
    assert (worst.value[0], worst.source[0]) == (26.0, "death")
    assert outcome(measured("change", death="missing"), row=row).source[0] == "missing"


def test_no_event_record_means_no_event_but_no_visit_record_means_missing():
    assert outcome(any_record()).value[0] == 0.0
    scanned = any_record(form="scan", rule="size > 1")
    assert outcome(scanned).source[0] == "missing"
    assert outcome(scanned, at(7, "scan", visit="d7", size=2.0)).value[0] == 1.0


def test_an_event_counts_by_its_onset_and_not_by_its_record():
    early = at(40, "event", visit="log", number=1, serious=True, onset=DAY0 + timedelta(days=3))
    late = at(3, "event", visit="log", number=1, serious=True, onset=DAY0 + timedelta(days=40))
    assert outcome(any_record(), early).value[0] == 1.0
    assert outcome(any_record(), late).value[0] == 0.0


def test_an_event_before_the_first_dose_does_not_count_in_a_treated_set():
    row = person(first_dose_at=datetime(2026, 3, 3, 8, tzinfo=UTC), doses=1)
    before = at(1, "event", visit="log", number=1, serious=True, onset=DAY0 + timedelta(days=1))
    assert outcome(any_record(), before, row=row).value[0] == 1.0
    assert outcome(any_record(), before, row=row, emergent_only=True).value[0] == 0.0


def test_a_rule_nobody_answered_is_not_an_event():
    unknown = at(3, "event", visit="log", number=1, term="rash", onset=DAY0)
    assert outcome(any_record(), unknown).value[0] == 0.0


@pytest.mark.parametrize(
    ("last", "source"), [(28, "observed"), (25, "observed"), (22, "carried"), (20, "missing")]
)
def test_whether_someone_lives_is_known_only_while_somebody_looks(last, source):
    death = Endpoint(id="d", title=core.t("d"), kind="death", better="no", horizon=28)
    assert outcome(death, at(last, score=1)).source[0] == source


def test_a_death_on_the_last_day_counts_and_one_later_does_not():
    death = Endpoint(id="d", title=core.t("d"), kind="death", better="no", horizon=28)
    for day, value in ((28, 1.0), (29, 0.0)):
        row = person(died_on=DAY0 + timedelta(days=day))
        assert outcome(death, row=row).value[0] == value


def test_what_an_endpoint_requires_is_read_at_baseline_only():
    sick = replace(first_day(), requires="entry.sick")
    later = at(3, "entry", visit="d7", sick=True)
    before = at(0, "entry", visit="screening", number=0, sick=True)
    assert outcome(sick, at(4, score=1), later).source[0] == "excluded"
    assert outcome(sick, at(4, score=1), before).source[0] == "observed"


def test_someone_not_randomised_has_no_row():
    data = Dataset(
        study=study(first_day()),
        participants=(person(), replace(person("P2"), randomised_on=None, arm=None)),
        records=(),
    )
    assert evaluate(data, first_day()).codes == ("P1",)
