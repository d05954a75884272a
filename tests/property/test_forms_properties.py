"""Whatever is sent, a form answers with values and findings, and what it keeps is stable."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core_trial import PROTOCOL, check, form, item
from equipoise.digest import canonical_json
from equipoise.forms import from_json, prepare, status, to_json

FORM = form(
    "wild",
    item("whole", "integer", low=0, high=100),
    item("number", "decimal", expect_low=1, required=True),
    item("words", "text", shown_if="yes"),
    item("choice", "code", codes="risk"),
    item("choices", "codes", codes="risk"),
    item("yes", "boolean"),
    item("day", "date"),
    item("part", "partial-date"),
    item("moment", "datetime", shown_if="whole > 10"),
    item("twice", "decimal", derive="number * 2"),
    item("shape", "decimal", derive="number / whole"),
    checks=(check("c", "number > whole"), check("d", 'day >= date("2000-01-01")', "hard")),
)
SENSIBLE = {
    "whole": st.integers(-5, 120) | st.integers(-5, 120).map(str),
    "number": st.floats(-10, 10) | st.sampled_from(["1.5", ".25", " 7 ", "1,5"]),
    "words": st.text(),
    "choice": st.sampled_from(["low", "middle", "high", "other"]),
    "choices": st.lists(st.sampled_from(["low", "middle", "high"])),
    "yes": st.sampled_from([True, False, "true", "false"]),
    "day": st.dates() | st.dates().map(date.isoformat),
    "part": st.sampled_from(["2020", "2020-02", "2020-02-29", "2021-02-29", "UN"]),
    "moment": st.datetimes(timezones=st.just(UTC)) | st.datetimes().map(datetime.isoformat),
    "twice": st.floats(-10, 10),
    "nonsense": st.none(),
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.decimals() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@given(raw=st.fixed_dictionaries({}, optional=SENSIBLE))
def test_what_is_kept_is_stable_under_preparing_and_storing(raw):
    once = prepare(PROTOCOL, FORM, raw)
    again = prepare(PROTOCOL, FORM, once.values)
    assert again.values == once.values
    kept = {one.code for one in once.findings} - {one.code for one in again.findings}
    assert not kept & {"required", "out-of-range", "unusual", "c", "d"} or not once.saveable
    document = to_json(once.values)
    assert from_json(FORM, json.loads(json.dumps(document))) == once.values
    canonical_json(document)
    assert set(once.values) <= {one.id for one in FORM.items()}


@given(raw=st.dictionaries(st.sampled_from(sorted(SENSIBLE)) | st.text(), ANYTHING, max_size=6))
def test_no_answer_whatsoever_raises(raw):
    prepared = prepare(PROTOCOL, FORM, raw)
    status(FORM, prepared.values, prepared.findings)
    json.dumps(to_json(prepared.values)).encode()
    for finding in prepared.findings:
        assert finding.message.say("en")
        finding.message.say("en").encode()


@given(raw=st.dictionaries(st.sampled_from(sorted(SENSIBLE)), ANYTHING, max_size=6))
def test_every_answer_is_kept_or_explained(raw):
    prepared = prepare(PROTOCOL, FORM, raw)
    explained = {one.item for one in prepared.findings} | {None}
    for name, answer in raw.items():
        blank = (
            answer is None
            or answer in ("", [], ())
            or (isinstance(answer, str) and not answer.strip())
        )
        if not blank and name not in prepared.values and name in {one.id for one in FORM.items()}:
            item_ = FORM.item(name)
            empty_list = isinstance(answer, list) and item_.type == "codes"
            same_nothing = item_.derive is not None
            assert name in explained or empty_list or same_nothing, (name, answer)


@given(
    number=st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6, places=3
    )
)
def test_a_written_decimal_is_read_as_itself(number: Decimal):
    text = f"{number:f}"
    assert prepare(PROTOCOL, FORM, {"number": text}).values["number"] == float(text)
