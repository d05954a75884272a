"""A registry record becomes a draft, or one sentence; never half a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from equipoise.cli import import_registry
from equipoise.eligibility import assess, is_eligible
from equipoise.errors import FolderNotEmpty, StudyUnreadable
from equipoise.exchange.registry import import_record
from equipoise.exchange.registry.criteria import split
from equipoise.exchange.registry.record import LARGEST
from equipoise.protocol.check import check_loaded
from equipoise.protocol.findings import errors
from equipoise.protocol.load import load, read

RECORDS = Path(__file__).parents[1] / "registry"
TRIAL = RECORDS / "NCT03418623.json"
CRITERIA = (
    "Key Inclusion Criteria:\n\n1. Age \\>= 18\n2. Ill, that is\n   * fever or\n   * cough\n\n"
    "Exclusion Criteria:\n\n* Pregnant\n* In another trial\n"
)


def record(**modules: Any) -> dict[str, Any]:
    """A small record; modules replace or add."""
    section: dict[str, Any] = {
        "identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial"},
        "eligibilityModule": {"eligibilityCriteria": CRITERIA},
        **modules,
    }
    return {"protocolSection": section}


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Any], Path]:
    def write(document: Any) -> Path:
        path = tmp_path / "record.json"
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        path.write_bytes(raw)
        return path

    return write


@pytest.mark.parametrize("name", ["NCT03418623", "NCT00465816"])
def test_a_record_becomes_a_folder_that_check_can_read(name: str, tmp_path: Path) -> None:
    made = import_record(RECORDS / f"{name}.json", tmp_path / "draft")
    assert made.findings
    loaded = read(tmp_path / "draft")
    assert loaded.study is not None
    assert loaded.findings == ()
    assert loaded.study.protocol.id == name.lower()
    check_loaded(loaded)


def test_a_whole_trial_has_no_error_only_gaps(tmp_path: Path) -> None:
    import_record(TRIAL, tmp_path / "draft")
    wrong = errors(check_loaded(read(tmp_path / "draft")))
    assert {one.code for one in wrong} <= {"study.arms"}


def test_what_the_record_states_is_registered_and_the_rest_is_a_proposal(tmp_path: Path) -> None:
    import_record(TRIAL, tmp_path / "draft")
    protocol = load(tmp_path / "draft").protocol
    stated = json.loads(TRIAL.read_text())["protocolSection"]
    assert {fact.origin for fact in protocol.facts.values()} == {"registered"}
    assert all("NCT03418623" in (fact.source or "") for fact in protocol.facts.values())
    assert protocol.facts["brief_title"].value == stated["identificationModule"]["briefTitle"]
    assert protocol.planned.value == stated["designModule"]["enrollmentInfo"]["count"]
    labels = [one["label"] for one in stated["armsInterventionsModule"]["armGroups"]]
    assert [arm.title.say("en") for arm in protocol.arms] == labels
    assert {arm.origin for arm in protocol.arms} == {"registered"}
    assert protocol.randomisation.origin == "proposal"
    assert protocol.safety.origin == "proposal"
    assert protocol.analysis.origin == "proposal"


def test_what_the_record_does_not_state_is_null_and_a_finding(tmp_path: Path) -> None:
    made = import_record(RECORDS / "NCT00465816.json", tmp_path / "draft")
    facts = load(tmp_path / "draft").protocol.facts
    said = " ".join(one.message for one in made.findings)
    for name in ("current_status", "lead_sponsor", "phase", "country"):
        assert facts[name].value is None
        assert f"`{name}`" in said


def test_criteria_are_asked_one_by_one_and_unanswered_admits_nobody(
    put: Any, tmp_path: Path
) -> None:
    import_record(put(record()), tmp_path / "draft")
    study = load(tmp_path / "draft")
    criteria = {one.id: one for one in study.protocol.eligibility}
    assert list(criteria) == ["I1", "I2", "X1", "X2"]
    assert criteria["I1"].text.say("en") == "Age >= 18"
    assert criteria["I2"].text.say("en") == "Ill, that is fever or cough"
    items = [item.id for item in study.forms["eligibility"].items()]
    assert [one.rule for one in criteria.values()] == items
    assert not is_eligible(assess(study.protocol, {}))
    yes = {"inclusion_1": True, "inclusion_2": True, "exclusion_1": False, "exclusion_2": False}
    assert is_eligible(assess(study.protocol, yes))
    assert not is_eligible(assess(study.protocol, {**yes, "exclusion_2": True}))


@pytest.mark.parametrize(
    ("text", "inclusion", "exclusion", "unplaced"),
    [
        ("", [], [], []),
        ("Adults only", [], [], ["Adults only"]),
        ("INCLUSION CRITERIA\n- a\n- b\nEXCLUSION CRITERIA\n- c", ["a", "b"], ["c"], []),
        ("Inclusion criteria:\n\nFirst one.\n\nSecond\none.", ["First one.", "Second one."], [], []),
        ("Exclusion Criteria:\n1) x\n2) y", [], ["x", "y"], []),
        ("Inclusion:\n* Meets all inclusion criteria of the main trial", ["Meets all inclusion criteria of the main trial"], [], []),
        ("Inclusion Criteria: Adults.\n\nExclusion Criteria: Children.", ["Adults."], ["Children."], []),
        ("**Inclusion Criteria**:\n* Exclusion: none of this\n* b", ["Exclusion: none of this", "b"], [], []),
        ("Preamble.\n\nMain inclusion criteria:\n\n* a", ["a"], [], ["Preamble."]),
        ("Inclusion Criteria:\n* a\n\nInclusion Criteria for controls:\n* b", ["a", "b"], [], []),
    ],
)  # fmt: skip
def test_the_text_is_split_at_headings_and_bullets(
    text: str, inclusion: list[str], exclusion: list[str], unplaced: list[str]
) -> None:
    found = split(text)
    assert [one.text for one in found.criteria if one.kind == "inclusion"] == inclusion
    assert [one.text for one in found.criteria if one.kind == "exclusion"] == exclusion
    assert list(found.unplaced) == unplaced


DEEP = b'{"protocolSection":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
BAD = {
    "empty": b"",
    "truncated": TRIAL.read_bytes()[:4000],
    "not JSON": b"<html>Not found</html>",
    "not UTF-8": b'{"protocolSection": "\xff"}',
    "deep": DEEP,
    "huge": b" " * (LARGEST + 1),
    "a number": b"42",
    "a list": b"[]",
    "null": b"null",
    "old shape": json.dumps({"FullStudiesResponse": {"FullStudies": []}}).encode(),
    "several": json.dumps({"studies": [record()]}).encode(),
    "no number": json.dumps({"protocolSection": {}}).encode(),
    "a wrong number": json.dumps(record(identificationModule={"nctId": "../../etc"})).encode(),
    "a number of another type": json.dumps(record(identificationModule=[1])).encode(),
    "not a number": b'{"protocolSection": {"a": NaN}}',
    "endless digits": b'{"protocolSection": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_gets_one_sentence_and_leaves_nothing(
    kind: str, put: Any, tmp_path: Path
) -> None:
    path = put(BAD[kind])
    with pytest.raises(StudyUnreadable) as refusal:
        import_record(path, tmp_path / "a" / "draft")
    said = refusal.value.problem
    assert 20 < len(said) < 200
    assert "\n" not in said
    assert [one.name for one in tmp_path.iterdir()] == ["record.json"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "pipe", Path("bad\0name")):
        with pytest.raises(StudyUnreadable):
            import_record(path, tmp_path / "draft")


def test_an_existing_folder_is_never_overwritten(tmp_path: Path) -> None:
    import_record(TRIAL, tmp_path / "draft")
    before = (tmp_path / "draft" / "protocol.yaml").read_bytes()
    with pytest.raises(FolderNotEmpty):
        import_record(TRIAL, tmp_path / "draft")
    assert (tmp_path / "draft" / "protocol.yaml").read_bytes() == before


@pytest.mark.parametrize("junk", [5, [], {}, "x", [1, None, {}], None, {"a": {"b": 1}}, True, -1.5])
def test_parts_of_another_type_are_left_out_and_named(junk: Any, put: Any, tmp_path: Path) -> None:
    names = (
        "statusModule", "sponsorCollaboratorsModule", "descriptionModule", "conditionsModule",
        "designModule", "armsInterventionsModule", "outcomesModule", "eligibilityModule",
        "contactsLocationsModule",
    )  # fmt: skip
    import_record(put(record(**dict.fromkeys(names, junk))), tmp_path / "whole")
    inner: dict[str, Any] = {
        "conditionsModule": {"conditions": junk, "keywords": [junk]},
        "armsInterventionsModule": {"armGroups": [junk, {"label": junk, "type": junk}]},
        "eligibilityModule": {"eligibilityCriteria": junk, "healthyVolunteers": junk},
        "designModule": {"phases": junk, "designInfo": junk, "enrollmentInfo": {"count": junk}},
        "outcomesModule": {"primaryOutcomes": junk},
        "contactsLocationsModule": {"locations": junk},
    }
    made = import_record(put(record(**inner)), tmp_path / "inner")
    assert read(tmp_path / "inner").study is not None
    if isinstance(junk, int | float) and junk is not True:
        assert "registry.odd-value" in {one.code for one in made.findings}


def test_hostile_text_stays_text(put: Any, tmp_path: Path) -> None:
    nasty = "!!python/object:os.system\n---\n&a *a {x: [1}\n'\"#: \x00\x07\ud800\ufeff\u2028\x85 <script>"
    modules = {
        "identificationModule": {"nctId": "NCT00000001", "briefTitle": nasty, "officialTitle": nasty},
        "armsInterventionsModule": {"armGroups": [{"label": nasty}, {"label": nasty}, {"label": ""}]},
        "eligibilityModule": {"eligibilityCriteria": f"Inclusion Criteria:\n\n* {nasty}"},
    }  # fmt: skip
    import_record(put(record(**modules)), tmp_path / "draft")
    protocol = load(tmp_path / "draft").protocol
    assert "!!python/object:os.system" in protocol.title.say("en")
    assert len({arm.id for arm in protocol.arms}) == 3


def test_a_record_with_far_too_much_is_refused_whole_or_shortened(put: Any, tmp_path: Path) -> None:
    many = "Inclusion Criteria:\n\n" + "\n".join(f"* number {n}" for n in range(5000))
    made = import_record(
        put(record(eligibilityModule={"eligibilityCriteria": many})), tmp_path / "a"
    )
    assert "registry.criteria-dropped" in {one.code for one in made.findings}
    arms = [{"label": f"{n}", "description": "x" * 60_000} for n in range(200)]
    with pytest.raises(StudyUnreadable, match="No draft"):
        import_record(put(record(armsInterventionsModule={"armGroups": arms})), tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_the_verb_answers_with_path_and_gaps_and_exit_code_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    import_registry.register(app)
    arguments = ["import-registry", str(TRIAL), "--to", str(tmp_path / "draft"), "--json"]
    left = app(arguments, standalone_mode=False)
    answer = json.loads(capsys.readouterr().out)
    assert left == 1
    assert answer["path"] == str(tmp_path / "draft")
    assert {"code", "severity", "file", "line", "column", "message"} == set(answer["findings"][0])
