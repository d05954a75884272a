"""More answers never overturn a verdict; nothing is admitted on missing evidence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core_trial import PROTOCOL
from equipoise.eligibility import assess, is_eligible
from equipoise.protocol.derive import derive
from equipoise.rules import UNKNOWN

FULL = st.fixed_dictionaries(
    {
        "consent_year": st.just(2026),
        "birth_year": st.integers(1930, 2012),
        "ventilated": st.booleans(),
        "shock": st.booleans(),
        "rate": st.integers(10, 40),
        "sat": st.integers(85, 100),
        "ratio": st.integers(100, 500),
        "progression": st.booleans(),
        "ill": st.booleans(),
        "test": st.sampled_from(["positive", "negative"]),
        "sex": st.sampled_from(["F", "M"]),
        "pregnant": st.booleans(),
        "allergy": st.booleans(),
    }
)
OPTIONAL = {"ratio", "progression"}


@given(full=FULL, gone=st.sets(st.sampled_from(sorted(set(FULL.example()) - OPTIONAL))))
def test_what_is_decided_on_some_answers_stays_decided_on_all(full, gone):
    part = {name: value for name, value in full.items() if name not in gone}
    for few, all_ in zip(assess(PROTOCOL, part), assess(PROTOCOL, full), strict=True):
        assert few.verdict in ("unanswered", all_.verdict)
        assert (few.verdict == "unanswered") == bool(few.missing)


@given(full=FULL, gone=st.sets(st.sampled_from(sorted(OPTIONAL))))
def test_a_missing_optional_measurement_never_makes_the_level_higher(full, gone):
    order = ["low", "middle", "high"]
    part = {name: value for name, value in full.items() if name not in gone}
    few, all_ = derive(PROTOCOL, "level", part), derive(PROTOCOL, "level", full)
    if few is not UNKNOWN and all_ is not UNKNOWN:
        assert order.index(few) <= order.index(all_)


@given(full=FULL)
def test_the_level_agrees_with_a_plain_reading_of_the_table(full):
    if full["ventilated"] or full["shock"]:
        expected = "high"
    elif full["rate"] >= 30 or full["sat"] <= 93 or full["ratio"] <= 300 or full["progression"]:
        expected = "middle"
    else:
        expected = "low" if full["ill"] else UNKNOWN
    assert derive(PROTOCOL, "level", full) == expected


@given(full=FULL, name=st.sampled_from(["test", "allergy", "birth_year", "shock", "sex"]))
def test_nobody_is_admitted_with_a_needed_answer_missing(full, name):
    part = {key: value for key, value in full.items() if key != name}
    if name == "sex" and full["pregnant"] is False:
        return  # then the sex cannot matter
    assert not is_eligible(assess(PROTOCOL, part))
