"""Scalars and columns agree; no input breaks the reader; unknown never hardens the answer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.errors import ExpressionError
from equipoise.rules import (
    UNKNOWN,
    ItemType,
    check,
    evaluate,
    evaluate_columns,
    infer,
    is_known,
    parse,
    to_json,
)
from equipoise.rules.cells import opened
from thorough import thorough

VALUES: dict[str, st.SearchStrategy[object]] = {
    "number": st.one_of(
        st.integers(-4, 4).map(float),
        st.floats(-1e3, 1e3),
        st.sampled_from([1e308, -1e308, 5e-324, 0.0, -0.0, math.nan, math.inf]),
    ),
    "text": st.sampled_from(["a", "b", "", "positive"]),
    "boolean": st.booleans(),
    "date": st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    "datetime": st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
}
ITEMS = {f"{kind}{number}": kind for kind in VALUES for number in (1, 2, 3)}
DTYPES = {
    "number": "float64",
    "text": "object",
    "boolean": "object",
    "date": "M8[D]",
    "datetime": "M8[us]",
}
WRITTEN: dict[str, st.SearchStrategy[str]] = {
    "number": st.sampled_from(["0", "1", "2.5", "1e308", "18"]),
    "text": st.sampled_from(["'a'", '"b"']),
    "boolean": st.sampled_from(["true", "false"]),
    "date": st.sampled_from(['date("2026-03-01")', 'date("1969-12-31")']),
    "datetime": st.sampled_from(['datetime("2026-03-01T08:00+08:00")']),
}


@st.composite
def expressions(draw: st.DrawFn, kind: str, depth: int = 4) -> str:
    """An expression whose kinds fit."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        names = [name for name, of in ITEMS.items() if of == kind]
        return draw(st.one_of(st.sampled_from(names), WRITTEN[kind]))

    def inner(of: str) -> str:
        return draw(expressions(of, depth - 1))

    forms = ["choose"]
    forms += ["chain", "negate", "round", "least", "days", "hours", "count"] * (kind == "number")
    forms += ["compare", "equal", "member", "junction", "not", "known", "many"] * (
        kind == "boolean"
    )
    forms += ["least"] * (kind in {"date", "datetime"})
    form = draw(st.sampled_from(forms))
    match form:
        case "choose":
            return f"({inner('boolean')} ? {inner(kind)} : {inner(kind)})"
        case "chain":
            operators = draw(st.sampled_from(["+-", "*/"]))
            parts = [inner("number")]
            for _ in range(draw(st.integers(1, 3))):
                parts += [draw(st.sampled_from(operators)), inner("number")]
            return f"({' '.join(parts)})"
        case "negate":
            return f"-{inner('number')}"
        case "round":
            return f"round({inner('number')}, {draw(st.integers(0, 9))})"
        case "least":
            return f"{draw(st.sampled_from(['min', 'max']))}({inner(kind)}, {inner(kind)})"
        case "days":
            of = draw(st.sampled_from(["date", "datetime"]))
            return f"days({inner(of)}, {inner(of)})"
        case "hours":
            return f"hours({inner('datetime')}, {inner('datetime')})"
        case "count":
            return f"count({inner('boolean')}, {inner('boolean')})"
    return condition(draw, inner, form)


def condition(draw: st.DrawFn, inner: Callable[[str], str], form: str) -> str:
    """A part that is true, false or unknown."""
    match form:
        case "compare":
            of = draw(st.sampled_from(["number", "date", "datetime"]))
            return f"({inner(of)} {draw(st.sampled_from(['<', '<=', '>', '>=']))} {inner(of)})"
        case "equal":
            of = draw(st.sampled_from(list(VALUES)))
            return f"({inner(of)} {draw(st.sampled_from(['==', '!=']))} {inner(of)})"
        case "member":
            of = draw(st.sampled_from(list(VALUES)))
            return f"({inner(of)} in [{inner(of)}, {inner(of)}])"
        case "junction":
            joint = draw(st.sampled_from([" && ", " || "]))
            return f"({joint.join(inner('boolean') for _ in range(draw(st.integers(2, 3))))})"
        case "not":
            return f"!{inner('boolean')}"
        case "known":
            return f"known({inner(draw(st.sampled_from(list(VALUES))))})"
    name = draw(st.sampled_from(["any", "all"]))
    return f"{name}({inner('boolean')}, {inner('boolean')})"


any_expression = st.sampled_from(list(VALUES)).flatmap(expressions)
rows = st.lists(
    st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in ITEMS.items()}),
    min_size=1,
    max_size=6,
)


