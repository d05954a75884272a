"""`diff`: each change gets the class that it deserves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from equipoise.protocol.amend import compare
from equipoise.protocol.load import load
from equipoise.protocol.meaning import MEANINGS

SOUND = Path(__file__).parents[1] / "studies" / "three_arms"
OLD = load(SOUND)
EXTRA = "      - {id: mood, text: {en: Mood, zh-Hans: 情绪}, type: text}\n"

CHANGES = (
    (
        "protocol.yaml",
        "Signed consent,",
        "Consent signed,",
        "protocol.eligibility.I1.text.en",
        "cosmetic",
    ),
    ("protocol.yaml", 'version: "1.0"', 'version: "1.1"', "protocol.version", "cosmetic"),
    ("pages/about.en.md", "It is not known", "Nobody knows", "pages.about.en", "cosmetic"),
    ("scenarios/plain.yaml", "effect: 2.5", "effect: 2", "scenarios.plain.effect", "cosmetic"),
    (
        "forms/guess.yaml",
        "codes: guess}\n",
        "codes: guess}\n" + EXTRA,
        "forms.guess.groups.guess.items.mood",
        "collects-more",
    ),
    ("protocol.yaml", "egfr < 30", "egfr < 45", "protocol.eligibility.X2.rule", "changes-meaning"),
    (
        "protocol.yaml",
        "day: 56, early: 7, late: 14",
        "day: 56, early: 7, late: 10",
        "protocol.visits.week8.late",
        "changes-meaning",
    ),
    (
        "protocol.yaml",
        "direction: higher-is-worse",
        "direction: higher-is-better",
        "protocol.scales.pain-scale.direction",
        "changes-meaning",
    ),
    (
        "protocol.yaml",
        "{en: Negative,",
        "{en: Positive or negative,",
        "protocol.code_lists.breath-result.codes.negative.text.en",
        "changes-meaning",
    ),
    (
        "forms/screening.yaml",
        "unit: mL/min",
        "unit: mL/h",
        "forms.screening.groups.laboratory.items.egfr.unit",
        "changes-meaning",
    ),
    (
        "protocol.yaml",
        "window_hours: 3",
        "window_hours: 4",
        "protocol.dosing.window_hours",
        "changes-meaning",
    ),
    ("protocol.yaml", "doses: 28", "doses: 30", "protocol.dosing.doses", "needs-reconsent"),
    (
        "protocol.yaml",
        "value: 40, unit: mg",
        "value: 60, unit: mg",
        "protocol.products.tablet-high.facts.strength.value",
        "needs-reconsent",
    ),
    (
        "protocol.yaml",
        "forms: [breath]\n    at: [week8]",
        "forms: [breath]\n    at: [week2, week8]",
        "protocol.schedule.breath.at",
        "needs-reconsent",
    ),
    (
        "protocol.yaml",
        "late: 14, contact: phone",
        "late: 14, contact: on-site",
        "protocol.visits.week26.contact",
        "needs-reconsent",
    ),
    (
        "protocol.yaml",
        "product: tablet-high\n    ratio: 2",
        "product: tablet-high\n    ratio: 6",
        "protocol.arms.high.ratio",
        "needs-reconsent",
    ),
    (
        "consent/participant.en.md",
        "two weeks",
        "three weeks",
        "consent.participant.en.markdown",
        "needs-reconsent",
    ),
)


def _changed(tmp_path: Path, file: str, old: str, new: str) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    target = folder / file
    text = target.read_text(encoding="utf-8")
    assert old in text
    target.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("file", "old", "new", "path", "expected"), CHANGES)
def test_each_change_has_its_class(tmp_path: Path, file, old, new, path, expected):
    changes = compare(OLD, load(_changed(tmp_path, file, old, new)))
    assert [(one.path, one.meaning) for one in changes] == [(path, expected)]


def test_nothing_changed_between_a_study_and_itself():
    assert compare(OLD, load(SOUND)) == ()


def test_a_removed_item_changes_the_meaning_and_an_added_one_collects_more(tmp_path: Path):
    folder = _changed(tmp_path, "forms/guess.yaml", "codes: guess}\n", "codes: guess}\n" + EXTRA)
    forward, backward = compare(OLD, load(folder)), compare(load(folder), OLD)
    assert [(one.kind, one.meaning) for one in forward] == [("added", "collects-more")]
    assert [(one.kind, one.meaning) for one in backward] == [("removed", "changes-meaning")]


def test_moving_a_criterion_is_a_change_of_order_only(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    file = folder / "protocol.yaml"
    text = file.read_text(encoding="utf-8")
    start, middle, end = (text.index(f"  - id: {one}\n") for one in ("I1", "I2", "I3"))
    moved = text[:start] + text[middle:end] + text[start:middle] + text[end:]
    file.write_text(moved, encoding="utf-8")
    changes = compare(OLD, load(folder))
    assert [(one.path, one.meaning) for one in changes] == [
        ("protocol.eligibility.(order)", "cosmetic")
    ]


def test_a_new_visit_and_a_new_procedure_need_new_consent(tmp_path: Path):
    old = "  - {id: week26, title"
    new = "  - {id: week16, title: {en: W, zh-Hans: W}, epoch: follow-up, day: 112}\n" + old
    folder = _changed(tmp_path, "protocol.yaml", old, new)
    found = [
        (one.path, one.meaning) for one in compare(OLD, load(folder)) if "order" not in one.path
    ]
    assert found == [("protocol.visits.week16", "needs-reconsent")]


def test_every_class_is_one_of_the_four():
    assert MEANINGS == ("cosmetic", "collects-more", "changes-meaning", "needs-reconsent")
