"""`check` on studies that are already loaded, and on hard cases of single families."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from equipoise.protocol.check import check
from equipoise.protocol.check.claims import promises
from equipoise.protocol.check.visits import _reversed, _shared
from equipoise.protocol.findings import errors, in_order
from equipoise.protocol.frozen import Text
from equipoise.protocol.load import load
from equipoise.protocol.visits import Visit

SOUND = Path(__file__).parents[1] / "studies" / "three_arms"


def _visit(day: int, early: int, late: int) -> Visit:
    return Visit(id=f"d{day}", title=Text({"en": "x"}), epoch="e", day=day, early=early, late=late)


def test_a_loaded_study_is_checked_with_its_places(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    file = folder / "protocol.yaml"
    file.write_text(file.read_text().replace("egfr < 30", "egf < 30"))
    (finding,) = check(load(folder))
    assert finding.place.line > 1


def test_a_study_whose_folder_is_gone_is_still_checked(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    study = load(folder)
    shutil.rmtree(folder)
    assert check(study) == ()
    broken = replace(study, protocol=replace(study.protocol, arms=study.protocol.arms[:1]))
    found = {(finding.code, finding.place.file, finding.place.line) for finding in check(broken)}
    assert ("study.arms", "protocol.yaml", 0) in found


def test_a_study_changed_in_memory_is_not_given_the_places_of_its_folder():
    study = load(SOUND)
    broken = replace(study, protocol=replace(study.protocol, languages=()))
    assert all(finding.place.line == 0 for finding in errors(check(broken)))
    assert errors(check(broken))


@pytest.mark.parametrize(
    ("first", "second", "shared", "wrong_order"),
    [
        ((7, 1, 1), (14, 2, 2), 0, False),
        ((7, 3, 3), (14, 4, 4), 1, False),
        ((7, 4, 4), (14, 4, 4), 2, False),
        ((7, 1, 8), (14, 8, 2), 10, True),
        ((7, 0, 30), (14, 1, 1), 3, True),
        ((7, 0, 0), (14, 20, 0), 1, True),
    ],
)
def test_windows_are_compared_day_by_day(first, second, shared: int, wrong_order: bool):
    one, other = _visit(*first), _visit(*second)
    assert _shared(one, other) == shared
    assert _reversed(one, other) is wrong_order


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A miracle cure.", 2),
        ("This is not a cure.", 0),
        ("It is not known whether it cures anybody.", 0),
        ("It cures. It is not painful.", 1),
        ("100 % of people", 1),
        ("本疗法保证治愈。", 2),
        ("不能保证您会受益。", 0),
        ("The word obscures nothing", 0),
    ],
)
def test_promises_are_told_from_denials(text: str, found: int):
    assert len(list(promises(text))) == found


def test_findings_are_given_once_and_in_order_of_place():
    study = load(SOUND)
    broken = replace(study, protocol=replace(study.protocol, arms=()))
    found = check(broken)
    assert found == in_order(reversed(found + found))
