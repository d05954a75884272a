"""Loading a study folder: what it keeps, what it refuses, and where it says so."""

from __future__ import annotations

import os
import pickle
import shutil
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from equipoise.errors import ProtocolError, StudyNotFound, StudyUnreadable
from equipoise.protocol.check.subject import walk
from equipoise.protocol.load import load, read
from equipoise.protocol.places import FilePlaces
from equipoise.protocol.yaml_places import DEEPEST, LARGEST_FILE, read_yaml, resolve

SOUND = Path(__file__).parents[1] / "studies" / "three_arms"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "study"
    shutil.copytree(SOUND, target)
    return target


def codes(folder: Path) -> list[str]:
    return [finding.code for finding in read(folder).findings]


def test_loading_twice_gives_the_same_digest_and_equal_studies():
    assert load(SOUND) == load(str(SOUND))
    assert len(load(SOUND).digest) == 64


def test_a_loaded_study_survives_pickling():
    study = load(SOUND)
    assert pickle.loads(pickle.dumps(study)) == study


def test_every_object_of_a_loaded_study_carries_an_origin():
    study = load(SOUND)
    for path, value in (*walk((), study.protocol), *walk((), study.forms)):
        if is_dataclass(value) and "origin" in {field.name for field in fields(value)}:
            assert value.origin in {"registered", "proxy", "proposal"}, path


def test_an_origin_is_inherited_from_the_nearest_object_that_states_one(folder: Path):
    file = folder / "protocol.yaml"
    text = file.read_text()
    text = text.replace("- id: tablet-high\n", "- id: tablet-high\n    origin: registered\n", 1)
    file.write_text(text)
    high, low, _ = load(folder).protocol.products
    assert high.facts["strength"].origin == "registered"
    assert low.facts["strength"].origin == "proposal"


def test_the_digest_changes_with_meaning_and_not_with_layout(folder: Path):
    before = load(folder).digest
    file = folder / "protocol.yaml"
    file.write_text("# a comment\n" + file.read_text().replace("day: 14,", "day:   14,"))
    assert load(folder).digest == before
    file.write_text(file.read_text().replace("day:   14,", "day: 15,"))
    assert load(folder).digest != before


def test_a_scenario_or_page_does_not_change_the_digest(folder: Path):
    before = load(folder)
    (folder / "pages" / "about.en.md").write_text("# Other words\n")
    scenario = folder / "scenarios" / "plain.yaml"
    scenario.write_text(scenario.read_text().replace("effect: 2.5", "effect: 2"))
    after = load(folder)
    assert (after.digest, after.form_digests) == (before.digest, before.form_digests)


def test_the_digest_of_a_form_changes_with_its_code_list_only_where_it_uses_it(folder: Path):
    before = load(folder).form_digests
    file = folder / "protocol.yaml"
    file.write_text(file.read_text().replace("{en: Negative, zh", "{en: Clear, zh"))
    after = load(folder).form_digests
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"breath", "screening_breath"}


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(folder: Path):
    before = load(folder).digest
    for file in folder.rglob("*.yaml"):
        text = file.read_bytes().replace(b"\n", b"\r\n")
        file.write_bytes(b"\xef\xbb\xbf" + text)
    assert load(folder).digest == before


@pytest.mark.parametrize("name", ["", "no-such-study", "\x00", "a" * 5000, "../nothing", "."])
def test_a_name_without_a_study_is_refused_in_one_sentence(name: str, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((StudyNotFound, ProtocolError)) as refusal:
        load(name)
    assert "\n" not in str(refusal.value)


def test_a_folder_without_a_protocol_says_which_file_is_missing(tmp_path: Path):
    with pytest.raises(ProtocolError, match=r"protocol\.yaml"):
        load(tmp_path)


def test_load_raises_the_first_problem_with_its_place(folder: Path):
    (folder / "forms" / "call.yaml").write_text("id: [")
    with pytest.raises(StudyUnreadable) as refusal:
        load(folder)
    assert refusal.value.place.file == "forms/call.yaml"
    assert refusal.value.place.line == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfei\x00d\x00", "study.encoding"),
        (b"id: caf\xe9\n", "study.encoding"),
        (b"i\x00d\x00:\x00", "study.encoding"),
        (b'id: "\\u0000"\n', "study.encoding"),
        ("id: \u202eevil\n".encode(), "study.encoding"),
        (b"", "study.schema"),
        (b"just words\n", "study.schema"),
        (b"- a\n- b\n", "study.schema"),
        (b"id: x\n---\nid: y\n", "study.yaml"),
        (b"id: &a [*a]\n", "study.yaml"),
        (b"id: *nothing\n", "study.yaml"),
        (b"? [a]\n: b\n", "study.yaml"),
        (b"id: !!binary aGVsbG8=\n", "study.yaml"),
        (b"id: '\n", "study.yaml"),
        (b"\tid: x\n", "study.yaml"),
        (b"id: " + b"[" * 100 + b"]" * 100, "study.too-deep"),
        (b"{a: " * 20_000, "study.too-deep"),
        (b"- " * 60_000, "study.too-deep"),
        (b"#" * (LARGEST_FILE + 1), "study.too-large"),
        (b"a: [" + b"0," * 150_000 + b"]", "study.too-large"),
    ],
)
def test_a_file_that_cannot_be_read_gives_its_finding(folder: Path, content: bytes, code: str):
    (folder / "forms" / "call.yaml").write_bytes(content)
    findings = read(folder).findings
    assert [finding.code for finding in findings] == [code]
    assert findings[0].place.file == "forms/call.yaml"


