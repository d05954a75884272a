"""Nothing is written for one study: another one goes through everything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.test_reference_trial import ROOT, run

STUDY = str(ROOT / "tests" / "studies" / "three_arms")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("second") / "instance"
    arguments = ("--participants", "15", "--seed", "3", "--no-serve", "--dir", str(folder))
    return folder, run("demo", STUDY, *arguments)


def test_three_arms_with_a_binary_endpoint_run_to_results(demo):
    _, document = demo
    assert document["randomised"] == 15
    results = json.loads(Path(document["results_path"]).read_text(encoding="utf-8"))
    contrasts = {row.get("contrast") for row in results["results"] if row["estimand"] == "E1"}
    assert len(contrasts - {None}) == 2
    for row in results["results"]:
        if row["independent"] and row["independent"]["difference"] is not None:
            assert abs(row["independent"]["difference"]) < 1e-6


def test_it_verifies_like_any_other(demo):
    document = run("verify", "--dir", str(demo[0]))
    assert document["ledger"]["broken"] == []
    assert document["replay"]["differences"] == []
    assert document["allocation"]["matches"] is True


def test_its_design_and_its_export_need_no_code(demo, tmp_path):
    design = run("design", STUDY)
    assert [row["estimand"] for row in design["endpoints"]] == ["E1"]
    files = run(
        "export",
        "--to",
        "csv",
        "--out",
        str(tmp_path / "csv"),
        "--dir",
        str(demo[0]),
        "--by",
        "statistician",
    )["files"]
    assert any(one["path"].endswith("participants.csv") and one["rows"] for one in files)
