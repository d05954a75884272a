"""The plan for files and masked readings: what is wrong with it is found, and where."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from equipoise.protocol.check.imaging import imaging_findings
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.folder import IMAGING_FILE
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.imaging import Imaging
from equipoise.protocol.load import Loaded, load, read
from equipoise.protocol.places import Places
from equipoise.protocol.recipe import problems
from equipoise.protocol.shape import Shape
from equipoise.protocol.yaml_places import read_yaml
from equipoise_server.services.imaging.recipes import PACKAGED

SOUND = Path(__file__).parents[2] / "studies" / "nct05787288"
PLAN = (SOUND / "imaging.yaml").read_text("utf-8")
RECIPE = "FORMAT dicom\n%header\nREMOVE ALL\nKEEP Modality\nREPLACE PatientID func:code\n"
FIRST = "ct1_rul, ct1_rml, ct1_rll, ct1_lul, ct1_lll"

WRONG = {
    "study.imaging": [
        ("form: ct\n", "form: nothing\n"),
        ("kinds: [dicom, png]", "kinds: [dicom, png, pdf]"),
        ("kinds: [dicom, png]", "kinds: [png]"),
        ("dates: blank", "dates: shift"),
        ("most: 40", "most: 40\n    recipe: none"),
        ("files: ct-scan", "files: scan"),
        ("ct1_rul, ct1_rml", "ct1_rul, ct1_xxx"),
        ("ct1_rul, ct1_rml", "ct_at, ct1_rml"),
        ("items: [ct2_rul", "items: [ct1_rul"),
        ("total: ct_read1", "total: ct_read2"),
        ("total: ct_read1", "total: ct_adjudicated"),
        ("reader: ct1_reader", "reader: ct_masked"),
        ("adjudicate_above: 3", "adjudicate_above: 4"),
        ("adjudicate_above: 3", "adjudicate_above: 2"),
        ("adjudicated: ct_adjudicated", "adjudicated: ct_total"),
        ("masked: ct_masked", "masked: ct1_rul"),
    ],
    "study.duplicate-id": [
        ("readings:", "  - {id: ct-scan, form: ct, title: {en: A, zh-Hans: 甲}}\n\nreadings:"),
        ("{id: soft,", "{id: lung,"),
    ],
    "study.schema": [
        ("largest_mib: 32", "largest_mib: 65"),
        ("most: 40", "most: 0"),
        ("kinds: [dicom, png]", "kinds: [dicom, jpeg]"),
        ("kinds: [dicom, png]", "kinds: []"),
        ("width: 1500", "width: 0"),
        (f"- {{items: [{FIRST}]", "- {items: [ct1_rul]"),
        ("adjudicate_above: 3", "adjudicate_above: -1"),
    ],
    "study.unknown-key": [("shows_both: true", "show_both: true")],
}


@pytest.fixture(scope="module")
def sound() -> Loaded:
    return read(SOUND)


def found(sound: Loaded, plan: str, recipes: dict[str, str] | None = None) -> set[str]:
    """What is wrong with another plan for the reference study; each finding has its line."""
    document = read_yaml(plan, IMAGING_FILE)
    built, findings = Shape(Imaging).build(document.data, document.places)
    if built is not None:
        assert sound.study is not None
        study = replace(sound.study, imaging=built, recipes=Frozen(recipes or {}))
        places = Places(files={**sound.places.files, IMAGING_FILE: document.places})
        findings = tuple(imaging_findings(Subject.of(replace(sound, places=places), study)))
    assert all(one.place.file and one.place.line > 0 for one in findings)
    return {one.code for one in findings}


def test_a_sound_plan_has_nothing_wrong(sound: Loaded) -> None:
    with_recipe = PLAN.replace("most: 40", "most: 40\n    recipe: scan")
    assert found(sound, with_recipe, {"scan": RECIPE}) == set()
    assert found(sound, with_recipe, {"scan": RECIPE + "ADD PatientName X"}) == {"study.recipe"}
    assert found(sound, PLAN) == set()


def test_the_plan_is_read_from_the_folder_and_changes_no_digest(tmp_path: Path) -> None:
    folder, small = tmp_path / "with", Path(__file__).parents[1] / "studies" / "three_arms"
    shutil.copytree(small, folder)
    plan = "files: [{id: scan, form: screening, title: {en: A, zh-Hans: 甲}, recipe: mine}]\n"
    (folder / IMAGING_FILE).write_text(plan, "utf-8")
    (folder / "recipes").mkdir()
    (folder / "recipes" / "mine.dicom").write_text(RECIPE, "utf-8")
    (folder / "recipes" / "notes.txt").write_text("not a recipe", "utf-8")
    loaded = read(folder)
    assert [one.code for one in loaded.findings] == ["study.ignored-file"]
    assert loaded.study is not None
    assert loaded.study.digest == load(small).digest
    assert dict(loaded.study.recipes) == {"mine": RECIPE}
    assert loaded.study.imaging.files[0].form == "screening"


def test_each_mistake_in_a_plan_is_found(sound: Loaded) -> None:
    for code, changes in WRONG.items():
        for right, wrong in changes:
            assert right in PLAN, right
            assert code in found(sound, PLAN.replace(right, wrong, 1)), (right, wrong)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (1, "KEEP Modality\nREMOVE ALL\n"),
        (1, "FORMAT dicom\n%header\nKEEP Modality\n"),
        (4, "FORMAT dicom\n%header\nREMOVE ALL\nKEEP ALL THE NAMES\n"),
        (4, "FORMAT dicom\n%header\nREMOVE ALL\nADD PatientName Nobody\n"),
        (4, "FORMAT dicom\n%header\nREMOVE ALL\nREPLACE PatientID var:name\n"),
        (4, "FORMAT dicom\n%header\nREMOVE ALL\nREPLACE PatientID deid_func:pixel_hash\n"),
        (4, "FORMAT dicom\n%header\nREMOVE ALL\n%filter graylist\n"),
    ],
)
def test_a_recipe_that_says_more_than_it_may_is_found_in_its_line(line: int, text: str) -> None:
    assert [number for number, _ in problems(text)] == [line]


def test_the_packaged_recipe_follows_the_rules_of_recipes() -> None:
    assert list(problems(PACKAGED.read_text("utf-8"))) == []
