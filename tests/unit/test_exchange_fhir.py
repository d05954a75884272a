"""FHIR R5 resources as plain objects: required elements, types, bindings, and no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from equipoise.exchange.fhir import write
from equipoise.exchange.fhir.questionnaire import questionnaire
from equipoise.exchange.fhir.research_study import research_study
from equipoise.protocol.load import load
from equipoise.protocol.model import Study
from exchange_source import ABOUT, study

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
ITEM_TYPES = {
    "group", "display", "boolean", "decimal", "integer", "date", "dateTime", "text", "coding",
}  # fmt: skip
STUDY_ELEMENTS = {
    "resourceType", "id", "language", "extension", "url", "identifier", "version", "name", "title",
    "_title", "label", "status", "phase", "condition", "description", "_description",
    "associatedParty", "recruitment", "comparisonGroup", "objective", "outcomeMeasure", "date",
}  # fmt: skip
ITEM_ELEMENTS = {
    "extension", "linkId", "text", "_text", "type", "required", "repeats", "readOnly", "maxLength",
    "answerOption", "item",
}  # fmt: skip


@pytest.fixture(params=["nct05787288", "three_arms"])
def whole(request: pytest.FixtureRequest) -> Study:
    return study() if request.param == "three_arms" else load(request.param)


def empty(value: Any) -> bool:
    """FHIR forbids empty objects, lists and texts anywhere."""
    if isinstance(value, dict):
        return not value or any(map(empty, value.values()))
    if isinstance(value, list):
        return not value or any(map(empty, value))
    return value is None or value == ""


def test_a_research_study_has_what_the_standard_requires(whole: Study) -> None:
    made = research_study(whole)
    assert set(made) <= STUDY_ELEMENTS
    assert made["resourceType"] == "ResearchStudy"
    assert ID.fullmatch(made["id"])
    assert made["status"] in {"draft", "active", "retired", "unknown"}
    assert [one["name"] for one in made["comparisonGroup"]] == [
        arm.title.say(whole.protocol.languages[0]) for arm in whole.protocol.arms
    ]
    assert not empty(made)


def test_every_value_that_is_not_registered_says_so() -> None:
    whole = load("nct05787288")
    made = research_study(whole)
    for one, endpoint in zip(made["outcomeMeasure"], whole.protocol.endpoints, strict=True):
        said = [{"url": "urn:equipoise:origin", "valueCode": endpoint.origin}]
        assert one["extension"] == said
    assert "proposal" in {one.origin for one in whole.protocol.endpoints}
    assert made["condition"][0]["extension"][0]["valueCode"] == "registered"


def test_every_item_of_a_form_becomes_one_item_of_the_questionnaire(whole: Study) -> None:
    lists = {one.id: one for one in whole.protocol.code_lists}
    for form in whole.forms.values():
        made = questionnaire(whole, form)
        assert ID.fullmatch(made["id"])
        assert not empty(made)
        asked = {one["linkId"]: one for group in made["item"] for one in group["item"]}
        assert list(asked) == [item.id for item in form.items()]
        links = [*asked, *(group["linkId"] for group in made["item"])]
        assert len(links) == len(set(links))
        for item in form.items():
            one = asked[item.id]
            assert set(one) <= ITEM_ELEMENTS
            assert one["type"] in ITEM_TYPES
            if item.codes:
                codes = [option["valueCoding"]["code"] for option in one["answerOption"]]
                assert codes == list(lists[item.codes].values())
            else:
                assert "answerOption" not in one
            units = [e for e in one.get("extension", ()) if e["url"].endswith("questionnaire-unit")]
            assert [e["valueCoding"]["code"] for e in units] == ([item.unit] if item.unit else [])


def test_other_languages_travel_as_translations() -> None:
    whole = study()
    made = questionnaire(whole, whole.forms["screening"])
    age = next(one for group in made["item"] for one in group["item"] if one["linkId"] == "age")
    assert age["text"] == "Age at consent"
    said = age["_text"]["extension"][0]["extension"]
    assert said == [
        {"url": "lang", "valueCode": "zh-Hans"},
        {"url": "content", "valueString": "签署时年龄"},
    ]


def test_unblinded_forms_stay_out_of_the_folder(tmp_path: Path) -> None:
    whole = study()
    files = write(whole, tmp_path / "out", about=ABOUT)
    blinded = {form.id for form in whole.forms.values() if form.audience == "blinded"}
    made = {one.path for one in files} - {"ResearchStudy.json", "SHA256SUMS"}
    assert made == {f"Questionnaire-{name}.json" for name in blinded}
    document = json.loads((tmp_path / "out" / "ResearchStudy.json").read_text(encoding="utf-8"))
    assert document["date"] == "2026-03-02"
