"""Refusals on a page: in the reader's language, whatever they were made of, and from wherever."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.template import engines
from django.utils import translation

from equipoise.errors import (
    DoseNotAllowed,
    EquipoiseError,
    NotConsented,
    NotEligible,
    NotPermitted,
    PartLocked,
    ReasonRequired,
    UnknownRecord,
    listed,
    say,
)
from equipoise_server.allocator import messages
from equipoise_server.services.access.permissions import role_needed
from equipoise_server.store.heads import Place
from equipoise_server.store.locks import Part
from equipoise_server.web.shared.refusals import told

pytestmark = pytest.mark.once
PLACE = Place(participant="A-7", form="vs", visit="d3", number=2)
REFUSALS = [
    (
        NotPermitted("record", role_needed(("coordinator", "investigator"), "site-03")),
        "您不能“保存记录”：需要中心 site-03 的协调员或研究者角色。请联系试验办公室。",
    ),
    (
        NotConsented("A-7", "randomisation"),
        "A-7 尚无签署的知情同意，因此拒绝“随机化”。请先记录签署的知情同意。",
    ),
    (
        NotEligible("A-7", ("I1", "E3")),
        "A-7 未随机化：I1、E3 不满足或未填写。请更正筛选表单，或记录筛选失败。",
    ),
    (
        DoseNotAllowed("A-7", say("Dose {number} was due by {latest}.", number=3, latest="08:00")),
        "A-7 的给药未记录：第 3 剂应于 08:00 前给药。",
    ),
    (
        ReasonRequired(say("A change to {place}", place=PLACE)),
        "更改 A-7 的 vs 第 2 号（d3）须说明理由。请填写理由后再次保存。",
    ),
    (
        PartLocked(str(Part(scope="site", site="site-03")), "record"),
        "中心 site-03已锁定，因此拒绝“保存记录”。须由两人各自说明理由后方可解锁。",
    ),
]


@pytest.mark.parametrize(("error", "chinese"), REFUSALS)
def test_a_refusal_is_said_in_chinese_to_its_last_word(error: EquipoiseError, chinese: str) -> None:
    with translation.override("zh-hans"):
        assert told(error) == chinese
    with translation.override("en"):
        assert told(error) == str(error)


@pytest.mark.parametrize("error", [one for one, _ in REFUSALS])
def test_a_refusal_of_the_allocator_loses_nothing_on_its_way(error: EquipoiseError) -> None:
    with pytest.raises(type(error)) as caught:
        messages.answered(messages.refusal(error, "n"), "n")
    assert str(caught.value) == str(error)
    with translation.override("zh-hans"):
        assert told(caught.value) == told(error)


def test_what_is_known_in_english_alone_is_marked_as_english() -> None:
    error = EquipoiseError("Nobody has put <this> into another language.")
    with translation.override("zh-hans"):
        assert told(error) == (
            '<span lang="en">Nobody has put &lt;this&gt; into another language.</span>'
        )


def test_data_within_a_refusal_are_escaped_and_never_translated() -> None:
    error = UnknownRecord(say("participant {code}", code="<b>A</b>"))
    template = engines["django"].from_string("{{ error|told }}")
    with translation.override("zh-hans"):
        assert template.render({"error": error}) == (
            "不存在：参与者 &lt;b&gt;A&lt;/b&gt;。请核对编码后重试。"
        )


def test_moments_and_numbers_stay_as_they_are() -> None:
    at = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    error = DoseNotAllowed(
        "A-7", say("dosing stopped for good at {dosing_stopped_at}", dosing_stopped_at=at)
    )
    with translation.override("zh-hans"):
        assert "2026-03-01 08:30:00+00:00" in told(error)
    with translation.override("zh-hans"):
        assert told(listed(["a", "b"], "; ")) == "a；b"
