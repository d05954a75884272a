"""Break a sound study in one place: the finding must name that break, at that place.

The breaks stand in `broken_studies.yaml`: each changes some text of one file, and the finding
must start exactly where `at` first occurs in the changed file (line and column).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from equipoise.protocol.check import check_folder
from equipoise.protocol.findings import errors

SOUND = Path(__file__).parents[1] / "studies" / "three_arms"


@dataclass(frozen=True, kw_only=True)
class Break:
    name: str
    old: str
    new: str = ""
    code: str
    at: str
    file: str = "protocol.yaml"
    also: tuple[str, str] = ("", "")
    home: str = ""


TABLE = Path(__file__).with_name("broken_studies.yaml").read_text(encoding="utf-8")
BREAKS = [Break(**row) for row in yaml.safe_load(TABLE)]


def _broken(tmp_path: Path, one: Break) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    file = folder / one.file
    text = file.read_text(encoding="utf-8")
    assert one.old in text, "the sound study has changed: adjust the row"
    text = text.replace(one.old, one.new, 1).replace(*one.also, 1)
    file.write_text(text, encoding="utf-8")
    return folder


def test_there_are_enough_breaks_and_each_has_its_own_name():
    assert len(BREAKS) >= 60
    assert len({one.name for one in BREAKS}) == len(BREAKS)


def test_the_study_that_is_broken_below_is_sound():
    assert check_folder(SOUND) == ()


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.name)
def test_each_break_gives_its_finding_at_its_place(tmp_path: Path, one: Break):
    folder = _broken(tmp_path, one)
    findings = check_folder(folder)
    home = one.home or one.file
    text = (folder / home).read_text(encoding="utf-8")
    index = text.index(one.at)
    line = text.count("\n", 0, index) + 1
    column = index - text.rfind("\n", 0, index)
    places = [(f.place.file, f.place.line, f.place.column) for f in findings if f.code == one.code]
    assert (home, line, column) in places, "\n".join(map(str, findings))
    for finding in findings:
        assert finding.message.endswith((".", "?")), finding
        assert len(finding.message) < 400, finding
        assert finding.place.file, finding


def test_all_breaks_of_sense_are_reported_at_once(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    wanted = []
    for one in BREAKS:
        if one.name in {
            "unknown name in a criterion",
            "confirmatory estimand outside the sequence",
            "time zone that does not exist",
            "doses that do not fit the course",
            "windows in the wrong order",
            "unknown unit",
        }:
            file = folder / one.file
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(one.old, one.new, 1), encoding="utf-8")
            wanted.append(one.code)
    found = [finding.code for finding in errors(check_folder(folder))]
    assert sorted(found) == sorted(wanted)


def test_several_shape_errors_in_several_files_are_reported_at_once(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    for name in ("forms/call.yaml", "forms/guess.yaml", "scenarios/plain.yaml"):
        file = folder / name
        file.write_text(file.read_text(encoding="utf-8") + "\nsurprise: 1\n", encoding="utf-8")
    found = [(one.code, one.place.file) for one in check_folder(folder)]
    assert found == [
        ("study.unknown-key", "forms/call.yaml"),
        ("study.unknown-key", "forms/guess.yaml"),
        ("study.unknown-key", "scenarios/plain.yaml"),
    ]
