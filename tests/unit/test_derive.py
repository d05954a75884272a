"""Derived values: order of rows, optional names, unknowns, circles, lookup of names."""

from __future__ import annotations

import math

import pytest

from core_trial import LEVEL, PROTOCOL, protocol, t
from equipoise.errors import ProtocolError
from equipoise.protocol.derive import derive, missing, names_behind, with_derived
from equipoise.protocol.model import Derived, Row
from equipoise.rules import UNKNOWN, parse

QUIET = {"ventilated": False, "shock": False}


def level(**answers: object) -> object:
    return derive(PROTOCOL, "level", QUIET | answers)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"rate": 29, "sat": 94, "ill": True}, "low"),
        ({"rate": 30, "sat": 96, "ill": True}, "middle"),
        ({"rate": 20, "sat": 93}, "middle"),
        ({"rate": 20, "sat": 94, "ratio": 300, "ill": True}, "middle"),
        ({"rate": 20, "sat": 94, "ratio": 301, "ill": True}, "low"),
        ({"ventilated": True}, "high"),
        ({"rate": 22, "ill": True}, UNKNOWN),
        ({"rate": 22, "ill": True, "ratio": 400}, UNKNOWN),
        ({"rate": 22, "ratio": 250}, "middle"),
        ({"rate": 22, "sat": 95, "progression": True}, "middle"),
        ({"rate": 22, "sat": 95, "ill": False}, UNKNOWN),
    ],
)
def test_the_first_true_row_wins_and_only_optional_names_may_be_missing(answers, expected):
    assert level(**answers) == expected


def test_an_unknown_in_an_earlier_row_stops_the_table_even_if_a_later_row_is_true():
    answers = {"rate": 29, "sat": 94, "ill": True}
    assert derive(PROTOCOL, "level", {"ventilated": False} | answers) is UNKNOWN
    assert derive(PROTOCOL, "level", answers) is UNKNOWN


def test_otherwise_is_given_only_when_every_row_is_false():
    table = Derived(
        id="level",
        text=t(""),
        type="code",
        rows=LEVEL.rows,
        otherwise="none",
        optional=LEVEL.optional,
    )
    trial = protocol(derived=(table,))
    assert derive(trial, "level", QUIET | {"rate": 22, "sat": 95, "ill": False}) == "none"
    assert derive(trial, "level", QUIET | {"rate": 22, "sat": 95}) is UNKNOWN


@pytest.mark.parametrize(
    ("when", "answers", "expected"),
    [
        ("!(ratio <= 300)", {}, "else"),  # absence must not make a negation true
        ("!(ratio <= 300)", {"ratio": 400}, "hit"),
        ("!(rate > 5 && ratio <= 300)", {"rate": 3}, "hit"),
        ("!(rate > 5 && ratio <= 300)", {"rate": 9}, "else"),
        ("(a && b) || ratio <= 300", {"a": False}, "else"),  # b no longer matters
        ("(a && b) || ratio <= 300", {"a": True}, UNKNOWN),
        ("known(ratio) && ratio <= 300", {}, "else"),
        ("!known(ratio)", {}, "hit"),
        ("(ratio > 1 ? a : b)", {"a": True, "b": True}, "else"),
        ("ratio in [1, 2] || ratio == 3", {}, "else"),
    ],
)
def test_an_absent_optional_name_never_helps_a_row(when, answers, expected):
    table = Derived(
        id="x",
        text=t(""),
        type="code",
        rows=(Row(when=when, value="hit"),),
        optional=("ratio",),
        otherwise="else",
    )
    assert derive(protocol(derived=(table,)), "x", answers) == expected


def test_an_optional_name_may_itself_be_derived():
    ratio = Derived(id="ratio", text=t(""), type="decimal", expression="pao2 / fio2")
    trial = protocol(derived=(LEVEL, ratio))
    quiet = QUIET | {"rate": 20, "sat": 95, "ill": True}
    assert derive(trial, "level", quiet) == "low"
    assert derive(trial, "level", quiet | {"pao2": 60, "fio2": 0.5}) == "middle"


def test_an_integer_comes_back_as_an_integer_and_division_by_zero_is_unknown():
    assert derive(PROTOCOL, "age", {"consent_year": 2026, "birth_year": 1960}) == 66
    assert type(derive(PROTOCOL, "age", {"consent_year": 2026, "birth_year": 1960})) is int
    assert derive(PROTOCOL, "bmi", {"weight": 70, "height": 0}) is UNKNOWN
    assert derive(PROTOCOL, "bmi", {"weight": math.nan, "height": 1.7}) is UNKNOWN


def test_a_circle_is_named_not_endless():
    a = Derived(id="a", text=t(""), type="decimal", expression="b + 1")
    b = Derived(id="b", text=t(""), type="decimal", expression="a + 1")
    with pytest.raises(ProtocolError, match="a -> b -> a"):
        derive(protocol(derived=(a, b)), "a", {})


def test_an_unknown_derived_name_is_a_protocol_error():
    with pytest.raises(ProtocolError, match="'nonsense'"):
        derive(PROTOCOL, "nonsense", {})


def test_bare_names_find_qualified_answers_unless_two_forms_disagree():
    known = with_derived(PROTOCOL, {"vitals.rate": 20, "d7.labs.alt": 40, "labs.alt": 30})
    assert known.get("rate") == 20
    assert known.get("alt") == 30  # the nearer form goes before another visit's
    both = with_derived(PROTOCOL, {"one.alt": 1, "two.alt": 2, "one.b": 5, "two.b": 5})
    assert both.get("alt") is UNKNOWN
    assert both.get("b") == 5
    assert both.get("other.alt") is None


def test_the_mapping_is_whole():
    known = with_derived(PROTOCOL, {"consent_year": 2026, "birth_year": 2000})
    assert known["age"] == 26
    assert "age" in known
    assert "nothing" not in known
    assert set(known) == {"consent_year", "birth_year", "level", "age", "bmi"}
    assert len(known) == 5
    with pytest.raises(KeyError):
        known["nothing"]


def test_missing_names_the_leaves_without_the_optional_ones():
    rule = parse('level in ["low"] && age >= 18')
    known = with_derived(PROTOCOL, {"birth_year": 1990, "rate": 20})
    assert missing(PROTOCOL, rule, known) == ("ventilated", "shock", "sat", "ill", "consent_year")
    assert "ratio" in names_behind(PROTOCOL, rule)


def test_a_value_no_row_gives_is_itself_what_is_missing():
    known = with_derived(PROTOCOL, QUIET | {"rate": 20, "sat": 95, "ill": False})
    assert missing(PROTOCOL, parse('level == "low"'), known) == ("level",)


def test_two_protocols_with_the_same_names_do_not_share_tables():
    other = protocol(derived=(Derived(id="age", text=t(""), type="integer", expression="7"),))
    answers = {"consent_year": 2026, "birth_year": 2000}
    assert derive(PROTOCOL, "age", answers) == 26
    assert derive(other, "age", answers) == 7
    assert derive(PROTOCOL, "age", answers) == 26
