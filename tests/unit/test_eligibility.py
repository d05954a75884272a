"""Eligibility: all criteria judged, unknown never passes, exclusions read the right way."""

from __future__ import annotations

import pytest

from core_trial import PROTOCOL, protocol
from equipoise.eligibility import assess, is_eligible, unmet
from equipoise.errors import ExpressionError

GOOD: dict[str, object] = {
    "consent_year": 2026,
    "birth_year": 1980,
    "ventilated": False,
    "shock": False,
    "rate": 22,
    "sat": 95,
    "ill": True,
    "test": "positive",
    "sex": "M",
    "allergy": False,
}


def verdicts(answers):
    return {one.criterion: one.verdict for one in assess(PROTOCOL, answers)}


def test_a_fitting_person_passes_every_criterion_in_protocol_order():
    findings = assess(PROTOCOL, GOOD)
    assert [one.criterion for one in findings] == ["I1", "I2", "I3", "X1", "X2"]
    assert {one.verdict for one in findings} == {"passes"}
    assert is_eligible(findings)


def test_with_no_answers_nothing_passes_and_nothing_fails():
    findings = assess(PROTOCOL, {})
    assert {one.verdict for one in findings} == {"unanswered"}
    assert not is_eligible(findings)
    assert all(one.missing for one in findings)


def test_one_failure_does_not_hide_the_others():
    found = verdicts(GOOD | {"birth_year": 1900, "test": "negative", "allergy": True})
    assert found == {"I1": "fails", "I2": "passes", "I3": "fails", "X1": "passes", "X2": "fails"}


@pytest.mark.parametrize(
    ("born", "verdict"), [(2009, "fails"), (2008, "passes"), (1951, "passes"), (1950, "fails")]
)
def test_both_ends_of_the_age_range_are_included(born, verdict):
    assert verdicts(GOOD | {"birth_year": born})["I1"] == verdict


def test_an_exclusion_that_nobody_asked_about_is_unanswered():
    answers = {key: value for key, value in GOOD.items() if key != "allergy"}
    found = assess(PROTOCOL, answers)[-1]
    assert (found.kind, found.verdict, found.missing) == ("exclusion", "unanswered", ("allergy",))


def test_a_question_that_cannot_matter_is_not_waited_for():
    assert verdicts(GOOD)["X1"] == "passes"
    assert verdicts(GOOD | {"sex": "F"})["X1"] == "unanswered"
    assert verdicts(GOOD | {"sex": "F", "pregnant": True})["X1"] == "fails"


def test_none_and_not_a_number_are_not_answers():
    assert verdicts(GOOD | {"allergy": None})["X2"] == "unanswered"
    assert verdicts(GOOD | {"sat": float("nan")})["I2"] == "unanswered"


def test_qualified_names_are_answers_too():
    qualified = {f"entry.{key}": value for key, value in GOOD.items()}
    assert is_eligible(assess(PROTOCOL, qualified))


def test_a_severity_too_high_fails_rather_than_waits():
    assert verdicts(GOOD | {"shock": True})["I2"] == "fails"


def test_an_answer_of_the_wrong_kind_is_an_error_not_a_verdict():
    with pytest.raises(ExpressionError):
        assess(PROTOCOL, GOOD | {"sat": "95"})


def test_a_rule_that_is_no_question_never_passes():
    from core_trial import criterion

    trial = protocol(
        eligibility=(criterion("A", "inclusion", "rate"), criterion("B", "exclusion", "rate"))
    )
    assert [one.verdict for one in assess(trial, {"rate": 1})] == ["fails", "fails"]


def test_no_criteria_admit_nobody():
    assert not is_eligible(())
    assert unmet(assess(PROTOCOL, GOOD | {"allergy": True})) == ("X2",)
