"""Queries and changes over the wire: by the rules of the pages, and nothing of other sites."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from equipoise_server.store.models import Finding, LedgerEntry
from server.cast import ADULT, NOW, Cast
from server.test_api import HERE, Program, token_of, two

__all__ = ["two"]
ASK = {"participant": HERE, "form": "screening", "visit": "screen", "number": 0, "item": "age"}


def post(program: Program, address: str, body: Any, given: str = "a-key-of-mine") -> Any:
    return program.client.post(
        f"/api/v1/{address}",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": given},
    )


@pytest.fixture
def manager(two: Cast) -> Program:
    return Program(token_of(two.data_manager, "data manager", None, writes=True))


@pytest.fixture
def site(two: Cast) -> Program:
    return Program(token_of(two.investigator, "investigator", "s01", writes=True))


@pytest.fixture
def elsewhere(two: Cast) -> Program:
    return Program(token_of(two.elsewhere, "investigator", "s02", writes=True))


def test_a_query_is_opened_answered_closed_and_reopened(
    two: Cast, manager: Program, site: Program
) -> None:
    words = {**ASK, "text": "Is this the age in years? 年龄单位？"}
    first, again = (post(manager, "queries", words) for _ in range(2))
    assert first.status_code == 200, first.content
    assert first.json() == again.json()
    number = first.json()["query"]
    assert [one["id"] for one in site.get(f"queries?participant={HERE}&state=waiting")] == [number]
    turns = f"queries/{number}/turns"
    answer = {"act": "answer", "text": "Yes, in years."}
    told = post(site, turns, answer, "answer-0001").json()
    assert (told["state"], bool(told["answered_at"])) == ("answered", True)
    closed = post(manager, turns, {"act": "close"}, "close-0001").json()
    assert (closed["state"], bool(closed["closed_at"])) == ("closed", True)
    refused = post(site, turns, answer, "answer-0002")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused.out-of-order")
    assert post(manager, turns, {"act": "reopen", "text": "Once more"}, "open-00001").json()[
        "state"
    ] in ("open", "answered")
    whole = site.get(f"queries/{number}")
    assert [one["text"] for one in whole["turns"]] == [
        words["text"], answer["text"], "", "Once more",
    ]  # fmt: skip
    assert {one["by"] for one in whole["turns"]} == {
        two.data_manager.username,
        two.investigator.username,
    }


def test_a_query_of_another_site_is_one_that_does_not_exist(
    two: Cast, manager: Program, elsewhere: Program
) -> None:
    number = post(manager, "queries", {**ASK, "text": "Which?"}).json()["query"]
    before = LedgerEntry.objects.count()
    assert elsewhere.get("queries?state=all") == []
    strange = elsewhere.get(f"queries/{number}", 404)
    nobody = elsewhere.get(f"queries/{number + 99}", 404)
    assert strange["message"].replace(str(number), "N") == nobody["message"].replace(
        str(number + 99), "N"
    )
    for act in ("answer", "close", "reopen"):
        sent = post(elsewhere, f"queries/{number}/turns", {"act": act, "text": "x"}, f"key-{act}-1")
        assert sent.status_code in (403, 404), sent.content
    assert post(elsewhere, "queries", {**ASK, "text": "Mine?"}).status_code in (403, 404)
    assert LedgerEntry.objects.count() == before


def test_who_only_reads_or_may_not_asks_nothing(two: Cast, site: Program) -> None:
    reading = Program(token_of(two.data_manager, "data manager", None))
    for program in (reading, site):  # the site answers; it opens no query
        sent = post(program, "queries", {**ASK, "text": "Why?"})
        assert (sent.status_code, sent.json()["code"]) == (403, "refused.not-permitted")
    assert not Finding.objects.filter(origin="person").exists()


NONSENSE: tuple[Any, ...] = (
    {},
    {**ASK},
    {**ASK, "text": ""},
    {**ASK, "text": "x" * 2001},
    {**ASK, "text": "\x00"},
    {**ASK, "text": "\ud800"},
    {**ASK, "text": "why", "number": -1},
    {**ASK, "text": "why", "number": True},
    {**ASK, "text": "why", "item": "no_such_item"},
    {**ASK, "text": "why", "visit": "never"},
    {**ASK, "text": "why", "vist": "screen"},
    {**ASK, "text": "does this person get the active arm?"},
    [],
    "why",
)


def test_nonsense_opens_nothing(two: Cast, manager: Program) -> None:
    for number, body in enumerate(NONSENSE):
        sent = post(manager, "queries", body, f"nonsense-{number}")
        assert sent.status_code in (400, 404, 409, 422), (body, sent.content)
        assert {"code", "message", "problems"} == sent.json().keys()
    assert not Finding.objects.filter(origin="person").exists()


def walked(program: Program, limit: int) -> list[str]:
    """Every digest of the changes, a page at a time."""
    found: list[str] = []
    since, last = "", ""
    while True:
        answer = program.get(f"changes?limit={limit}&since={quote(since)}&after={last}".replace(
            "since=&", "" if not since else "since=&"
        ))  # fmt: skip
        found += [one["digest"] for one in answer["changes"]]
        since, last = answer["following"], answer["last"]
        if not answer["more"]:
            assert not program.get(f"changes?since={quote(since)}&after={last}")["changes"]
            return found


def test_a_program_follows_every_change_and_none_twice(
    two: Cast, manager: Program, elsewhere: Program
) -> None:
    two.fill_in(HERE, "symptoms", {"pain": 3}, visit="screen", at=timezone.now())  # too fresh
    whole = [one["digest"] for one in manager.get("changes?limit=500")["changes"]]
    assert len(whole) > 1
    assert walked(manager, 1) == walked(manager, 2) == whole
    assert len(set(whole)) == len(whole)
    changes = manager.get("changes")["changes"]
    assert (HERE, "symptoms") not in {(one["participant"], one["form"]) for one in changes}
    assert {one["participant"] for one in changes} == {HERE}
    assert elsewhere.get("changes")["changes"] == []
    times = [one["saved_at"] for one in changes]
    assert times == sorted(times)
    ahead = (timezone.now() + timedelta(days=1)).isoformat()
    assert manager.get(f"changes?since={quote(ahead)}")["changes"] == []
    assert manager.get("changes?since=yesterday", 422)["code"] == "http.422"
    assert manager.get("changes?since=2026-03-01T00:00:00", 422)["code"] == "http.422"


def test_the_changes_say_what_was_answered_by_whom_and_why(two: Cast, manager: Program) -> None:
    later = NOW + timedelta(hours=1)
    two.fill_in(HERE, "screening", {**ADULT, "age": 51}, reason="Misread", at=later)
    told = [one for one in manager.get("changes")["changes"] if one["form"] == "screening"]
    assert [(one["version"], one["answers"]["age"]) for one in told] == [(1, 44), (2, 51)]
    assert [one["reason"] for one in told] == ["", "Misread"]
    assert {(one["saved_by"], one["site"]) for one in told} == {("chen", "s01")}
    under = told[0]["study"]
    items = manager.get(f"forms/screening?study={under}")
    assert items["study"] == under
    assert told[0]["answers"].keys() <= {one["id"] for one in items["items"]}
    assert manager.get(f"forms/screening?study={'0' * 64}", 404)["code"] == "refused.unknown"


def test_the_pages_of_queries_do_not_shift_when_one_is_closed(two: Cast, manager: Program) -> None:
    numbers = []
    for item in ("age", "sex", "egfr"):
        words = {**ASK, "item": item, "text": "Sure?"}
        numbers.append(post(manager, "queries", words, f"open-{item}-key").json()["query"])
    first = manager.get("queries?limit=1")
    post(manager, f"queries/{numbers[0]}/turns", {"act": "close"}, "close-first")
    rest = manager.get(f"queries?limit=5&after={first[-1]['id']}")
    assert [one["id"] for one in (*first, *rest)] == numbers
