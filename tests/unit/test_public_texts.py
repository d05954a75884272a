"""Reading age, promises and paragraphs of public texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from equipoise.exchange.distances import find_place, kilometres
from equipoise.exchange.search_words import facet, question, tokens
from equipoise.exchange.topics import topics, topics_of, with_parents
from equipoise.protocol.check import check_folder
from equipoise.protocol.check.claims import unapproved
from equipoise.protocol.load import load
from equipoise.protocol.passages import find_again, passages
from equipoise.protocol.readability import MOST_GRADE, measure

HARD = (
    "Mesenchymal stromal cell-derived extracellular vesicles constitute an immunomodulatory "
    "intervention whose pharmacological characterisation necessitates prospective investigation "
    "within an adequately powered multicentre randomised placebo-controlled experiment."
)


@pytest.mark.parametrize("study", ["nct05787288", "tests/studies/three_arms"])
def test_public_pages_of_the_shipped_studies_are_easy_to_read(study: str) -> None:
    pages = [one for one in load(study).pages if one.id != "background"]
    hard = {
        f"{one.id}.{one.language}": measure(one.markdown, one.language)
        for one in pages
        if not measure(one.markdown, one.language).plain
    }
    assert hard == {}


def test_jargon_scores_far_above_the_limit_and_short_words_below() -> None:
    assert measure(HARD, "en").grade > 20 > MOST_GRADE > measure("We ask. You choose.", "en").grade


def test_breaking_lines_makes_a_text_no_easier() -> None:
    words = HARD.split()
    broken = "\n".join(words)
    assert measure(broken, "en").grade == measure(HARD, "en").grade


def test_a_chinese_text_is_measured_by_sentence_length_and_rare_characters() -> None:
    assert measure("我们想知道它是否安全。您可以随时退出。", "zh-Hans").plain
    assert not measure("研究" * 60 + "。", "zh-Hans").plain
    assert not measure("囹圄饕餮魑魅魍魉。", "zh-Hans").plain


@pytest.mark.parametrize("text", ["", "\n\n", "| a | b |", "12 %", "。。。", "\ud800"])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_text_without_words_is_measured_as_nothing(text: str, language: str) -> None:
    assert measure(text, language).words == 0


def test_a_hard_page_is_a_finding_of_check(tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "study"
    shutil.copytree("tests/studies/three_arms", folder)
    (folder / "pages" / "about.en.md").write_text(f"# About\n\n{HARD}\n")
    codes = [one.code for one in check_folder(folder)]
    assert codes.count("study.hard-to-read") == 1


def test_a_promise_needs_the_mark_of_approval() -> None:
    assert unapproved("This treatment cures people.")
    assert not unapproved("This treatment cures people. <!-- approved: EC 2026-14 -->")
    assert unapproved("This treatment cures people. <!-- approved: -->")
    assert not unapproved("Nobody knows whether it cures people.")


def test_a_paragraph_is_found_again_after_an_amendment() -> None:
    before = passages("summary", "# T\n\nOne thing is asked.\n\nYou come five times.\n")
    quoted = before[1]
    assert find_again(quoted.text, quoted.id, before).fate == "same"
    moved = passages("summary", "New first words.\n\nOne thing is asked.\n\nYou come five times.\n")
    found = find_again(quoted.text, quoted.id, moved)
    assert (found.fate, found.passage and found.passage.id) == ("moved", "summary.3")
    changed = passages("summary", "One thing is asked.\n\nYou come six times.\n")
    assert find_again(quoted.text, quoted.id, changed).fate == "changed"
    assert find_again(quoted.text, quoted.id, before[:1]).fate == "gone"
    assert find_again(quoted.text, quoted.id, ()).fate == "gone"


def test_one_tokeniser_reads_both_scripts() -> None:
    assert tokens("COVID-19 Étude, étude") == ("covid", "19", "etude")
    assert tokens("新冠肺炎") == ("u65b0u51a0", "u51a0u80ba", "u80bau708e")
    assert tokens("肺") == ("u80ba",)
    assert tokens("'; DROP TABLE x; --\x00%_*\"") == ("drop", "table", "x")
    assert len(question("a b c d " * 500)) == 4
    assert facet("t", "covid-19") == "zztzzcovid19"
    assert facet("p", "") == "zzpzznone"


def test_conditions_lead_to_categories_by_their_synonyms() -> None:
    assert topics_of(["Novel Coronavirus Pneumonia"]) == (
        "covid-19",
        "infection",
        "pneumonia",
        "lung",
    )
    assert "covid-19" in topics_of(["新型冠状病毒感染"])
    assert topics_of(["", "xyzzy"]) == ()
    assert with_parents(["asthma", "no-such"]) == ("asthma", "lung")
    assert all(one.parent in topics() or not one.parent for one in topics().values())


def test_distances_are_those_of_the_map() -> None:
    here = find_place("上海")
    assert here is not None
    assert kilometres(here, 39.90, 116.41) == pytest.approx(1067, abs=8)
    assert kilometres(here, here.latitude, here.longitude) == 0
    assert find_place("Atlantis") is None
    assert find_place(" xi'AN ") is not None
