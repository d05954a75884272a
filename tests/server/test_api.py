"""The door for programs: tokens, blinding, idempotency, and anything a machine may send."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from equipoise.errors import NotPermitted, OutOfOrder, UnknownRecord
from equipoise_server.services.access.appoint import dismiss
from equipoise_server.services.access.program_tokens import issue, revoke
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.store.models import LedgerEntry, ProgramToken, RecordVersion, User
from equipoise_server.web.api import token as token_module
from equipoise_server.web.api.pace import Pace
from server.cast import NOW, Cast, key

API = "/api/v1"
HERE, THERE = "S01-AAAAA-AAAAA", "S02-BBBBB-BBBBB"
SYMPTOMS = f"{API}/participants/{HERE}/records/symptoms/screen/0"


def token_of(user: User, role: str, site: str | None, *, writes: bool = False) -> str:
    now = timezone.now()
    return issue(
        label="a program",
        role=role,
        site=site,
        until=now + timedelta(days=1),
        writes=writes,
        by=user,
        at=now,
        key=key(),
    )


class Program:
    """A program with one token."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def get(self, address: str, status: int = 200) -> Any:
        answer = self.client.get(f"{API}/{address}")
        assert answer.status_code == status, answer.content
        return answer.json()

    def put(self, body: Any, given: str = "a-key-of-mine", address: str = SYMPTOMS) -> Any:
        return self.client.put(
            address, body, content_type="application/json", headers={"Idempotency-Key": given}
        )


@pytest.fixture
def two(trial: Cast) -> Cast:
    """One participant at each of two sites; the first is randomised."""
    trial.make_eligible(trial.enrol())
    trial.enrol(THERE, site="s02")
    randomise(participant=HERE, by=trial.investigator, at=NOW, key=key())
    return trial


def test_nobody_gets_in_without_a_token_that_counts(two):
    for header in ("", "Bearer", "Bearer x", "Bearer eqp_" + "a" * 43, "Basic eHg6eXk="):
        answer = Client(headers={"Authorization": header}).get(f"{API}/participants")
        assert answer.status_code == 401
    signed = Client()
    signed.force_login(two.investigator)
    assert signed.get(f"{API}/participants").status_code == 401
    now = timezone.now()
    token = token_of(two.investigator, "investigator", "s01")
    assert not ProgramToken.objects.filter(digest__contains=token).exists()
    assert Program(token).get("participants")["total"] == 1
    revoke(digest=ProgramToken.objects.get().digest, by=two.investigator, at=now, key=key())
    assert Program(token).get("participants", 401)


def test_a_token_ends_with_the_role_it_rests_on(two):
    token = token_of(two.investigator, "investigator", "s01")
    given = {"username": "chen", "role": "investigator", "site": "s01"}
    dismiss(**given, by=two.administrator, at=timezone.now(), key=key())
    assert Program(token).get("participants", 401)


def test_nobody_gives_a_program_more_than_they_have(two):
    for role, site in (
        ("investigator", "s02"),
        ("investigator", None),
        ("data manager", None),
        ("pharmacist", None),
    ):
        with pytest.raises(NotPermitted):
            token_of(two.investigator, role, site)
    with pytest.raises(NotPermitted):
        token_of(two.pharmacist, "pharmacist", None)
    now = timezone.now()
    for until in (now - timedelta(days=1), now + timedelta(days=400)):
        with pytest.raises(OutOfOrder):
            issue(
                label="x",
                role="investigator",
                site="s01",
                until=until,
                writes=False,
                by=two.investigator,
                at=now,
                key=key(),
            )
    digest = ProgramToken.objects.create(
        digest="d" * 64, user=two.investigator, role="x", label="x", since=now, until=now
    ).digest
    with pytest.raises(UnknownRecord):
        revoke(digest=digest, by=two.elsewhere, at=now, key=key())


def test_a_token_sees_its_site_and_no_other(two):
    program = Program(token_of(two.investigator, "investigator", "s01"))
    assert [one["code"] for one in program.get("participants")["participants"]] == [HERE]
    assert program.get("participants?site=s02")["participants"] == []
    for address in (
        f"participants/{THERE}",
        f"participants/{THERE}/records",
        f"participants/{THERE}/records/screening/screen/0",
    ):
        strange = program.get(address, 404)
        nobody = program.get(address.replace(THERE, "S09-ZZZZZ-ZZZZZ"), 404)
        assert json.dumps(strange).replace(THERE, "S09-ZZZZZ-ZZZZZ") == json.dumps(nobody)
    everywhere = Program(token_of(two.data_manager, "data manager", None))
    assert everywhere.get("participants")["total"] == 2