def test_aliases_that_explode_are_refused_quickly(folder: Path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 12):
        lines.append(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]")
    (folder / "forms" / "call.yaml").write_text("\n".join(lines))
    assert codes(folder) == ["study.too-large"]


def test_a_link_that_leaves_the_folder_is_not_followed(folder: Path, tmp_path: Path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("id: secret\n")
    (folder / "forms" / "call.yaml").unlink()
    (folder / "forms" / "call.yaml").symlink_to(secret)
    assert codes(folder) == ["study.unreadable"]


def test_a_pipe_in_the_folder_does_not_hang(folder: Path):
    os.mkfifo(folder / "forms" / "pipe.yaml")
    assert codes(folder) == ["study.unreadable"]


def test_too_many_files_are_refused(folder: Path):
    for number in range(501):
        (folder / "forms" / f"f{number}.yaml").write_text("id: x")
    assert "study.too-large" in codes(folder)


def test_files_that_do_not_belong_are_named(folder: Path):
    (folder / "forms" / "extra.yml").write_text("id: x")
    (folder / "notes.txt").write_text("x")
    found = {finding.place.file: finding.severity for finding in read(folder).findings}
    assert found == {"forms/extra.yml": "warning", "notes.txt": "note"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-3", -3), ("0.5", 0.5), ("1e3", 1000.0), (".5", 0.5), ("true", True),
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("0x1F", "0x1F"),
        ("007", "007"), ("2026-02-30", "2026-02-30"), ("1_000", "1_000"), (".inf", ".inf"),
        ("nan", "nan"), ("1e999", "1e999"), ("9" * 5000, "9" * 5000), ("~", None), ("", None),
    ],
)  # fmt: skip
def test_scalars_mean_what_they_look_like(text: str, value: object):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_nothing_is_guessed_about_types(folder: Path):
    file = folder / "forms" / "call.yaml"
    text = file.read_text().replace("required: true", 'required: "true"')
    file.write_text(text)
    assert codes(folder) == ["study.schema"]


def test_the_deepest_allowed_nesting_is_read():
    text = "a: " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)
    assert read_yaml(text, "x").findings == ()
    assert read_yaml(text.replace("[", "[[", 1).replace("]", "]]", 1), "x").findings


@pytest.mark.parametrize(
    ("source", "marker"),
    [
        ("rule: age > 3 && sexx == 1\n", "sexx"),
        ("rule: >-\n  age > 3\n  && sexx == 1\n", "sexx"),
        ("rule: |\n  age > 3\n\n  && sexx == 1\n", "sexx"),
        ('rule: "age > 3 && \\"a\\" == sexx"\n', "sexx"),
        ("rule: 'age > 3 && ''a'' == sexx'\n", "sexx"),
        ("other: 年龄\nrule: \"'年' == sexx\"\n", "sexx"),
        ("rule: age > 3\n  && sexx == 1\n", "sexx"),
    ],
)
def test_a_position_inside_an_expression_is_found_in_the_file(source: str, marker: str):
    document = read_yaml(source, "x.yaml")
    text = document.data["rule"]
    index = text.index(marker)
    line = text.count("\n", 0, index) + 1
    column = index - text.rfind("\n", 0, index)
    place = document.places.inside(("rule",), text, line, column)
    shown = source.splitlines()[place.line - 1][place.column - 1 :]
    assert shown.startswith(marker)


def test_a_file_without_positions_still_has_a_place():
    assert str(FilePlaces(file="x.yaml").value(("a", 1))) == "x.yaml"


def test_consent_documents_take_their_version_from_their_front_block(folder: Path):
    file = folder / "consent" / "participant.en.md"
    file.write_text(file.read_text().replace('version: "1.0"', 'version: "3.2"'))
    versions = {one.language: one.version for one in load(folder).consents}
    assert versions == {"en": "3.2", "zh-Hans": "1.0"}
    file.write_text(file.read_text().replace('version: "3.2"', "version: 3.2"))
    assert codes(folder) == ["study.schema"]
