"""The draft of the plain summary: what it says of the results, and that it never says more."""

from __future__ import annotations

import copy
import re
from string import Formatter
from typing import Any

import pytest

from analysis_trial import reference, three_arms
from equipoise.analysis.report import analyse
from equipoise.analysis.report.document import results_document
from equipoise.exchange.plain_summary import LANGUAGES, as_text, plain_summary, verdict
from equipoise.exchange.plain_words import WORDS
from equipoise.protocol.model import Study
from equipoise.protocol.readability import measure

ROW = {"estimate": 2.0, "null": 1.0, "ci_low": 1.2, "ci_high": 3.1, "favours": "experimental"}
STEP = {"p_value": 0.01, "confirmatory": True, "significant": True}
WIDE = {"ci_low": 0.8}
NOT = {"significant": False, "p_value": 0.3}
Made = tuple[Study, dict[str, Any]]


@pytest.fixture(scope="module", params=["three arms", "reference"])
def made(request: Any) -> Made:
    """A study, and the results of a trial of it."""
    data = three_arms(64) if request.param == "three arms" else reference(48)
    return data.study, results_document(analyse(data, draw=False), demo=True)


def told(study: Study, results: dict[str, Any], language: str = "en") -> str:
    return as_text(plain_summary(study, results, language=language))


def altered(made: Made, step: dict[str, Any], row: dict[str, Any]) -> str:
    """The draft after every primary result was changed."""
    study, results = made[0], copy.deepcopy(made[1])
    primary = {one.id for one in study.protocol.estimands if one.level == "primary"}
    for one in results["sequence"]:
        one.update(step if one["estimand"] in primary else {})
    for one in results["results"]:
        one.update(row if one["estimand"] in primary and one["role"] == "main" else {})
    return told(study, results)


@pytest.mark.parametrize(
    ("row", "step", "said"),
    [
        (ROW, STEP, "better"),
        ({**ROW, "favours": "control"}, STEP, "worse"),
        ({**ROW, "favours": "neither"}, STEP, "cannot-say"),
        ({**ROW, **WIDE}, {**STEP, **NOT}, "not-found"),
        ({**ROW, **WIDE}, STEP, "cannot-say"),
        (ROW, {**STEP, **NOT}, "cannot-say"),
        (ROW, {**STEP, **NOT, "confirmatory": False}, "not-tested"),
        ({**ROW, "estimate": None}, STEP, "cannot-say"),
        ({**ROW, "ci_low": None, "ci_high": None}, STEP, "better"),
        ({**ROW, "ci_low": None}, {**STEP, **NOT}, "not-found"),
        (ROW, {**STEP, "p_value": None}, "cannot-say"),
        (ROW, None, "cannot-say"),
        (None, STEP, "cannot-say"),
    ],
)
def test_a_difference_is_only_found_where_test_and_interval_say_so(
    row: Any, step: Any, said: str
) -> None:
    assert verdict(row, step) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_draft_is_plain_enough_for_everybody(made: Made, language: str) -> None:
    reading = measure(told(*made, language), language)
    assert reading.plain, reading
    assert reading.sentences > 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_alone_are_plain_too(language: str) -> None:
    values = dict.fromkeys("abn", "A") | {"guess": "3", "low": "1", "high": "5", "null": "1"}
    for name, sentence in WORDS[language].items():
        names = {one for _, one, _, _ in Formatter().parse(sentence) if one}
        said = sentence.format(**{one: values.get(one, "2") for one in names})
        if len(said) > 60:
            assert measure(said, language).plain, (name, said)


def test_both_languages_say_the_same_with_the_same_numbers(made: Made) -> None:
    assert set(WORDS["en"]) == set(WORDS["zh-Hans"])
    for name in WORDS["en"]:
        fields = [
            {one for _, one, _, _ in Formatter().parse(WORDS[lang][name]) if one}
            for lang in LANGUAGES
        ]
        assert fields[0] == fields[1], name
    english, chinese = (plain_summary(*made, language=one) for one in LANGUAGES)
    assert [len(one.points) for one in english] == [len(one.points) for one in chinese]


def test_the_numbers_are_those_of_the_results(made: Made) -> None:
    study, results = made
    text = told(study, results)
    for arm in results["flow"]["arms"]:
        assert f", {arm['allocated']} people: " in text
    primary = next(one for one in study.protocol.estimands if one.level == "primary")
    for row in results["results"]:
        if row["estimand"] == primary.id and row["role"] == "main":
            for group in row["groups"]:
                assert f"{group['events']} of {group['n']} people" in text
    assert "made up" in text
    assert "made up" not in told(study, {**results, "simulated": False})


def test_no_arm_no_endpoint_and_no_sentence_is_left_out_for_a_further_contrast(made: Made) -> None:
    study, results = made
    text = told(study, results)
    for arm in study.protocol.arms:
        assert arm.title.say("en") in text
    verdicts = re.findall(r"We (?:found a|did not find a clear) difference|We cannot say", text)
    assert len(verdicts) == len(results["contrasts"])


def test_a_verdict_follows_the_results(made: Made) -> None:
    assert "did better than group" in altered(made, STEP, ROW)
    assert "did less well than" in altered(made, STEP, {**ROW, "favours": "control"})
    for text in (altered(made, {**STEP, **NOT}, {**ROW, **WIDE}), altered(made, STEP, WIDE | ROW)):
        assert "There may be a difference" in text or "did better than" in text
    for text in (
        altered(made, STEP, {**ROW, "ci_low": 0.5}),
        altered(made, NOT, {"estimate": None}),
    ):
        assert "We found a difference" not in text
        assert "did better than group" not in text.replace("whether group A did better", "")


def test_without_side_effects_or_people_the_draft_still_stands(made: Made) -> None:
    study, results = made[0], copy.deepcopy(made[1])
    results["results"], results["sequence"] = [], []
    text = told(study, results)
    assert "no counts of side effects" in text
    assert "We cannot say whether" in text


def test_never_more_than_everybody_of_a_hundred() -> None:
    data = three_arms(16)
    results = results_document(analyse(data, draw=False), demo=True)
    assert min(one["ci_low"] or 0 for one in results["results"] if one["role"] == "main") < -1
    numbers = re.findall(r"(\d+) (?:more|fewer)", told(data.study, results))
    assert numbers
    assert max(map(int, numbers)) <= 100


def test_a_language_without_sentences_has_no_draft(made: Made) -> None:
    assert told(*made, "fr") == ""
