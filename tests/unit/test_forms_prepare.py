"""Skip logic, computed items, ranges, checks, status, storage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from core_trial import PROTOCOL, check, form, item, t
from equipoise.digest import canonical_json
from equipoise.errors import ProtocolError, RecordUnreadable
from equipoise.forms import (
    Record,
    answers_of,
    context_of,
    from_json,
    prepare,
    status,
    to_json,
)
from equipoise.protocol.forms import Form, Group

VITALS = form(
    "vitals",
    item(
        "temp", "decimal", unit="Cel", low=30, high=45, expect_low=35, expect_high=39, required=True
    ),
    item("sbp", "integer", low=0, high=300),
    item("dbp", "integer", low=0, high=200),
    item("on_air", "boolean", required=True),
    item("fio2", "decimal", shown_if="!on_air", required=True),
    item("reason", "text", shown_if="fio2 > 0.5"),
    item("pulse_pressure", "decimal", derive="sbp - dbp"),
    checks=(
        check("pressure", "sbp > dbp", "hard"),
        check("oxygen", "fio2 >= 0.21"),
        check("entry", "entry.weight < 200"),
    ),
)


def codes(prepared):
    return [(one.item, one.code, one.severity) for one in prepared.findings]


def test_a_clean_form_has_no_findings():
    prepared = prepare(PROTOCOL, VITALS, {"temp": 37, "sbp": 120, "dbp": 80, "on_air": True})
    assert prepared.findings == ()
    assert prepared.values == {
        "temp": 37.0,
        "sbp": 120,
        "dbp": 80,
        "on_air": True,
        "pulse_pressure": 40.0,
    }
    assert status(VITALS, prepared.values, prepared.findings) == "complete"


def test_an_empty_form_is_not_started_and_lists_what_is_required():
    prepared = prepare(PROTOCOL, VITALS, {})
    assert codes(prepared) == [("temp", "required", "soft"), ("on_air", "required", "soft")]
    assert prepared.saveable
    assert prepared.queries == ()
    assert status(VITALS, prepared.values, prepared.findings) == "not-started"


@pytest.mark.parametrize(
    ("temp", "found"),
    [
        (29.9, "hard"),
        (30, "soft"),
        (34.9, "soft"),
        (35, None),
        (39, None),
        (39.1, "soft"),
        (45, "soft"),
        (45.1, "hard"),
    ],
)
def test_both_ranges_are_closed_intervals(temp, found):
    prepared = prepare(PROTOCOL, VITALS, {"temp": temp, "on_air": True})
    assert [one.severity for one in prepared.findings] == ([found] if found else [])


def test_a_value_that_is_impossible_and_unusual_is_reported_once_and_kept_to_be_shown():
    prepared = prepare(PROTOCOL, VITALS, {"temp": 99, "on_air": True})
    assert codes(prepared) == [("temp", "out-of-range", "hard")]
    assert prepared.values["temp"] == 99.0
    assert "30 - 45 Cel" in str(prepared.findings[0].message)


def test_what_skip_logic_does_not_ask_is_not_kept_and_says_so():
    prepared = prepare(PROTOCOL, VITALS, {"temp": 37, "on_air": True, "fio2": 0.9, "reason": "x"})
    assert "fio2" not in prepared.values
    assert "reason" not in prepared.values  # it hangs on an item that was not asked
    assert codes(prepared) == [("fio2", "not-asked", "soft"), ("reason", "not-asked", "soft")]
    assert prepared.queries == ()


def test_what_skip_logic_asks_becomes_required():
    assert codes(prepare(PROTOCOL, VITALS, {"temp": 37, "on_air": False})) == [
        ("fio2", "required", "soft")
    ]


def test_an_unanswered_condition_does_not_ask():
    assert "fio2" not in prepare(PROTOCOL, VITALS, {"temp": 37, "fio2": 0.5}).values


def test_a_group_that_is_not_shown_hides_its_items():
    hidden = Form(
        id="two",
        title=t(""),
        audience="blinded",
        groups=(
            Group(id="a", title=t(""), items=(item("more", "boolean"),)),
            Group(
                id="b", title=t(""), shown_if="more", items=(item("detail", "text", required=True),)
            ),
        ),
    )
    assert codes(prepare(PROTOCOL, hidden, {"more": False})) == []
    assert codes(prepare(PROTOCOL, hidden, {"more": True})) == [("detail", "required", "soft")]


def test_a_condition_may_look_forward():
    late = form("late", item("detail", "text", shown_if="more"), item("more", "boolean"))
    assert prepare(PROTOCOL, late, {"detail": "x", "more": True}).values == {
        "detail": "x",
        "more": True,
    }


def test_items_that_wait_for_each_other_are_not_asked_and_do_not_hang():
    circle = form("c", item("a", "boolean", shown_if="b"), item("b", "boolean", shown_if="a"))
    assert prepare(PROTOCOL, circle, {"a": True, "b": True}).values == {}


def test_a_computed_item_ignores_what_is_typed():
    raw = {"temp": 37, "sbp": 120, "dbp": 80, "on_air": True, "pulse_pressure": 99}
    prepared = prepare(PROTOCOL, VITALS, raw)
    assert prepared.values["pulse_pressure"] == 40.0
    assert codes(prepared) == [("pulse_pressure", "computed", "soft")]
    assert codes(prepare(PROTOCOL, VITALS, raw | {"pulse_pressure": "40"})) == []


def test_a_computed_item_is_unknown_until_its_inputs_are_there():
    assert "pulse_pressure" not in prepare(PROTOCOL, VITALS, {"sbp": 120}).values


def test_an_item_may_show_the_derived_value_of_its_own_name():
    shows = form(
        "s",
        item("rate", "integer"),
        item("sat", "integer"),
        item("level", "code", codes="risk", derive="level"),
    )
    context = {"entry.ventilated": False, "entry.shock": False, "entry.ill": True}
    assert prepare(PROTOCOL, shows, {"rate": 20, "sat": 95}, context).values["level"] == "low"
    assert prepare(PROTOCOL, shows, {"rate": 31, "sat": 95}, context).values["level"] == "middle"
    assert "level" not in prepare(PROTOCOL, shows, {"rate": 20, "sat": 95}).values


def test_an_own_item_left_empty_is_not_filled_from_another_form():
    own = form("own", item("rate", "integer"), item("double", "decimal", derive="rate * 2"))
    assert prepare(PROTOCOL, own, {}, {"vitals.rate": 10}).values == {}


def test_a_computed_value_that_does_not_fit_is_a_finding_not_a_wrong_value():
    half = form("h", item("a", "integer"), item("half", "integer", derive="a / 2"))
    assert prepare(PROTOCOL, half, {"a": 4}).values == {"a": 4, "half": 2}
    odd = prepare(PROTOCOL, half, {"a": 5})
    assert odd.values == {"a": 5}
    assert codes(odd) == [("half", "computed-does-not-fit", "soft")]


def test_computed_items_have_ranges_too():
    bounded = form("b", item("a", "integer"), item("twice", "integer", derive="a * 2", high=10))
    assert codes(prepare(PROTOCOL, bounded, {"a": 6})) == [("twice", "out-of-range", "hard")]


def test_a_check_that_is_unknown_says_nothing_and_a_false_one_says_its_message():
    assert codes(prepare(PROTOCOL, VITALS, {"temp": 37, "on_air": True, "sbp": 80})) == []
    wrong = prepare(PROTOCOL, VITALS, {"temp": 37, "on_air": True, "sbp": 80, "dbp": 90})
    assert ("sbp", "pressure", "hard") in codes(wrong)
    assert str(wrong.hard[0].message) == "pressure is wrong"


def test_a_check_may_read_another_form():
    raw = {"temp": 37, "on_air": True}
    assert codes(prepare(PROTOCOL, VITALS, raw, {"entry.weight": 199.0})) == []
    assert codes(prepare(PROTOCOL, VITALS, raw, {"entry.weight": 201.0})) == [
        (None, "entry", "soft")
    ]


@pytest.mark.parametrize("name", ["nonsense", "vitals.temp", "", "temp ", "__class__"])
def test_an_unknown_item_is_refused(name):
    prepared = prepare(PROTOCOL, VITALS, {"temp": 37, "on_air": True, name: 1})
    assert codes(prepared) == [(None, "unknown-item", "hard")]


def test_status_tells_missing_from_unusual():
    for raw, expected in [
        ({"temp": 37}, "in-progress"),
        ({"temp": 40, "on_air": True}, "queries"),
        ({"temp": 99, "on_air": True}, "in-progress"),
        ({"temp": 37, "on_air": True, "reason": "x"}, "complete"),
    ]:
        prepared = prepare(PROTOCOL, VITALS, raw)
        assert status(VITALS, prepared.values, prepared.findings) == expected


def test_preparing_what_was_prepared_changes_nothing():
    once = prepare(
        PROTOCOL,
        VITALS,
        {"temp": "40", "sbp": 120, "dbp": "80", "on_air": "false", "fio2": ".6", "reason": " x "},
    )
    again = prepare(PROTOCOL, VITALS, once.values)
    assert again == once
    stored = from_json(VITALS, to_json(once.values))
    assert stored == once.values
    assert prepare(PROTOCOL, VITALS, stored) == once


ALL = form(
    "all",
    item("n", "decimal"),
    item("w", "integer"),
    item("c", "codes", codes="risk"),
    item("d", "date"),
    item("m", "datetime"),
    item("p", "partial-date"),
    item("b", "boolean"),
    item("s", "text"),
)


def test_storage_keeps_types_and_values():
    values = {
        "n": 2.0,
        "w": 3,
        "c": ("low", "high"),
        "d": date(2026, 3, 1),
        "m": datetime(2026, 3, 1, 8, tzinfo=UTC),
        "p": "2026-03",
        "b": False,
        "s": "2026-03-01",
    }
    document = to_json(values)
    assert document["m"] == "2026-03-01T08:00:00+00:00"
    assert canonical_json(document) == canonical_json(to_json(from_json(ALL, document)))
    back = from_json(ALL, document)
    assert back == values
    assert [type(one) for one in back.values()] == [type(one) for one in values.values()]


@pytest.mark.parametrize(
    "document",
    [
        {"zzz": 1},
        {"n": "2"},
        {"w": 2.5},
        {"w": True},
        {"b": 1},
        {"d": "2026-13-01"},
        {"d": 5},
        {"m": "2026-03-01T08:00:00"},
        {"c": "low"},
        {"c": [1]},
        {"s": ["x"]},
    ],
)
def test_a_document_that_does_not_fit_is_not_read(document):
    with pytest.raises(RecordUnreadable):
        from_json(ALL, document)


def test_a_form_without_its_code_list_is_a_protocol_error():
    with pytest.raises(ProtocolError, match="code list"):
        prepare(PROTOCOL, form("x", item("a", "code", codes="nowhere")), {})


def record(name, visit, on, number=0, **values):
    return Record(participant="P", form=name, visit=visit, number=number, on=on, values=values)


D1, D2, D3 = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)


def test_answers_are_the_most_recent_per_item():
    records = [
        record("v", "d7", D3, rate=30),
        record("v", "scr", D1, rate=20, sat=95),
        record("e", "scr", D1, sex="F"),
    ]
    assert answers_of(records) == {"v.rate": 30, "v.sat": 95, "e.sex": "F"}
    assert answers_of(records, until=D2) == {"v.rate": 20, "v.sat": 95, "e.sex": "F"}


def test_context_is_the_same_visit_or_the_only_record():
    records = [
        record("entry", "scr", D1, weight=70),
        record("labs", "scr", D1, alt=10),
        record("labs", "d7", D3, alt=20),
        record("vitals", "d7", D3, rate=30),
        record("dose", "dosing", D1, 1, residual=2),
    ]
    context = context_of(records, form="vitals", visit="d7")
    assert context["entry.weight"] == 70
    assert context["labs.alt"] == 20
    assert context["scr.labs.alt"] == 10
    assert "vitals.rate" not in context  # the record itself
    assert "dose.residual" not in context
    assert context_of(records, form="reaction", visit="dosing", number=1)["dose.residual"] == 2
    assert "dose.residual" not in context_of(records, form="reaction", visit="dosing", number=2)
    assert "labs.alt" not in context_of(records, form="x", visit="d28")


def test_a_changed_form_object_is_compiled_anew():
    loose = form("f", item("a", "integer", high=10))
    strict = replace(
        loose, groups=(replace(loose.groups[0], items=(item("a", "integer", high=5),)),)
    )
    assert prepare(PROTOCOL, loose, {"a": 7}).saveable
    assert not prepare(PROTOCOL, strict, {"a": 7}).saveable
