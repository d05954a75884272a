"""The readable protocol: complete, marked with origins, safe as HTML."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from equipoise.protocol.explain import SECTIONS, Figure, explain, to_html, to_markdown
from equipoise.protocol.load import load

SOUND = Path(__file__).parents[1] / "studies" / "three_arms"
STUDY = load(SOUND)


class _Balance(HTMLParser):
    """Fails where a tag is closed that is not open."""

    VOID = frozenset({"meta", "br", "img", "link", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_section_is_written_in_every_language(language: str):
    sections = explain(STUDY, language)
    assert [one.id for one in sections] == list(SECTIONS)
    text = to_markdown(STUDY, sections, language)
    assert STUDY.protocol.title.say(language) in text


def test_the_chinese_protocol_uses_no_english_headings():
    english = {one.title for one in explain(STUDY, "en")}
    assert not english & {one.title for one in explain(STUDY, "zh-Hans")}


def test_the_schedule_has_a_column_for_each_visit_and_marks_optional_ones():
    text = to_markdown(STUDY, explain(STUDY))
    row = next(line for line in text.splitlines() if line.startswith("| Pain score"))
    assert [cell.strip() for cell in row.split("|")[2:-2]] == ["X", "", "X", "X", "(X)"]


def test_every_criterion_endpoint_form_and_item_is_shown():
    text = to_html(STUDY, explain(STUDY))
    for name in (
        *(one.text.say("en") for one in STUDY.protocol.eligibility),
        *(one.title.say("en") for one in STUDY.protocol.endpoints),
        *(form.title.say("en") for form in STUDY.forms.values()),
        *(item.id for form in STUDY.forms.values() for item in form.items()),
    ):
        assert name in text


def test_the_origin_stands_beside_the_value(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    file = folder / "protocol.yaml"
    value = "{value: 320, unit: participants, origin: registered, source: the record}"
    file.write_text(file.read_text().replace("{value: 320, unit: participants}", value))
    study = load(folder)
    assert "320 participants `registered`: the record" in to_markdown(study, explain(study))
    html = to_html(study, explain(study))
    assert re.search(r"320 participants <span class=\"origin registered\"", html)


def test_a_fact_without_a_value_is_said_to_be_not_known(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    file = folder / "protocol.yaml"
    file.write_text(file.read_text().replace("{value: double-blind}", "{origin: registered}"))
    study = load(folder)
    assert "| Masking | not known `registered` |" in to_markdown(study, explain(study))


def test_the_page_is_well_formed_and_asks_for_nothing_from_outside():
    html = to_html(STUDY, explain(STUDY))
    parser = _Balance()
    parser.feed(html)
    assert parser.open == []
    assert not parser.seen & {"script", "link", "iframe", "img"}
    assert "http" not in html


def test_text_of_a_study_cannot_become_markup(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(SOUND, folder)
    for file in ("protocol.yaml", "forms/call.yaml"):
        target = folder / file
        hostile = "'<script>alert(1)</script> | [x](javascript:y) \"q\"'"
        text = target.read_text().replace("Reached", hostile).replace("Signed consent", hostile)
        target.write_text(text)
    study = load(folder)
    html = to_html(study, explain(study))
    assert "<script" not in html
    markdown = to_markdown(study, explain(study))
    assert "<script" not in markdown.replace("\\<script", "")


def test_more_blocks_can_be_hung_into_a_section():
    figure = Figure(svg="<svg></svg>", caption="Guess rate")
    html = to_html(STUDY, explain(STUDY, extras={"randomisation": [figure]}))
    section = html[html.index('id="randomisation"') :]
    assert "<figure><svg></svg><figcaption>Guess rate" in section[: section.index("</section>")]
