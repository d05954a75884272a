"""The cleaning plan of a study folder: what is wrong with it is found, and where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from equipoise.errors import ExpressionError
from equipoise.exchange.dictionary import likeness, shipped, tokens
from equipoise.protocol.check import check_folder
from equipoise.protocol.lexicon import may_unblind
from equipoise.protocol.load import load
from equipoise.rules.units import molar

SOUND = Path(__file__).parents[1] / "studies" / "three_arms"
PLAN = (SOUND / "cleaning.yaml").read_text("utf-8")

WRONG = {
    "study.cleaning": [
        ("{form: screening}", "{form: nothing}"),
        ("{form: screening}", "{form: handout}"),
        ("items: [term, grade]", "items: [term, height]"),
        ("visits: [week2, week8]", "visits: [week3]"),
        ("item: egfr", "item: height"),
        ("participant: CODE, ", ""),
    ],
    "study.unknown-unit": [('"ml/min": mL/min', '"ml/min": furlong')],
    "study.duplicate-id": [("id: pain-doubled", "id: pain-without-event")],
    "study.unknown-name": [("screen.symptoms.pain", "screen.symptoms.ache")],
    "study.arm-dependent": [("rule: liver", "rule: arm")],
    "study.schema": [
        ("share: 0.5", "share: 1.5"),
        ("seed: three-arms\n", ""),
        ("kind: window", "kind: window, rule: liver"),
    ],
}


def found(folder: Path, plan: str) -> set[str]:
    shutil.copytree(SOUND, folder)
    (folder / "cleaning.yaml").write_text(plan, "utf-8")
    return {one.code for one in check_folder(folder) if one.place.file == "cleaning.yaml"}


def test_a_sound_plan_has_nothing_wrong_and_changes_no_digest(tmp_path: Path) -> None:
    assert found(tmp_path / "sound", PLAN) == set()
    bare = tmp_path / "bare"
    shutil.copytree(SOUND, bare)
    (bare / "cleaning.yaml").unlink()
    assert load(bare).digest == load(SOUND).digest
    assert load(bare).cleaning.coding == ()


@pytest.mark.parametrize("code", WRONG)
def test_each_mistake_in_a_plan_is_found(tmp_path: Path, code: str) -> None:
    for number, (right, wrong) in enumerate(WRONG[code]):
        assert right in PLAN
        plan = PLAN.replace(right, wrong, 1)
        assert code in found(tmp_path / str(number), plan), wrong


def test_mass_and_amount_are_bridged_only_where_the_dimensions_fit() -> None:
    assert molar("mg/dL", "umol/L", 113.12) == pytest.approx(88.4017, rel=1e-5)
    assert molar("umol/L", "mg/dL", 113.12) == pytest.approx(0.011312, rel=1e-9)
    assert molar("mg/dL", "/min", 113.12) is None
    assert molar("mg/dL", "umol/L", 0) is None
    with pytest.raises(ExpressionError):
        molar("furlong", "umol/L", 1)


def test_shipped_terms_have_both_languages_and_codes_of_their_own() -> None:
    for name in ("events", "medicines"):
        terms = shipped(name)
        assert len({one.code for one in terms}) == len(terms) > 80
        assert all(one.text and one.text_zh for one in terms)


def test_tokens_are_words_and_every_two_chinese_letters() -> None:
    assert tokens("Acute HEADACHES, left") == ("acute", "headache", "left")
    assert tokens("严重头痛") == ("严重", "重头", "头痛")
    assert tokens("") == ()
    assert (likeness((), ("a",)), likeness(("a",), ("a",))) == (0.0, 1.0)


def test_words_of_the_arms_are_known_in_both_languages() -> None:
    protocol = load(SOUND).protocol
    for text in ("took VONAPRIDE", "placebo?", "伏诺普利", "是安慰剂"):
        assert may_unblind(protocol, text), text
    for text in ("Please check the date", "请核对日期", "normal sodium", ""):
        assert not may_unblind(protocol, text), text
