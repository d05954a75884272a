"""The expression language: reading, refusing, three truth values."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import numpy as np
import pytest

from equipoise import rules
from equipoise.errors import ExpressionError
from equipoise.rules import UNKNOWN, Unknown, evaluate, evaluate_columns, parse


def refusal(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value


def test_unknown_is_one_object_and_refuses_to_be_true_or_false() -> None:
    assert repr(UNKNOWN) == "UNKNOWN"
    assert Unknown() is UNKNOWN
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN
    assert copy.deepcopy([UNKNOWN])[0] is UNKNOWN
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNKNOWN)
    with pytest.raises(TypeError):
        not evaluate(parse("x > 1"), {})


def test_an_expression_is_frozen_cached_hashed_by_text_and_travels_as_text() -> None:
    one = parse("rr >= 30 || ox.spo2 <= 93")
    assert parse("rr >= 30 || ox.spo2 <= 93") is one
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert hash(again) == hash(one)
    assert evaluate(again, {"rr": 30}) is True
    assert one != parse("rr >= 30 || ox.spo2 <= 93 ")
    assert one.tree == parse("rr >= 30 || ox.spo2 <= 93 ").tree
    with pytest.raises(FrozenInstanceError):
        one.text = "true"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        one.tree.line = 2  # type: ignore[misc]


def test_names_come_in_order_of_appearance_with_their_place() -> None:
    expression = parse("b.x > 1 &&\n  a == 2 && b.x < 5 && min(c, [a][0] )".replace("[a][0] ", "a"))
    assert expression.names == ("b.x", "a", "c")
    assert (expression.place_of("a").line, expression.place_of("a").column) == (2, 3)
    with pytest.raises(KeyError):
        expression.place_of("z")


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "empty"),
        (" \n ", 1, 1, "empty"),
        ("age = 18", 1, 5, "=="),
        ("a and b", 1, 3, "&&"),
        ("a or b", 1, 3, "||"),
        ("not a", 1, 1, "!"),
        ("a AND b", 1, 3, "&&"),
        ("a == null", 1, 6, "known"),
        ("a & b", 1, 3, "&&"),
        ("a | b", 1, 3, "||"),
        ("18 <= age <= 75", 1, 11, "&&"),
        ("(a", 1, 1, "never closed"),
        ("a in ['x'", 1, 6, "never closed"),
        ("a)", 1, 2, "never opened"),
        ("a ==\n  )", 2, 3, "never opened"),
        ("eval('x')", 1, 1, "all, any, count, days, hours, known, max, min, round"),
        ("__import__('os')", 1, 1, "no function"),
        ("a.b.c.d", 1, 1, "three parts"),
        ("min(a).x", 1, 7, "dot"),
        ("a[0]", 1, 2, "list"),
        ("'abc", 1, 1, "quote"),
        ("'a\\n'", 1, 1, "quote"),
        ("x in []", 1, 6, "empty"),
        ("a ? b", 1, 6, "too early"),
        ("1e999", 1, 1, "too large"),
        ("a % 2", 1, 3, "remainder"),
        ("a \u2265 2", 1, 3, ">="),
        ("a == \u201cx\u201d", 1, 6, "straight quotes"),
        ("\uff08a\uff09", 1, 1, "full-width"),
        ("\u5e74\u9f84 > 18", 1, 1, "Latin"),
        ("a\x00", 1, 2, "U+0000"),
        ("a == '\x00' \ud800", 1, 10, "U+D800"),
        ("known()", 1, 1, "known(a)"),
        ("days(a)", 1, 1, "days(from, to)"),
        ("round(a, 1.5)", 1, 1, "whole number"),
        ("round(a, b)", 1, 1, "whole number"),
        ("round(a, -1)", 1, 1, "whole number"),
        ("date('2026-02-29')", 1, 1, "exists"),
        ("date(a)", 1, 1, "written"),
        ("datetime('2026-03-01T08:00')", 1, 1, "offset"),
        ("datetime('0001-01-01T00:00+01:00')", 1, 1, "exists"),
        ("count([a], b)", 1, 7, "only argument"),
        ("+a", 1, 1, "Delete"),
        ("a b", 1, 3, "missing operator"),
        ("lambda: 1", 1, 7, "missing operator"),
        ("!" * 41 + "a", 1, 41, "40 levels"),
        ("(" * 1999 + "a" + ")" * 1999, 1, 41, "40 levels"),
        ("a" * 4001, 1, 4001, "4000"),
        ("\n" * 4001, 4001, 1, "4000"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place_and_a_remedy(
    text: str, line: int, column: int, words: str
) -> None:
    error = refusal(text)
    assert (error.place.line, error.place.column) == (line, column)
    assert words in error.problem
    assert error.problem.isprintable()
    assert error.code == "protocol.expression"


@pytest.mark.parametrize("value", [None, True, 3, b"a > 1", ["a"]])
def test_something_that_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(ExpressionError, match="quotes"):
        parse(value)  # type: ignore[arg-type]


def test_long_flat_conditions_are_not_deep() -> None:
    flat = " || ".join(f"item{number}" for number in range(300))
    assert evaluate(parse(flat), {"item299": True}) is True
    total = " + ".join(["x"] * 900)
    assert evaluate(parse(total), {"x": 2}) == 1800.0


def test_the_deepest_expression_that_is_allowed_is_evaluated() -> None:
    text = "(" * 39 + "a" + ")" * 39
    assert evaluate(parse(text), {"a": True}) is True


@pytest.mark.parametrize(
    "missing",
    [None, float("nan"), float("inf"), UNKNOWN, np.nan, np.float32("nan"), np.datetime64("NaT"),
     np.ma.masked, Decimal("nan"), Decimal("sNaN"), 10**400],
)  # fmt: skip
def test_what_is_no_answer_is_unknown(missing: object) -> None:
    assert evaluate(parse("x"), {"x": missing}) is UNKNOWN
    assert evaluate(parse("x > 1"), {"x": missing}) is UNKNOWN
    assert evaluate(parse("!(x > 1)"), {"x": missing}) is UNKNOWN
    assert evaluate(parse("x != 1"), {"x": missing}) is UNKNOWN
    assert evaluate(parse("known(x)"), {"x": missing}) is False


class Pcr(StrEnum):
    POSITIVE = "positive"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (3, 3.0), (Decimal("1.5"), 1.5), (np.int16(4), 4.0), (np.float32(0.5), 0.5),
        (np.bool_(True), True), (Pcr.POSITIVE, "positive"), (np.str_("a"), "a"),
        (np.datetime64("2026-03-01"), date(2026, 3, 1)),
        (np.datetime64("2026-03-01T08:00", "ns"), datetime(2026, 3, 1, 8, tzinfo=UTC)),
        (datetime(2026, 3, 1, 8), datetime(2026, 3, 1, 8, tzinfo=UTC)),
        (datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8))),
         datetime(2026, 3, 1, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_answers_are_brought_to_plain_kinds(given: object, kept: object) -> None:
    found = evaluate(parse("x"), {"x": given})
    assert type(found) is type(kept)
    assert found == kept


@pytest.mark.parametrize("value", [[1], {"a": 1}, (1,), object(), 1j, b"a", np.array([1.0])])
def test_an_answer_of_no_usable_type_is_refused_by_name(value: object) -> None:
    with pytest.raises(ExpressionError, match="`x` holds"):
        evaluate(parse("x"), {"x": value})


def test_a_kind_error_says_where_even_if_the_rest_already_decides() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse("false &&\n x + 1 > 2"), {"x": "a"})
    assert (caught.value.place.line, caught.value.problem[:10]) == (2, "`+` needs ")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (np.array([1, 2]), [1.0, 2.0]),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.array([1.0, np.inf]), [1.0, None]),
        (np.ma.array([1, 2], mask=[True, False]), [None, 2.0]),
        (np.array([True, False]), [True, False]),
        (np.ma.array([True, True], mask=[True, False]), [None, True]),
        (np.array(["a", None], dtype=object), ["a", None]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.ma.array(["a", "b"], mask=[False, True], dtype=object), ["a", None]),
        (np.array(["a", np.nan], dtype=object), ["a", None]),
        (np.array([1, None, 2.5], dtype=object), [1.0, None, 2.5]),
        (np.array([True, None], dtype=object), [True, None]),
        (np.array([date(2026, 3, 1), None], dtype=object), [date(2026, 3, 1), None]),
        (np.array(["2026-03-01", "NaT"], dtype="M8[D]"), [date(2026, 3, 1), None]),
        (np.array([None, None], dtype=object), [None, None]),
        ([1, 2], [1.0, 2.0]),
    ],
)
def test_columns_of_every_sort_are_read(column: object, expected: list[object]) -> None:
    result = evaluate_columns(parse("x"), {"x": column})
    assert isinstance(result, np.ma.MaskedArray)
    assert result.tolist() == expected
    assert evaluate_columns(parse("known(x)"), {"x": column}).tolist() == [
        one is not None for one in expected
    ]


def test_a_missing_column_is_unknown_in_every_row() -> None:
    result = evaluate_columns(parse("a > 1 || b > 1"), {"a": np.array([0.0, 2.0])})
    assert result.tolist() == [None, True]
    assert evaluate_columns(parse("b"), {"a": np.zeros(2)}).tolist() == [None, None]


def test_the_columns_given_are_not_changed() -> None:
    given = np.array([1.0, np.nan])
    evaluate_columns(parse("x"), {"x": given})[0] = 9.0
    assert given[0] == 1.0


@pytest.mark.parametrize(
    "columns",
    [
        {"x": np.zeros(2), "y": np.zeros(3)},
        {"x": np.zeros((2, 2))},
        {"x": np.array([1, "a"], dtype=object)},
        {"x": np.array([1j])},
        {"x": np.array(["2026"], dtype="M8[Y]")},
    ],
)
def test_columns_that_do_not_fit_are_refused(columns: dict[str, object]) -> None:
    with pytest.raises(ExpressionError):
        evaluate_columns(parse("x"), columns)


def test_no_rows_give_no_rows() -> None:
    assert evaluate_columns(parse("x > 1 && y == 'a'"), {"x": np.array([])}).shape == (0,)


def test_long_text_in_a_conditional_is_not_cut() -> None:
    columns = {"a": np.array([True, False])}
    assert evaluate_columns(parse("a ? 'x' : 'longer'"), columns).tolist() == ["x", "longer"]


def test_the_public_names_exist_and_are_sorted() -> None:
    names = rules.__all__
    assert all(getattr(rules, name) is not None for name in names)
    assert names == sorted(
        names, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )
    with pytest.raises(AttributeError):
        rules.no_such_name  # noqa: B018


@pytest.mark.parametrize(
    "text", ["(" * 4000, "'" * 4000, "a." * 2000, "1e" * 2000, "\\" * 4000], ids=lambda one: one[:2]
)
def test_the_longest_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_the_longest_rule_is_read() -> None:
    assert parse("a||" * 1333 + "a").names == ("a",)
