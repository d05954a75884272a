"""The command line: JSON alone on standard output, exit codes, never a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import equipoise
from equipoise.cli import application
from equipoise.cli.application import run
from equipoise.errors import EquipoiseError, IntegrityError

SOUND = str(Path(__file__).parents[1] / "studies" / "three_arms")


def _json(capsys) -> dict:
    answer = capsys.readouterr()
    assert "Traceback" not in answer.err
    return json.loads(answer.out)


def test_check_of_a_sound_study_has_no_findings_and_exit_code_0(capsys):
    assert run(["check", SOUND, "--json"]) == 0
    answer = _json(capsys)
    assert answer["study"] == "hp-three"
    assert answer["version"] == "1.0"
    assert answer["digest"] == equipoise.load(SOUND).digest
    assert answer["findings"] == []


def test_check_of_a_broken_study_has_places_and_exit_code_1(capsys, tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    file = folder / "protocol.yaml"
    file.write_text(file.read_text().replace("rule: consent_signed", "rule: consent_sined"))
    assert run(["check", str(folder), "--json"]) == 1
    (finding,) = _json(capsys)["findings"]
    assert list(finding) == ["code", "severity", "file", "line", "column", "message"]
    assert finding["code"] == "study.unknown-name"
    assert run(["check", str(folder)]) == 1
    assert "protocol.yaml" in capsys.readouterr().out


def test_check_of_an_unreadable_study_has_findings_and_no_digest(capsys, tmp_path: Path):
    (tmp_path / "protocol.yaml").write_text("id: [")
    assert run(["check", str(tmp_path), "--json"]) == 1
    answer = _json(capsys)
    assert answer["digest"] is None
    assert answer["findings"][0]["code"] == "study.yaml"


@pytest.mark.parametrize("verb", [["check"], ["explain"], ["diff", SOUND]])
def test_a_study_that_is_not_there_is_refused(capsys, verb: list[str]):
    assert run([*verb, "no-such-study", "--json"]) == 2
    assert _json(capsys)["error"]["code"] == "protocol.not-found"


@pytest.mark.parametrize("arguments", [["chek"], ["check"], ["check", "a", "b"], ["check", "--no"]])
def test_a_wrong_use_is_refused_in_one_line(capsys, arguments: list[str]):
    assert run(arguments) == 2
    answer = capsys.readouterr()
    assert answer.out == ""
    assert answer.err.count("\n") == 1


def test_a_verb_that_nobody_built_says_so(capsys):
    missing = {*application.VERBS, *application.SERVER_VERBS} - {
        command.name for command in application.build().registered_commands if not command.hidden
    }
    for verb in missing:
        assert run([verb, "--json", "--whatever", "x"]) == 2
        assert _json(capsys)["error"]["code"] in {"refused.not-built", "external.missing-extra"}


def test_new_writes_a_study_that_check_accepts_and_never_overwrites(capsys, tmp_path: Path):
    folder = tmp_path / "deep" / "winter"
    assert run(["new", str(folder), "--json"]) == 0
    assert _json(capsys)["path"] == str(folder)
    assert run(["check", str(folder), "--json"]) == 0
    assert _json(capsys)["study"] not in {"hp-three", "nct05787288"}
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert run(["new", str(folder), "--json"]) == 2
    assert _json(capsys)["error"]["code"] == "refused.folder-not-empty"
    assert before == {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_new_leaves_nothing_behind_where_it_cannot_write(capsys, tmp_path: Path, monkeypatch):
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run(["new", str(tmp_path / "a" / "b"), "--json"]) == 2
    assert _json(capsys)["error"]["code"] == "external.storage"
    assert list(tmp_path.iterdir()) == []


def test_diff_names_each_change_with_kind_and_class(capsys, tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    file = folder / "protocol.yaml"
    file.write_text(file.read_text().replace("egfr < 30", "egfr < 45"))
    assert run(["diff", SOUND, str(folder), "--json"]) == 0
    (change,) = _json(capsys)["changes"]
    assert (change["path"], change["kind"], change["class"]) == (
        "protocol.eligibility.X2.rule",
        "changed",
        "changes-meaning",
    )
    assert run(["diff", SOUND, str(folder)]) == 0


def test_explain_writes_markdown_or_a_page(capsys, tmp_path: Path):
    assert run(["explain", SOUND]) == 0
    assert capsys.readouterr().out.startswith("# Two doses")
    page = tmp_path / "page.html"
    assert run(["explain", SOUND, "--html", str(page), "--language", "zh-Hans", "--json"]) == 0
    answer = _json(capsys)
    assert answer["html"] == str(page)
    assert page.read_text().startswith("<!doctype html>")
    assert run(["explain", SOUND, "--language", "fr"]) == 2
    assert run(["explain", SOUND, "--html", str(tmp_path / "no" / "page.html")]) == 2


def test_a_defect_ends_in_one_sentence_and_a_log(capsys, monkeypatch):
    def broken(only: str | None) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(application, "build", broken)
    monkeypatch.delenv(application.TRACEBACK, raising=False)
    assert run(["check", "x"]) == 3
    said = capsys.readouterr().err
    assert "Traceback" not in said
    log = Path(said.split("log: ")[1].split(",")[0])
    assert "ZeroDivisionError: inside" in log.read_text()
    log.unlink()
    monkeypatch.setenv(application.TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError):
        run(["check", "x"])


@pytest.mark.parametrize(("problem", "code"), [(IntegrityError("x"), 3), (EquipoiseError("x"), 2)])
def test_errors_have_their_exit_code(problem, code, monkeypatch):
    def refuse(only: str | None) -> None:
        raise problem

    monkeypatch.setattr(application, "build", refuse)
    assert run(["check", "x"]) == code


def test_json_is_the_same_every_time(capsys):
    run(["explain", SOUND, "--json"])
    first = capsys.readouterr().out
    run(["explain", SOUND, "--json"])
    assert capsys.readouterr().out == first


def test_the_public_functions_are_found_when_asked_for():
    assert equipoise.check(equipoise.load(SOUND)) == ()
    assert "rehearse" in dir(equipoise)
    with pytest.raises(AttributeError):
        equipoise.nothing  # noqa: B018


def test_a_verb_of_the_core_loads_nothing_of_the_server_or_the_rehearsal():
    script = (
        "import sys; from equipoise.cli import run; code = run(['check', sys.argv[1], '--json']);"
        "heavy = {'numpy', 'scipy', 'django', 'pandas'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, SOUND], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