def as_columns(people: list[dict[str, object]]) -> dict[str, np.ndarray]:
    columns = {}
    for name, kind in ITEMS.items():
        cells = [person[name] for person in people]
        if kind == "number":
            cells = [math.nan if cell is None else cell for cell in cells]
        if kind == "datetime":
            cells = [
                cell.replace(tzinfo=None) if isinstance(cell, datetime) else None for cell in cells
            ]
        columns[name] = np.array(cells, dtype=DTYPES[kind])
    return columns


def same(one: object, two: object) -> bool:
    return one is two or (type(one) is type(two) and one == two)


@thorough(400)
@given(any_expression, rows)
def test_scalars_and_columns_give_the_same_answers(
    text: str, people: list[dict[str, object]]
) -> None:
    expression = parse(text)
    result = evaluate_columns(expression, as_columns(people))
    for person, cell in zip(people, result, strict=True):
        assert same(evaluate(expression, person), opened(cell)), (text, person)


@thorough(300)
@given(expressions("boolean"), rows, st.sets(st.sampled_from(sorted(ITEMS))))
def test_forgetting_answers_never_turns_true_into_false(
    text: str, people: list[dict[str, object]], forgotten: set[str]
) -> None:
    """Kleene's logic is monotone: with fewer answers the result is the same or unknown."""
    if "known" in text:
        return
    expression = parse(text)
    for person in people:
        fewer = {name: value for name, value in person.items() if name not in forgotten}
        before, after = evaluate(expression, person), evaluate(expression, fewer)
        assert after is UNKNOWN or same(before, after)


@thorough(300)
@given(any_expression)
def test_what_is_built_to_fit_passes_the_check_and_has_a_json_form(text: str) -> None:
    names = {name: ItemType(kind=kind) for name, kind in ITEMS.items()}  # type: ignore[arg-type]
    expression = parse(text)
    kinds = [error for error in check(expression, names) if " a number in " not in error.problem]
    assert kinds == []
    assert json.loads(json.dumps(to_json(expression))) == to_json(expression)


PIECES = st.sampled_from(
    ["(", ")", "[", "]", "a", "ox.rr", "&&", "||", "!", "in", "==", "<", "?", ":", ",", "'x'", '"',
     "1", "1e9", "-", "+", "*", "/", "min(", "round(", "date('2026-01-01')", "\n", "\x00", "\ud800",
     "\u5e74", "and", "true", ".", "\\", "=", "known(", " "]
)  # fmt: skip


def refused(text: str) -> ExpressionError | None:
    """The error that stops `text`, when it is read or worked out with no answers."""
    try:
        expression = parse(text)
        evaluate(expression, {})
        evaluate_columns(expression, {})
    except ExpressionError as error:
        return error
    return None


@thorough(1500)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map(" ".join)))
def test_any_text_is_an_expression_or_one_clear_error(text: str) -> None:
    error = refused(text)
    if error is not None:
        assert error.place.line >= 1
        assert error.place.column >= 1
        assert error.problem.isprintable()
        assert error.problem.endswith((".", ")"))


@thorough(200)
@given(
    st.sampled_from(["(", "[", "!", "-", "min(", "a ? ", "a in [", "((", "!(", "a.", "a<"]),
    st.integers(60, 5000),
    st.text(max_size=3),
)
def test_huge_repetition_is_refused_without_exhausting_the_stack(
    piece: str, times: int, end: str
) -> None:
    assert refused(piece * times + end) is not None


@thorough(300)
@given(any_expression, st.dictionaries(st.sampled_from(sorted(ITEMS)), st.builds(
    ItemType,
    kind=st.sampled_from(["number", "text", "code", "boolean", "date", "datetime"]),
    unit=st.sampled_from([None, "kg", "m", "mmHg", "mg/L{FEU}", "1", "Cel"]),
    codes=st.sampled_from([None, frozenset({"a"}), frozenset()]),
)))  # fmt: skip
def test_the_check_never_breaks_and_agrees_with_infer(
    text: str, names: dict[str, ItemType]
) -> None:
    expression = parse(text)
    errors = check(expression, names)
    if errors:
        with pytest.raises(ExpressionError) as first:
            infer(expression, names)
        assert first.value.problem == errors[0].problem
    else:
        unit = infer(expression, names).unit
        assert unit is None or is_known(unit)


@thorough(500)
@given(st.decimals(-(10**6), 10**6, places=4), st.integers(0, 6))
def test_round_is_half_away_from_zero_on_the_written_number(number: Decimal, digits: int) -> None:
    expected = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    found = evaluate(parse(f"round(x, {digits})"), {"x": number})
    assert found == float(expected)


@thorough(500)
@given(st.text(max_size=30))
def test_any_text_is_a_unit_or_not(text: str) -> None:
    assert is_known(text) in {True, False}
