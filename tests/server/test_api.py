"""The door for programs: tokens, blinding, idempotency, and anything a machine may send."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as effort

from equipoise.errors import NotPermitted, OutOfOrder, UnknownRecord
from equipoise_server.services.access.appoint import dismiss
from equipoise_server.services.access.program_tokens import issue, revoke
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.store.models import LedgerEntry, ProgramToken, RecordVersion, User
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
    body = {"answers": {}, "on": "2026-03-02"}
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
    {"answers": {}, "on": "yesterday"},
    {"answers": {}, "on": "2999-01-01"},
    {"answers": {"no_such_item": 1}, "on": "2026-03-02"},
    {"answers": {"\x00": "\x00"}, "on": "2026-03-02"},
    {"answers": {"pain": "DROP TABLE"}, "on": "2026-03-02"},
    {"answers": {}, "on": "2026-03-02", "expected": -1},
    {"answers": {}, "on": "2026-03-02", "expected": 10**30},
    {"answers": {}, "on": "2026-03-02", "reason": "x" * 3000},
    "not an object",
)


def test_nonsense_is_refused_with_a_code_and_writes_nothing(two):
    program = Program(token_of(two.investigator, "investigator", "s01", writes=True))
    before = RecordVersion.objects.count()
    for number, body in enumerate(NONSENSE):
        answer = program.put(body, f"nonsense-{number}")
        assert answer.status_code in (400, 409, 422), answer.content
        assert {"code", "message"} == answer.json().keys(), answer.content
    assert program.put({}, "").status_code == 422
    assert RecordVersion.objects.count() == before


def machine_sent(two: Cast, examples: int) -> int:
    """Everything that the API says it takes, and much that it does not; how many requests."""
    settings.ALLOWED_HOSTS = ["localhost", "testserver", "127.0.0.1"]
    from equipoise_server.wsgi import application

    token = token_of(two.investigator, "investigator", "s01", writes=True)
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", application)
    sent = 0

    for operation in schema.get_all_operations():

        @effort(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        def each(case: Any) -> None:
            nonlocal sent
            sent += 1
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code < 500, (case.as_curl_command(), answer.text)
            assert answer.status_code in (200, 400, 403, 404, 405, 409, 415, 422), answer.text

        from hypothesis import given

        given(case=operation.ok().as_strategy())(each)()
    return sent


@pytest.mark.once
def test_nothing_that_a_machine_sends_breaks_it(two):
    assert machine_sent(two, 6) > 40


@pytest.mark.prove
def test_nothing_that_a_machine_sends_for_long_breaks_it(two):
    assert machine_sent(two, 200) > 1000


def test_the_description_names_every_address_and_loads_nothing_from_elsewhere():
    said = Client().get(f"{API}/openapi.json").json()
    assert len(said["paths"]) >= 7
    assert Client().get(f"{API}/docs").status_code == 404
    assert "HTTPBearer" in json.dumps(said) or "Bearer" in json.dumps(said)
