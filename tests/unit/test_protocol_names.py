"""Names in expressions: what each context may use."""

from __future__ import annotations

from pathlib import Path

from equipoise.protocol.load import load
from equipoise.protocol.moments import moments
from equipoise.protocol.names import Source, form_names, participant_names

STUDY = load(Path(__file__).parents[1] / "studies" / "three_arms")
NAMES = participant_names(STUDY.protocol, STUDY.forms)


def test_a_bare_name_is_the_item_of_the_one_form_that_collects_it():
    assert NAMES.sources["egfr"] == Source(form="screening", item="egfr")
    assert NAMES.types["egfr"].unit == "mL/min"


def test_a_name_that_several_forms_collect_is_ambiguous():
    assert "excess" not in NAMES.types
    assert NAMES.ambiguous["excess"] == ("breath.excess", "screening_breath.excess")


def test_a_derived_value_has_its_own_type():
    assert NAMES.types["infected"].kind == "boolean"
    assert NAMES.sources["infected"] == Source(derived="infected")


def test_a_visit_can_be_named_only_where_its_form_is_collected():
    assert NAMES.sources["screen.symptoms.pain"].visit == "screen"
    assert "start.symptoms.pain" not in NAMES.types


def test_inside_a_form_only_its_own_items_are_bare():
    inside = form_names(STUDY.protocol, STUDY.forms["breath"], NAMES)
    assert inside.sources["excess"] == Source(form="breath", item="excess")
    assert "egfr" not in inside.types
    assert "screening.egfr" in inside.types
    assert "burden" in inside.types


def test_codes_of_an_item_are_those_of_its_list():
    assert NAMES.types["screening_breath.result"].codes == {"negative", "positive", "invalid"}


def test_moments_tell_visits_doses_and_logs_apart():
    found = moments(STUDY.protocol, STUDY.forms)
    assert found["symptoms"].visits == ("screen", "week2", "week8", "week26")
    assert found["dose"].dosing
    assert found["event"].log
    assert found["handout"].dosing
