"""What the analysis writes."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from analysis_trial import three_arms
from equipoise.analysis.report import analyse, write
from equipoise.analysis.report.page import typeset

MADE = datetime(2026, 11, 23, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    return out, write(three_arms(64), out, made_at=MADE, demo=True)


@pytest.fixture(scope="module")
def results(written):
    return json.loads((written[0] / "results.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def page(written):
    return (written[0] / "report.html").read_text("utf-8")


def test_everything_that_was_promised_is_written(written):
    out, found = written
    assert {"results.json", "report.html", "figures", "tables"} <= {p.name for p in out.iterdir()}
    assert (out / "report.pdf").exists() or any("PDF" in note for note in found.notes)
    assert {p.stem for p in (out / "tables").iterdir()} == set(found.tables)


def test_every_row_has_the_keys_of_the_contract(results):
    wanted = {"estimand", "population", "method", "estimate", "ci_low", "ci_high", "p_value", "n"}
    for row in results["results"]:
        assert wanted | {"independent", "contrast"} <= row.keys()
        if row["independent"]:
            assert {"library", "estimate", "p_value", "difference"} <= row["independent"].keys()


def test_each_contrast_of_each_estimand_has_one_main_row(results):
    main = [
        (row["estimand"], row["contrast"]) for row in results["results"] if row["role"] == "main"
    ]
    assert len(main) == len(set(main)) == 3 * 2


def test_the_results_hold_no_nan_and_no_time(written):
    text = (written[0] / "results.json").read_text("utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    assert "2026" not in text


def test_the_same_data_give_the_same_bytes(written, tmp_path):
    write(three_arms(64), tmp_path, made_at=MADE.replace(year=2030), demo=True)
    for name in ("results.json", *(f"tables/{one}.csv" for one in written[1].tables)):
        assert (tmp_path / name).read_bytes() == (written[0] / name).read_bytes()
    for one in (written[0] / "figures").iterdir():
        assert (tmp_path / "figures" / one.name).read_bytes() == one.read_bytes()


def test_no_event_is_reported_with_an_upper_limit(results):
    rows = [row for row in results["results"] if row["method"] == "exact"]
    for row in rows:
        assert (row["upper_limit"] is not None) == (row["estimate"] == 0)
        if row["estimate"] == 0:
            assert row["upper_limit"] == pytest.approx(1 - 0.05 ** (1 / row["n"]))


def test_the_report_says_that_no_interim_was_run(results, page):
    assert results["interim"]["done"] is False
    assert "None was run" in results["interim"]["text"]
    assert "None was run" in page


def test_simulated_data_are_called_so_before_anything_else(page, tmp_path):
    assert page.index("Simulated data") < page.index("<h1>")
    write(three_arms(64), tmp_path, made_at=MADE, demo=False)
    real = (tmp_path / "report.html").read_text("utf-8")
    assert "imulated" not in real


def test_the_page_stands_alone(page):
    assert "<script" not in page
    assert "<link" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert not re.search(r"url\((?!#)", page)


def test_no_two_things_on_the_page_have_the_same_id(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for name in re.findall(r'href="#([^"]+)"', page):
        assert name in ids
    for name in re.findall(r"url\(#([^)]+)\)", page):
        assert name in ids


def test_every_figure_has_a_title_and_a_description(written):
    for path in (written[0] / "figures").iterdir():
        root = ElementTree.fromstring(path.read_text("utf-8"))
        assert root.get("role") == "img"
        assert root.find(f"{SVG}title").text
        assert len(root.find(f"{SVG}desc").text) > 40


def test_words_of_the_protocol_are_said_in_the_language_asked_for(tmp_path):
    write(three_arms(64), tmp_path, made_at=MADE, demo=True, language="zh-Hans")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert '<html lang="zh-Hans">' in page
    assert "第8周呼气试验阴性" in page


def test_markup_in_recorded_words_is_shown_and_not_obeyed():
    data = three_arms(64)
    first = data.randomised[0]
    event = {
        "term": "<script>alert(1)</script>",
        "grade": 2,
        "serious": False,
        "onset": first.first_dose_at.date(),
    }
    record = replace(
        data.records[0],
        participant=first.code,
        form="event",
        visit="log",
        number=1,
        on=first.first_dose_at.date(),
        values=event,
    )
    found = analyse(replace(data, records=[*data.records, record]))
    assert "<script>" not in found.figures["adverse-events"].svg


def test_a_failed_screening_reason_is_escaped_in_the_flow():
    data = three_arms(64)
    refused = replace(
        data.randomised[0], code="Z", randomised_on=None, arm=None, failed_reason="a < b & c"
    )
    found = analyse(replace(data, participants=(*data.participants, refused)))
    drawn = ElementTree.fromstring(found.figures["flow"].svg)
    assert "a < b & c" in " ".join(drawn.itertext())


def test_a_trial_nobody_has_finished_can_be_reported(tmp_path):
    data = three_arms(64)
    young = [
        replace(one, doses=0, first_dose_at=None, dose_times=(), completed_on=None, received=None)
        for one in data.participants
    ]
    early = [one for one in data.records if one.visit == "screen"]
    write(
        replace(data, participants=tuple(young), records=early),
        tmp_path,
        made_at=MADE,
        demo=True,
    )
    found = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert {row["estimate"] for row in found["results"]} == {None}
    assert all(row["problem"] for row in found["results"])
    assert not any(step["confirmatory"] for step in found["sequence"])


def test_numbers_are_set_with_true_minus_signs_and_do_not_break():
    assert typeset("-1.5 (-2 to 3 %)") == "−1.5 (−2 to 3\u00a0%)"
    assert typeset("IL-6, day 0-10") == "IL-6, day 0-10"
    assert typeset("(n = 12)") == "(n\u00a0=\u00a012)"