def test_what_the_pages_hide_from_an_assessor_the_api_hides_too(two):
    nurse = Program(token_of(two.nurse, "dosing nurse", "s01"))
    assessor = Program(token_of(two.assessor, "assessor", "s01"))
    seen, less = ({form["id"] for form in one.get("study")["forms"]} for one in (nurse, assessor))
    assert less < seen
    hidden = sorted(seen - less)[0]
    assert assessor.get(f"forms/{hidden}", 404)["code"] == "refused.unknown"
    assert nurse.get(f"participants/{HERE}")["doses"] == 0
    assert assessor.get(f"participants/{HERE}")["doses"] is None
    heads = assessor.get(f"participants/{HERE}/records")
    assert {one["form"] for one in heads} <= less
    unblinded = {f.id for f in two.study.forms.values() if f.audience != "blinded"}
    assert unblinded
    assert not unblinded & seen


def test_a_record_is_saved_once_however_often_it_is_sent(two):
    program = Program(token_of(two.investigator, "investigator", "s01", writes=True))
    form = program.get("forms/symptoms")
    item = next(one for one in form["items"] if one["type"] in ("integer", "decimal"))
    body = {"answers": {item["id"]: item["low"] or 1}, "on": "2026-03-02", "expected": 0}
    first, again = program.put(body), program.put(body)
    assert first.status_code == 200, first.content
    assert first.json() == again.json()
    assert first.json()["version"] == 1
    other = program.put({**body, "on": "2026-03-01"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict.key-reused")
    stale = program.put({**body, "answers": {item["id"]: 2}}, "another-key")
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict.saved-first")
    assert RecordVersion.objects.filter(record__form="symptoms").count() == 1
    kept = program.get(f"participants/{HERE}/records/symptoms/screen/0")
    assert kept["answers"][item["id"]] == body["answers"][item["id"]]
    assert kept["saved_by"] == "chen"


def test_a_token_that_reads_or_a_role_that_may_not_cannot_write(two):
    body = {"answers": {}, "on": "2026-03-02", "expected": 0}
    before = LedgerEntry.objects.count()
    for user, role, site, writes in (
        (two.investigator, "investigator", "s01", False),
        (two.data_manager, "data manager", None, True),
    ):
        program = Program(token_of(user, role, site, writes=writes))
        before += 1
        answer = program.put(body)
        assert (answer.status_code, answer.json()["code"]) == (403, "refused.not-permitted")
    elsewhere = Program(token_of(two.elsewhere, "investigator", "s02", writes=True))
    assert elsewhere.put(body).status_code == 404
    assert LedgerEntry.objects.count() == before + 1


NONSENSE: tuple[Any, ...] = (
    {},
    {"answers": []},
    {"answers": {}, "on": "2026-03-02"},
    {"answers": {}, "on": "yesterday", "expected": 0},
    {"answers": {}, "on": "2999-01-01", "expected": 0},
    {"answers": {"no_such_item": 1}, "on": "2026-03-02", "expected": 0},
    {"answers": {"\x00": "\x00"}, "on": "2026-03-02", "expected": 0},
    {"answers": {"\ud800": 1}, "on": "2026-03-02", "expected": 0},
    {"answers": {"pain": "\ud800"}, "on": "2026-03-02", "expected": 0},
    {"answers": {"pain": "DROP TABLE"}, "on": "2026-03-02", "expected": 0},
    {"answers": {"pain": {"value": 3}}, "on": "2026-03-02", "expected": 0},
    {"answers": {"pain": 10**400}, "on": "2026-03-02", "expected": 0},
    {"answers": {"pain": [[[3]]]}, "on": "2026-03-02", "expected": 0},
    {"answers": {}, "on": "2026-03-02", "expected": 7},
    {"answers": {"pain": 3}, "on": "2026-03-02", "expected": 0, "reson": "misspelt"},
    {"answers": {}, "on": "2026-03-02", "expected": -1},
    {"answers": {}, "on": "2026-03-02", "expected": 10**30},
    {"answers": {}, "on": "2026-03-02", "expected": 0, "reason": "x" * 3000},
    "not an object",
)


def test_nonsense_is_refused_with_a_code_and_writes_nothing(two):
    program = Program(token_of(two.investigator, "investigator", "s01", writes=True))
    before = RecordVersion.objects.count()
    for number, body in enumerate(NONSENSE):
        answer = program.put(body, f"nonsense-{number}")
        assert answer.status_code in (400, 409, 422), answer.content
        assert {"code", "message", "problems"} == answer.json().keys(), answer.content
    assert program.put({}, "").status_code == 422
    assert RecordVersion.objects.count() == before


RAW: tuple[tuple[bytes, str, int], ...] = (
    (b"", "application/json", 422),
    (b"{", "application/json", 400),
    (b"{}", "text/plain", 415),
    (b"answers=1", "application/x-www-form-urlencoded", 415),
    (b"\xff\xfe{}", "application/json", 400),
    (b"[" * 100_000, "application/json", 400),
    (b"[" * 21 + b"]" * 21, "application/json", 400),
    (b'{"on": "2026-03-02", "on": "2026-03-03"}', "application/json", 400),
    (b'{"expected": NaN}', "application/json", 400),
    (b'{"expected": -Infinity}', "application/json", 400),
    (b'{"expected": 1e999, "answers": {}, "on": "2026-03-02"}', "application/json", 422),
    (b'{"expected": ' + b"9" * 5000 + b"}", "application/json", 400),
    (b'{"answers": "' + b"x" * 3_000_000 + b'"}', "application/json", 413),
)


def test_what_is_no_plain_document_is_refused_where_it_is_wrong(two):
    program = Program(token_of(two.investigator, "investigator", "s01", writes=True))
    before = LedgerEntry.objects.count()
    for number, (body, kind, status) in enumerate(RAW):
        given = {"Idempotency-Key": f"raw-{number:04}"}
        answer = program.client.put(SYMPTOMS, body, content_type=kind, headers=given)
        assert answer.status_code == status, (body[:30], answer.content)
        assert answer.json()["code"] == f"http.{status}"
    assert LedgerEntry.objects.count() == before


def test_a_misspelt_parameter_is_refused_and_not_overlooked(two):
    program = Program(token_of(two.data_manager, "data manager", None))
    for wrong in ("stie=s01", "site=s01&site=s02", "limit=0", "limit=501", "after=%00", "limit=x"):
        assert program.get(f"participants?{wrong}", 422)["code"] == "http.422"
    assert "site, status" in program.get("participants?stie=s01", 422)["message"]


def test_every_answer_is_for_the_program_alone_and_has_one_shape(two):
    program = Program(token_of(two.data_manager, "data manager", None)).client
    for method, address, status in (
        ("GET", "study", 200),
        ("GET", "participants/S01-ZZZZZ-ZZZZZ", 404),
        ("GET", "nothing/at/all", 404),
        ("POST", "study", 405),
        ("DELETE", "participants", 405),
        ("GET", "participants?limit=x", 422),
        ("PUT", SYMPTOMS.removeprefix(f"{API}/"), 422),
    ):
        answer = program.generic(method, f"{API}/{address}", b"{}", "application/json")
        assert answer.status_code == status, (address, answer.content)
        assert answer["Content-Type"].startswith("application/json")
        assert answer["Cache-Control"] == "private, no-store"
        assert status == 200 or answer.json().keys() == {"code", "message", "problems"}
        assert ("Allow" in answer) is (status == 405)
    nobody = Client().get(f"{API}/study")
    assert nobody["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_asks_too_fast_waits_and_others_do_not(two, monkeypatch):
    monkeypatch.setattr(token_module, "pace", Pace(burst=3, a_second=0.001))
    hasty, other = (Program(token_of(two.investigator, "investigator", "s01")) for _ in range(2))
    for _ in range(3):
        hasty.get("token")
    told = hasty.client.get(f"{API}/token")
    assert (told.status_code, told.json()["code"]) == (429, "http.429")
    assert int(told["Retry-After"]) >= 1
    assert other.get("token")["role"] == "investigator"


def test_the_pace_comes_back_with_time_and_never_above_the_burst():
    pace = Pace(burst=2, a_second=1.0)
    assert [pace.wait("a", now) for now in (0.0, 0.0, 0.0, 0.5, 1.5)] == [0, 0, 1, 1, 0]
    assert [pace.wait("a", 1000.0) for _ in range(3)] == [0, 0, 1]
    assert pace.wait("b", 1000.0) == 0
    assert pace.wait("a", 5.0) == 1  # a clock that goes back gives nothing


def test_a_token_says_what_it_is_and_when_it_was_used(two):
    program = Program(token_of(two.investigator, "investigator", "s01"))
    assert ProgramToken.objects.get().used_at is None
    said = program.get("token")
    assert (said["user"], said["site"], said["writes"]) == ("chen", "s01", False)
    first = ProgramToken.objects.get().used_at
    assert first is not None
    program.get("token")
    assert ProgramToken.objects.get().used_at == first  # to the hour


def test_what_is_wrong_is_said_item_by_item(two):
    program = Program(token_of(two.investigator, "investigator", "s01", writes=True))
    body = {"answers": {"pain": "much"}, "on": "2026-03-02", "expected": 0}
    told = program.put(body).json()
    assert told["code"] == "refused.invalid-record"
    assert [one["item"] for one in told["problems"]] == ["pain"]
    assert all(one["message"] for one in told["problems"])
