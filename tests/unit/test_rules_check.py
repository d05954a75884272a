"""Names, kinds, units and codes are checked before anybody answers."""

from __future__ import annotations

import pytest

from equipoise.errors import ExpressionError, Place
from equipoise.rules import ItemType, check, conversion, infer, is_known, parse, parse_unit

CODES = frozenset({"mild", "moderate", "severe"})
NAMES = {
    "age": ItemType(kind="number", unit="a"),
    "weight": ItemType(kind="number", unit="kg"),
    "height": ItemType(kind="number", unit="m"),
    "height_cm": ItemType(kind="number", unit="cm"),
    "ferritin": ItemType(kind="number", unit="ng/mL"),
    "ferritin_local": ItemType(kind="number", unit="ug/L"),
    "ddimer": ItemType(kind="number", unit="mg/L{FEU}"),
    "crp": ItemType(kind="number", unit="mg/L"),
    "sbp": ItemType(kind="number", unit="mmHg"),
    "score": ItemType(kind="number"),
    "severity": ItemType(kind="code", codes=CODES),
    "worst": ItemType(kind="code", codes=CODES),
    "note": ItemType(kind="text"),
    "consented": ItemType(kind="boolean"),
    "onset": ItemType(kind="date"),
    "today": ItemType(kind="date"),
    "dosed_at": ItemType(kind="datetime"),
    "ox.spo2": ItemType(kind="number", unit="%"),
}


def problems(text: str) -> list[str]:
    return [error.problem for error in check(parse(text), NAMES)]


@pytest.mark.parametrize(
    "text",
    [
        "age >= 18 && age <= 75",
        "weight / (height * height) < 30",
        "days(onset, today) <= 7",
        "severity in ['moderate', 'severe'] && severity != 'mild'",
        "severity == worst || note == 'anything'",
        "(age > 60 ? 'mild' : 'severe') == severity",
        "ferritin > ferritin_local",
        "ddimer > 0.5 && crp / 2 > 10 && round(crp, 1) > min(crp, 5)",
        "count(consented, age > 3) >= 1 && score + 1 < 3",
        "known(dosed_at) && hours(dosed_at, dosed_at) <= 2",
        "onset <= date('2026-03-01')",
        "ox.spo2 > 93",
    ],
)
def test_a_sound_expression_has_no_errors(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("agee > 18", ["`agee`", "`age`"]),
        ("nothing_like_it > 18", ["Declare"]),
        ("weight > height", ["kg", "in m."]),
        ("weight + age > 3", ["kg", "in a."]),
        ("height > height_cm", ["in m ", "in cm"]),
        ("ddimer > crp", ["mg/L{FEU}", "mg/L"]),
        ("days(onset, today) > age", ["in d ", "in a"]),
        ("min(weight, height) > 1", ["`min`", "kg"]),
        ("consented ? weight : height", ["branches", "kg"]),
        ("weight in [1, height]", ["kg"]),
        ("sbp > 90", ["`mmHg`", "mm[Hg]"]),
        ("severity == 'sever'", ["'sever'", "'severe'"]),
        ("'Mild' != severity", ["code list", "'mild'"]),
        ("severity in ['mild', 'deadly']", ["'deadly'"]),
        ("(consented ? 'mild' : 'odd') == severity", ["'odd'"]),
        ("severity > 'mild'", ["in order"]),
        ("severity == 1", ["text with a number"]),
        ("consented && age", ["needs true or false"]),
        ("!age", ["needs true or false"]),
        ("age ? 1 : 2", ["needs true or false"]),
        ("-note", ["needs a number"]),
        ("onset + 1", ["days(a, b)"]),
        ("onset < dosed_at", ["a date with a datetime"]),
        ("days(onset, dosed_at) > 1", ["mixes"]),
        ("hours(onset, today) > 1", ["a datetime"]),
        ("round(note)", ["a number"]),
        ("count(age) > 1", ["true or false"]),
        ("consented ? 1 : 'a'", ["branches"]),
    ],
)
def test_what_does_not_fit_is_one_error_that_names_both_sides(text: str, words: list[str]) -> None:
    found = problems(text)
    assert len(found) == 1
    assert all(word in found[0] for word in words)


def test_every_problem_is_reported_in_order_of_appearance() -> None:
    errors = check(parse("agee > 1 &&\n severity == 'x' && (weight > height || !age)"), NAMES)
    assert [error.place.line for error in errors] == [1, 2, 2, 2]
    columns = [error.place.column for error in errors[1:]]
    assert columns == sorted(columns)


def test_an_error_moves_to_its_place_in_the_study_file() -> None:
    (error,) = check(parse("age > 1 && agee > 1"), NAMES, Place("protocol.yaml", 12, 11))
    assert str(error.place) == "protocol.yaml:12:22"
    (error,) = check(parse("age > 1 &&\n  agee > 1"), NAMES, Place("protocol.yaml", 12, 11))
    assert str(error.place) == "protocol.yaml:13:3"


