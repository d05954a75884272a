"""Raw answers to typed values: what is read, and in which words the rest is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from core_trial import PROTOCOL, form, item
from equipoise.forms import prepare

FORM = form(
    "all",
    item("whole", "integer"),
    item("number", "decimal"),
    item("words", "text"),
    item("short", "text", max_length=5),
    item("choice", "code", codes="risk"),
    item("choices", "codes", codes="risk"),
    item("yes", "boolean"),
    item("day", "date"),
    item("part", "partial-date"),
    item("moment", "datetime"),
)
CST = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("whole", 5, 5),
        ("whole", " -12 ", -12),
        ("whole", "+7", 7),
        ("whole", 3.0, 3),
        ("whole", "3.0", 3),
        ("whole", Decimal("4"), 4),
        ("number", 5, 5.0),
        ("number", "0.5", 0.5),
        ("number", ".5", 0.5),
        ("number", "-0", 0.0),
        ("number", 2**53 - 1, float(2**53 - 1)),
        ("words", "  a\r\nb\tc  ", "a\nb\tc"),
        ("words", "咳嗽 👩‍⚕️", "咳嗽 👩‍⚕️"),
        ("words", "e\u0301", "\u00e9"),
        ("words", "x" * 2000, "x" * 2000),
        ("choice", "low", "low"),
        ("choices", ["high", "low", "high"], ("low", "high")),
        ("choices", "middle", ("middle",)),
        ("yes", True, True),
        ("yes", "false", False),
        ("yes", "True", True),
        ("day", "2024-02-29", date(2024, 2, 29)),
        ("day", date(2024, 2, 29), date(2024, 2, 29)),
        ("part", "2023", "2023"),
        ("part", 2023, "2023"),
        ("part", "2023-05", "2023-05"),
        ("part", "2024-02-29", "2024-02-29"),
        ("part", "UN", "UN"),
        ("moment", "2026-03-01T08:00+08:00", datetime(2026, 3, 1, 8, 0, tzinfo=CST)),
        ("moment", "2026-03-01 08:00:30Z", datetime(2026, 3, 1, 8, 0, 30, tzinfo=UTC)),
    ],
)
def test_what_is_meant_clearly_is_read(name, raw, value):
    prepared = prepare(PROTOCOL, FORM, {name: raw})
    assert prepared.findings == ()
    assert prepared.values == {name: value}
    assert type(prepared.values[name]) is type(value)


def test_the_offset_of_a_moment_is_kept():
    value = prepare(PROTOCOL, FORM, {"moment": "2026-03-01T08:00+08:00"}).values["moment"]
    assert value.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("whole", True, "not-a-number"),
        ("whole", "3.5", "not-whole"),
        ("whole", 3.5, "not-whole"),
        ("whole", "1e3", "not-a-number"),
        ("whole", "٣", "not-a-number"),
        ("whole", "\uff11\uff12", "not-a-number"),
        ("whole", 10**400, "too-large"),
        ("whole", "9" * 5000, "too-large"),
        ("whole", "0x10", "not-a-number"),
        ("whole", "1_000", "not-a-number"),
        ("whole", {}, "not-a-number"),
        ("number", False, "not-a-number"),
        ("number", "1,5", "decimal-comma"),
        ("number", "1,500.5", "decimal-comma"),
        ("number", "nan", "not-finite"),
        ("number", float("nan"), "not-finite"),
        ("number", float("inf"), "not-finite"),
        ("number", "-Infinity", "not-finite"),
        ("number", Decimal("NaN"), "not-finite"),
        ("number", Decimal("1e999"), "not-finite"),
        ("number", 1e300, "too-large"),
        ("number", "abc", "not-a-number"),
        ("number", [1], "not-a-number"),
        ("words", 5, "not-text"),
        ("words", ["a"], "not-text"),
        ("words", "a\x00b", "control-character"),
        ("words", "a\x1bb", "control-character"),
        ("words", "a\u202eb", "control-character"),
        ("words", "a\ud800b", "control-character"),
        ("words", "x" * 2001, "too-long"),
        ("short", "sixsix", "too-long"),
        ("choice", "LOW", "not-a-code"),
        ("choice", True, "not-a-code"),
        ("choice", ["low"], "not-a-code"),
        ("choices", ["low", "none"], "not-a-code"),
        ("choices", [["low"]], "not-a-code"),
        ("yes", 1, "not-true-or-false"),
        ("yes", "yes", "not-true-or-false"),
        ("day", "2023-02-29", "impossible-date"),
        ("day", "2023-13-01", "impossible-date"),
        ("day", "0000-01-01", "impossible-date"),
        ("day", "20230101", "not-a-date"),
        ("day", "2023-W01-1", "not-a-date"),
        ("day", "01/02/2023", "not-a-date"),
        ("day", datetime(2023, 1, 1, tzinfo=UTC), "not-a-date"),
        ("day", 20230101, "not-a-date"),
        ("part", "2023-13", "impossible-date"),
        ("part", "2023-02-30", "impossible-date"),
        ("part", "23", "not-a-partial-date"),
        ("part", "UNK", "not-a-partial-date"),
        ("part", True, "not-a-partial-date"),
        ("moment", "2026-03-01T08:00", "no-offset"),
        ("moment", datetime(2026, 3, 1), "no-offset"),
        ("moment", "2026-03-01T24:00Z", "impossible-date"),
        ("moment", "2026-02-30T08:00Z", "impossible-date"),
        ("moment", "2026-03-01T08:00+99:00", "impossible-date"),
        ("moment", "tomorrow", "not-a-time"),
        ("moment", "2026-03-01", "not-a-time"),
    ],
)
def test_what_is_not_clear_is_refused_in_its_own_sentence(name, raw, code):
    prepared = prepare(PROTOCOL, FORM, {name: raw})
    assert prepared.values == {}
    (finding,) = prepared.findings
    assert (finding.item, finding.code, finding.severity) == (name, code, "hard")
    assert finding.message.say("en").endswith(".")
    assert finding.message.say("zh-Hans").endswith("。")
    assert len(finding.message.say("en")) < 200
    assert not prepared.saveable


@pytest.mark.parametrize("raw", [None, "", "   ", [], ()])
@pytest.mark.parametrize("name", [one.id for one in FORM.items()])
def test_nothing_is_no_answer(name, raw):
    assert prepare(PROTOCOL, FORM, {name: raw}).values == {}
    assert prepare(PROTOCOL, FORM, {name: raw}).findings == ()


@pytest.mark.parametrize(
    "raw", [float("inf"), -(10**30), "9" * 39, "\x00", "\u202e", object(), {"a": 1}, b"1"]
)
def test_no_raw_answer_ever_raises(raw):
    for one in FORM.items():
        prepared = prepare(PROTOCOL, FORM, {one.id: raw})
        assert one.id in prepared.values or prepared.hard, one.id
