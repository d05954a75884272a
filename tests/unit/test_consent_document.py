"""A consent document is read by its shape, in every language alike; what is missing is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from equipoise.protocol.check import check_folder
from equipoise.protocol.consent_document import read_document
from equipoise.protocol.load import find, load

THREE = Path(__file__).parents[1] / "studies" / "three_arms"


def test_the_reference_document_reads_the_same_in_both_languages() -> None:
    english, chinese = (read_document(one) for one in load("nct05787288").consents)
    assert (english.language, chinese.language) == ("en", "zh-Hans")
    assert len(english.sections) == len(chinese.sections) == 14
    assert len(english.glossary) == len(chinese.glossary) == 11
    assert [one.right for one in english.questions] == [one.right for one in chinese.questions]
    assert all(one.because for one in (*english.questions, *chinese.questions))
    assert english.wishes == chinese.wishes == ("contact", "results")
    assert english.digest != chinese.digest


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("   - [x] Chance", "   - [ ] Chance", "study.consent-part"),
        ("   > You may stop when you like.\n", "", "study.consent-part"),
        ("## 1. What this is about", "## What this is about", None),
        ("- **By chance**: as by tossing a coin.\n", "", "study.consent-differs"),
        ('version: "1.0"', 'version: "1.1"', "study.consent-differs"),
        ("- [ ] I want to hear of the results. {#results}\n", "", "study.consent-differs"),
    ],
)
def test_what_is_missing_or_differs_is_found(
    tmp_path: Path, old: str, new: str, code: str | None
) -> None:
    folder = Path(shutil.copytree(THREE, tmp_path / "study"))
    file = folder / "consent" / "participant.en.md"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    found = {one.code for one in check_folder(folder) if one.code.startswith("study.consent")}
    assert (code in found) if code else (found == set())


def test_a_diary_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(THREE, tmp_path / "study"))
    (folder / "participants.yaml").write_text(
        "diary: {form: symptoms, items: [nothing]}\nsamples: [nowhere]\n"
    )
    found = [one.message for one in check_folder(folder) if one.code == "study.participants"]
    assert len(found) == 3


def test_the_shipped_plan_of_participants_is_sound() -> None:
    codes = {one.code for one in check_folder(find("nct05787288"))}
    assert not {one for one in codes if "consent" in one or "participants" in one}