@pytest.mark.parametrize(
    ("text", "kind", "unit"),
    [
        ("age > 1", "boolean", None),
        ("age + 1", "number", "a"),
        ("2 * weight", "number", "kg"),
        ("weight / (height * height)", "number", "kg/(m.m)"),
        ("weight / weight", "number", "1"),
        ("1 / age", "number", "/a"),
        ("1 + 2", "number", None),
        ("score", "number", "1"),
        ("days(onset, today)", "number", "d"),
        ("hours(dosed_at, dosed_at)", "number", "h"),
        ("severity", "code", None),
        ("max(onset, today)", "date", None),
        ("consented ? weight : 3", "number", "kg"),
        ("count(consented)", "number", None),
    ],
)
def test_the_kind_and_unit_of_the_result_are_inferred(
    text: str, kind: str, unit: str | None
) -> None:
    found = infer(parse(text), NAMES)
    assert (found.kind, found.unit) == (kind, unit)
    assert unit is None or is_known(unit)


def test_codes_of_a_conditional_are_inferred() -> None:
    assert infer(parse("age > 60 ? 'a' : 'b'"), NAMES).codes == {"a", "b"}
    with pytest.raises(ExpressionError, match="agee"):
        infer(parse("agee"), NAMES)


@pytest.mark.parametrize(
    "text",
    ["mm[Hg]", "10*9/L", "10^9/L", "Cel", "/min", "%", "ng/mL", "ug/L", "mg/L{FEU}", "U/L",
     "umol/L", "g/L", "kg", "cm", "mL", "d", "h", "min", "a", "m", "L/min", "cm[H2O]", "pg/mL",
     "ms", "s", "1", "{score}", "/uL", "{particles}/mL", "mo", "wk", "mmol/L", "kPa", "[iU]/L",
     "k[iU]/mL", "kg/m2", "mL/min/{1.73_m2}", "mg/kg/d", "10*3/uL", "10*-3", "{breaths}/min",
     "mL/(kg.min)", "mosm/kg", "meq/L", "dB"][:-1],
)  # fmt: skip
def test_units_of_clinical_work_are_known(text: str) -> None:
    assert parse_unit(text).text == text


@pytest.mark.parametrize(
    ("text", "remedy"),
    [("mmHg", "mm[Hg]"), ("cmH2O", "cm[H2O]"), ("\u00b0C", "Cel"), ("bpm", "/min"), ("years", "a"),
     ("Hours", "h"), ("mcg", "ug"), ("IU/L", "[iU]/L"), ("\u00b5g/L", "ug/L"), ("mg / L", "mg/L"),
     ("x10^9/L", "10*9/L"), ("", "1"), ("score", "{score}"), ("furlong", "UCUM"), ("mg//L", "UCUM"),
     ("mg/", "UCUM"), ("(mg", "UCUM"), ("kmin", "UCUM"), ("mg/0", "UCUM"), ("m0", "UCUM"),
     ("{a", "UCUM"), ("Ym30", "UCUM"), ("1/Ym29", "UCUM"), ("(" * 199, "UCUM"), ("9" * 200, "UCUM"),
     ("m" * 5000, "UCUM"), ("\x00", "UCUM"), ("kg-m", "UCUM")],
)  # fmt: skip
def test_an_unknown_unit_is_refused_with_a_remedy(text: str, remedy: str) -> None:
    assert not is_known(text)
    with pytest.raises(ExpressionError, match="is not known") as caught:
        parse_unit(text)
    assert remedy in caught.value.problem.split("is not known.")[1]


@pytest.mark.parametrize(
    ("a", "b", "factor"),
    [("g/L", "mg/dL", 100.0), ("ng/mL", "ug/L", 1.0), ("cm", "m", 0.01), ("h", "min", 60.0),
     ("a", "d", 365.25), ("kPa", "mm[Hg]", 7.50063755419211), ("10*9/L", "/uL", 1000.0),
     ("mL", "cm3", 1.0), ("U/L", "nkat/L", 16.6666666666667), ("%", "1", 0.01), ("K", "K", 1.0),
     ("cm[H2O]", "Pa", 98.0665), ("l", "L", 1.0), ("/min", "/h", 60.0)],
)  # fmt: skip
def test_units_convert_by_their_factor(a: str, b: str, factor: float) -> None:
    assert conversion(a, b) == pytest.approx(factor, rel=1e-12)
    assert conversion(b, a) == pytest.approx(1 / factor, rel=1e-12)


@pytest.mark.parametrize(
    ("a", "b"),
    [("kg", "m"), ("Cel", "K"), ("mg/L{FEU}", "mg/L"), ("mmol/L", "/L"), ("U/L", "[iU]/L")],
)
def test_units_that_measure_different_things_do_not_convert(a: str, b: str) -> None:
    with pytest.raises(ExpressionError, match="different things"):
        conversion(a, b)
