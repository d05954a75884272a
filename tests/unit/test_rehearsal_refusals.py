"""Bad input on the command line: a sentence with its place; and what an interrupt leaves."""

import json
import shutil

import pytest

from equipoise.cli.application import run
from equipoise.protocol.load import find, load
from equipoise.rehearsal.chunks import run_chunk
from equipoise.rehearsal.sweep import design_of, gathered

OUTCOMES = "scenarios/era-b.yaml"
ASKED = ["--scenario", "era-b", "--estimands", "E3,E4", "--trials", "10"]


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(find("nct05787288"), tmp_path / "study")
    return tmp_path / "study"


def _refused(capsys, *arguments):
    assert run([*map(str, arguments), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["message"].endswith(".")
    return error


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("hazards: {any: [0.03,", "hazards: {any: [-0.03,", "none below 0"),
        ("by_state: {R: 0,", "by_state: {Q: 1, R: 0,", "names Q"),
        ("rate_per_month: 1.5", "rate_per_month: -1.5", "positive rate"),
    ],
)
def test_a_scenario_that_cannot_be_rehearsed_is_refused_at_its_line(
    folder, capsys, old, new, words
):
    file = folder / OUTCOMES
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    error = _refused(capsys, "rehearse", folder, *ASKED)
    assert words in error["message"]
    assert error["file"] == OUTCOMES
    lines = text.splitlines()
    assert abs(error["line"] - 1 - next(i for i, one in enumerate(lines) if old in one)) <= 3


def test_a_stratum_without_participants_and_an_unknown_endpoint_are_found(folder, capsys):
    file = folder / OUTCOMES
    text = file.read_text("utf-8")
    text = text.replace("critical: 0.10}", "critical: 0}").replace("severe: 0.35", "severe: 0.45")
    file.write_text(text.replace("  ct_change:", "  ct_chaange:"), "utf-8")
    assert run(["check", str(folder), "--json"]) == 1
    said = [one["message"] for one in json.loads(capsys.readouterr().out)["findings"]]
    assert any("`critical` has no participants" in one for one in said)
    assert any("no endpoint `ct_chaange`" in one for one in said)


def test_an_impossible_sample_size_is_refused_at_its_line(folder, capsys):
    file = folder / "protocol.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("hazard_ratio: 1.5", "hazard_ratio: -1.5"), "utf-8")
    error = _refused(capsys, "design", folder)
    assert (error["file"], "hazard_ratio" in error["message"]) == ("protocol.yaml", True)
    assert "hazard_ratio" in text.splitlines()[error["line"] - 1]


def test_memory_that_will_not_fit_is_refused_before_anything_runs(capsys):
    asked = ("--scenario", "era-b", "--participants", "1000000", "--workers", "64")
    error = _refused(capsys, "rehearse", "nct05787288", *asked)
    assert "GiB" in error["message"]
    assert error["file"] == ""


def test_an_interrupt_leaves_what_was_done():
    study = load("nct05787288")
    design = design_of(study, study.scenarios["era-b"], participants=40)

    def parts(before):
        for first in range(before):
            yield run_chunk(design, (10 * first, 10))
        raise KeyboardInterrupt

    done, complete = gathered(parts(2))
    assert (len(done), complete) == (2, False)
    with pytest.raises(KeyboardInterrupt):
        gathered(parts(0))
