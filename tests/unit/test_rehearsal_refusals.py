"""Bad input on the command line: a sentence with its place; and what an interrupt leaves."""

import json
import os
import shutil
import signal
import threading

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


def _changed(folder, file, old, new):
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  alpha: 0.05", "  alpha: 0", "`alpha` is 0: give a share between 0 and 0.5"),
        ("  alpha: 0.05", "  alpha: 1", "`alpha` is 1: give a share between 0 and 0.5"),
        ("information: [0.5, 1.0]", "information: [0.5, 0.4]", "correct the fractions"),
        ("information: [0.5, 1.0]", "information: [0, 1.0]", "rise from above 0 to exactly 1"),
    ],
)
def test_impossible_levels_and_looks_are_refused_with_place_and_remedy(
    folder, capsys, old, new, words
):
    text = (folder / "protocol.yaml").read_text("utf-8")
    at = next(i for i, one in enumerate(text.splitlines(), 1) if old in one)
    _changed(folder, "protocol.yaml", old, new)
    error = _refused(capsys, "rehearse", folder, "--scenario", "era-b-conduct")
    assert (error["file"], error["line"]) == ("protocol.yaml", at)
    assert words in error["message"]


@pytest.mark.parametrize("effect", ["0", "nan"])
def test_an_effect_outside_its_range_is_refused_with_the_option_to_change(capsys, effect):
    asked = ("--scenario", "era-b", "--trials", "10", f"--effect={effect}")
    error = _refused(capsys, "rehearse", "nct05787288", *asked)
    assert "--effect" in error["message"]
    assert "positive" in error["message"]


def test_a_course_in_which_nobody_ever_recovers_gives_no_statistic_and_no_crash(folder, capsys):
    """Zero events: the log-rank test compares nobody, so no trial rejects anything."""
    _changed(folder, OUTCOMES, '"4": [0.0829, 0.9061, 0.0109', '"4": [0, 0.9890, 0.0109')
    _changed(folder, OUTCOMES, '"5": [0.0894, 0.0433,', '"5": [0, 0.1327,')
    asked = ["rehearse", str(folder), "--scenario", "era-b", "--trials", "40", "--json"]
    assert run(asked) == 0
    found = json.loads(capsys.readouterr().out)["results"][0]
    assert (found["rejected"], found["power"]) == (0, 0.0)
    assert found["median_estimate"] == 1.0


def test_hazards_that_are_all_zero_are_refused_at_their_line(folder, capsys):
    """Zero events by declaration: an endpoint that cannot happen is a mistake in the model."""
    old = "hazards: {any: [0.03, 0.14, 0.27, 0.31, 0]}"
    _changed(folder, OUTCOMES, old, "hazards: {any: [0, 0, 0, 0, 0]}")
    error = _refused(capsys, "rehearse", folder, *ASKED)
    assert "not all 0" in error["message"]
    assert error["file"] == OUTCOMES


def test_a_stratum_without_participants_is_refused_with_its_name_and_what_to_do(folder, capsys):
    _changed(folder, OUTCOMES, "critical: 0.10}", "critical: 0}")
    error = _refused(capsys, "rehearse", folder, *ASKED)
    assert "`critical` has no participants" in error["message"]
    assert "give it a share, or leave it out" in error["message"]
    assert error["file"].startswith("scenarios/")


def test_a_scenario_naming_an_unknown_item_is_refused_with_the_name(folder, capsys):
    _changed(folder, OUTCOMES, "  vs.hr: {", "  vs.hrr: {")
    error = _refused(capsys, "rehearse", folder, *ASKED)
    assert "No form collects `vs.hrr`: correct the name" in error["message"]
    assert error["file"].startswith("scenarios/")


def test_a_course_that_reads_an_unknown_item_is_refused_with_the_name(folder, capsys):
    _changed(folder, OUTCOMES, "    cps: {R: 2", "    cqs: {R: 2")
    error = _refused(capsys, "rehearse", folder, "--scenario", "era-b", "--estimands", "E2")
    assert "Nothing collects or derives `cqs`: correct the name" in error["message"]
    assert error["file"].startswith("scenarios/")


def test_a_board_that_does_what_no_board_does_is_refused_with_what_it_may_do(folder, capsys):
    _changed(folder, "scenarios/era-b-conduct.yaml", "  interim: true", "  board: pauses")
    error = _refused(capsys, "rehearse", folder, "--scenario", "era-b-conduct")
    assert error["file"].startswith("scenarios/")
    assert "must be one of as-protocol, stops, advises, not `pauses`" in error["message"]


def test_an_interrupt_in_the_first_run_leaves_a_report_of_what_there_is(tmp_path, capsys):
    """Control-C as soon as the first part is kept; nothing else of the sweep has begun."""

    def interrupt():
        while not over.wait(0.005):
            if list(tmp_path.rglob("*.npz")):
                os.kill(os.getpid(), signal.SIGINT)
                return

    over = threading.Event()
    watching = threading.Thread(target=interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    watching.start()
    asked = ["rehearse", "nct05787288", "--scenario", "era-b", "--participants", "240"]
    code = run([*asked, "--trials", "200000", "--report", str(tmp_path), "--json"])
    over.set()
    watching.join()
    signal.signal(signal.SIGINT, before)
    document = json.loads(capsys.readouterr().out)
    assert code == 1
    assert document["complete"] is False
    assert 0 < document["trials"] < 200_000
    kept = json.loads((tmp_path / "sweep.json").read_text("utf-8"))
    assert kept["complete"] is False
    assert [cell["trials"] for cell in kept["cells"]] == [document["trials"]]
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Interrupted: these are partial results." in page
    assert f"{document['trials']:,}" in page
