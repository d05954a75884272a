"""Thresholds of supply stand in the study folder, and make no sense quietly."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from equipoise.protocol.load import load, read

SMALL = Path(__file__).parents[1] / "studies" / "three_arms"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "study"))


def state(folder: Path, section: str) -> None:
    plan = folder / "protocol.yaml"
    plan.write_text(plan.read_text("utf-8") + f"\nsupply: {section}\n", "utf-8")


def test_a_study_that_says_nothing_keeps_its_digest_and_the_usual_thresholds(folder: Path):
    before = load(folder)
    state(folder, "{low_kits: 8, low_participants: 2, consignment_shares: 4}")
    assert load(folder).digest == before.digest
    assert load(folder).protocol.supply == before.protocol.supply


def test_thresholds_are_read_and_belong_to_the_identity_of_the_study(folder: Path):
    before = load(folder).digest
    state(folder, "{low_kits: 3, low_participants: 1, consignment_shares: 2}")
    found = load(folder)
    assert found.protocol.supply.low_kits == 3
    assert found.digest != before


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{low_kits: 0}", "low_kits"),
        ("{low_participants: 20000}", "low_participants"),
        ("{low_participants: 9, consignment_shares: 4}", "consignment_shares"),
        ("{low_kits: many}", "low_kits"),
        ("{lowest: 3}", "lowest"),
    ],
)
def test_a_threshold_that_cannot_be_is_a_finding_with_its_place(
    folder: Path, section: str, words: str
):
    state(folder, section)
    loaded = read(folder)
    assert loaded.study is None
    (finding,) = loaded.findings
    assert words in finding.message + str(finding.place)
    assert "protocol.yaml" in str(finding.place)
