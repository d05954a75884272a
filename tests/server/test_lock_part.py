"""Locks on parts: only what is finished, for every way of writing, and two persons to open."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import equipoise_server
from equipoise.errors import (
    NotLocked,
    NotPermitted,
    NotReady,
    PartLocked,
    TwoPersonsRequired,
    UnknownRecord,
)
from equipoise_server.allocator import client
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.cleaning.answer_query import answer_query
from equipoise_server.services.cleaning.raise_deviation import raise_deviation
from equipoise_server.services.cleaning.verify_source import verify_source
from equipoise_server.services.consenting.consent import consent
from equipoise_server.services.participants.complete import complete
from equipoise_server.services.participants.fail_screening import fail_screening
from equipoise_server.services.participants.move_participant import move_participant
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.record_death import record_death
from equipoise_server.services.participants.report_event import report_event
from equipoise_server.services.participants.screen import screen
from equipoise_server.services.participants.stop_dosing import stop_dosing
from equipoise_server.services.participants.withdraw import withdraw
from equipoise_server.services.trial import agree
from equipoise_server.services.trial.lock import lock
from equipoise_server.services.trial.lock_part import lock_part
from equipoise_server.services.trial.unlock_part import unlock_part
from equipoise_server.services.verify import verify
from equipoise_server.store.locks import Part
from equipoise_server.store.models import LedgerEntry, Lock, Record, RecordVersion, Trial
from equipoise_server.store.queries import checklist
from server.cast import ADULT, NOW, TODAY, Cast, key
from server.finalising import by_hand, seen, sign_as

CODE = "S01-AAAAA-AAAAA"
RECORD = Part(
    scope="record", site="s01", participant=CODE, visit="screen", form="screening", number=0
)
VISIT = Part(scope="visit", site="s01", participant=CODE, visit="screen")
PERSON = Part(scope="participant", site="s01", participant=CODE)
SITE = Part(scope="site", site="s01")
SCOPES = [RECORD, VISIT, PERSON, SITE]
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def signed(trial: Cast) -> Cast:
    trial.fill_in(trial.enrol(CODE), "screening", ADULT)
    sign_as(trial.investigator, CODE, "screening", seen(CODE, "screening"))
    return trial


def force(part: Part) -> None:
    """A lock as if everything had been finished."""
    from django.db import connection, transaction

    from equipoise_server.services.request import Request
    from equipoise_server.services.trial.lock_part import append
    from equipoise_server.store import locks
    from equipoise_server.store.models import User

    with transaction.atomic(), connection.cursor() as cursor:
        locks.put(part, NOW)
        by = User.objects.get(username="guo")
        request = Request(verb="lock a part", by=by, at=NOW, key=key(), body={})
        append(cursor, locks.LOCKED, part, request, {})


@pytest.fixture
def finished(signed: Cast) -> Cast:
    """Signed, and every answer that the plan asks for compared with its source."""
    monitor = appoint(
        username="mo", full_name="Mo", role="monitor", site=None, by=signed.administrator,
        at=NOW, key=key(),
    )  # fmt: skip
    items = [one.item for one in checklist.points(RECORD, NOW)[3].left]
    verify_source(
        participant=CODE, form="screening", visit="screen", items=items, expected=1, by=monitor,
        at=NOW, key=key(),
    )  # fmt: skip
    return signed


def test_a_finished_record_is_locked(finished: Cast) -> None:
    signed = finished
    lock_part(RECORD, by=signed.data_manager, at=NOW, key=key())
    with pytest.raises(PartLocked, match="screening of S01-AAAAA-AAAAA at screen is locked"):
        signed.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="why", at=LATER)
    signed.fill_in(CODE, "screening_breath", {"taken_on": TODAY})  # beside it all goes on
    assert verify().sound


def test_what_is_not_finished_is_not_locked(trial: Cast) -> None:
    trial.fill_in(trial.enrol(CODE), "screening", {**ADULT, "egfr": None})
    with pytest.raises(NotReady) as refusal:
        lock_part(PERSON, by=trial.data_manager, at=NOW, key=key())
    said = " ".join(refusal.value.open_points)
    assert f"1 record without a signature that it needs (screening of {CODE} at screen)" in said
    assert "due or overdue" in said
    assert not Lock.objects.exists()


def test_an_open_query_keeps_a_record_open(trial: Cast) -> None:
    trial.fill_in(trial.enrol(CODE), "screening", ADULT)
    sign_as(trial.investigator, CODE, "screening", seen(CODE, "screening"))
    ask(trial)
    with pytest.raises(NotReady, match="1 open query"):
        lock_part(RECORD, by=trial.data_manager, at=NOW, key=key())


def test_a_change_that_voids_a_signature_keeps_it_open(signed: Cast) -> None:
    signed.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="why", at=LATER)
    with pytest.raises(NotReady, match="without a signature"):
        lock_part(RECORD, by=signed.data_manager, at=LATER, key=key())


def ask(cast: Cast) -> int:
    """A query that a rule left open in spite of the lock."""
    from equipoise_server.store.models import Finding

    return Finding.objects.create(
        record=Record.objects.get(), code="odd", message={"en": "?"}, opened_version=1,
        opened_at=NOW,
    ).pk  # fmt: skip


WRITES: dict[str, Callable[[Cast], object]] = {
    "record": lambda cast: cast.fill_in(
        CODE, "screening", {**ADULT, "age": 46}, reason="why", at=LATER
    ),
    "report an event": lambda cast: report_event(
        participant=CODE, values={}, on=TODAY, by=cast.investigator, at=LATER, key=key()
    ),
    "consent": lambda cast: consent(
        participant=CODE, version="9", by=cast.investigator, at=LATER, key=key()
    ),
    "withdraw": lambda cast: withdraw(
        participant=CODE, level="data", reason="x", on=TODAY, by=cast.investigator, at=LATER,
        key=key(),
    ),
    "fail screening": lambda cast: fail_screening(
        participant=CODE, reason="x", on=TODAY, by=cast.investigator, at=LATER, key=key()
    ),
    "record a death": lambda cast: record_death(
        participant=CODE, on=TODAY, by=cast.investigator, at=LATER, key=key()
    ),
    "complete": lambda cast: complete(
        participant=CODE, reason="x", on=TODAY, by=cast.investigator, at=LATER, key=key()
    ),
    "stop dosing": lambda cast: stop_dosing(
        participant=CODE, reason="x", by=cast.investigator, at=LATER, key=key()
    ),
    "sign": lambda cast: sign_as(
        cast.investigator, CODE, "reviewed", seen(CODE, "screening"), at=LATER
    ),
    "move": lambda cast: move_participant(
        participant=CODE, by=cast.investigator, at=LATER, key=key()
    ),
    "answer a query": lambda cast: answer_query(
        query=ask(cast), text="x", by=cast.investigator, at=LATER, key=key()
    ),
    "raise a deviation": lambda cast: raise_deviation(
        participant=CODE, kind="consent", on=TODAY, text="x", by=cast.investigator, at=LATER,
        key=key(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("part", [PERSON, SITE], ids=lambda one: one.scope)
def test_every_write_is_refused_on_a_locked_participant_or_site(signed: Cast, part: Part) -> None:
    force(part)
    before = LedgerEntry.objects.count(), RecordVersion.objects.count()
    for name, write in WRITES.items():
        try:
            write(signed)
        except PartLocked:
            continue
        pytest.fail(f"{name} went through")
    if part is SITE:
        with pytest.raises(PartLocked):
            screen(site="s01", on=TODAY, by=signed.investigator, at=LATER, key=key())
    assert (LedgerEntry.objects.count(), RecordVersion.objects.count()) == before


def test_a_locked_person_is_not_randomised(trial: Cast) -> None:
    trial.make_eligible(trial.enrol(CODE))
    force(PERSON)
    with pytest.raises(PartLocked):
        randomise(participant=CODE, by=trial.investigator, at=LATER, key=key())
    assert not client.holds(participant=CODE)  # the allocator was never asked


@pytest.mark.parametrize("part", SCOPES, ids=lambda one: one.scope)
def test_two_persons_unlock_each_with_a_reason(signed: Cast, part: Part) -> None:
    force(part)
    manager, chen = signed.data_manager, signed.investigator
    one = Agreed(by=manager, reason="A value was confused")
    for second in (one, Agreed(by=chen, reason=" ")):
        with pytest.raises(TwoPersonsRequired):
            unlock_part(part, first=one, second=second, at=LATER, key=key())
    with pytest.raises(NotPermitted):
        unlock_part(
            part, first=one, second=Agreed(by=signed.elsewhere, reason="x"), at=LATER, key=key()
        )
    assert Lock.objects.count() == 1
    unlock_part(part, first=one, second=Agreed(by=chen, reason="I saw it"), at=LATER, key=key())
    signed.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="why", at=LATER)
    assert verify().sound
    with pytest.raises(NotLocked):
        unlock_part(part, first=one, second=Agreed(by=chen, reason="x"), at=LATER, key=key())


def test_a_proposal_is_answered_by_another_person_once(signed: Cast) -> None:
    force(RECORD)
    manager, chen = signed.data_manager, signed.investigator
    body = agree.part_body(RECORD)
    number = agree.propose("unlock a part", body, by=manager, reason="wrong", at=NOW, key=key())
    with pytest.raises(TwoPersonsRequired):
        agree.agree(number, by=manager, reason="me too", at=NOW, key=key())
    agree.agree(number, by=chen, reason="I agree", at=NOW, key=key())
    assert not Lock.objects.exists()
    with pytest.raises(UnknownRecord):
        agree.agree(number, by=chen, reason="again", at=NOW, key=key())


@pytest.mark.parametrize(
    "part",
    [
        Part(scope="site", site="s99"),
        Part(scope="participant", site="s02", participant=CODE),
        Part(scope="visit", site="s01", participant=CODE, visit="nowhere"),
        Part(scope="record", site="s01", participant=CODE, visit="screen", form="x"),
    ],
    ids=str,
)
def test_what_is_not_there_is_not_locked(signed: Cast, part: Part) -> None:
    with pytest.raises(UnknownRecord):
        lock_part(part, by=signed.data_manager, at=NOW, key=key())


def test_only_a_data_manager_locks(signed: Cast) -> None:
    for by in (signed.investigator, signed.statistician, signed.nurse):
        with pytest.raises(NotPermitted):
            lock_part(RECORD, by=by, at=NOW, key=key())


def test_a_lock_taken_or_put_by_hand_is_found(finished: Cast) -> None:
    lock_part(RECORD, by=finished.data_manager, at=NOW, key=key())
    by_hand("DELETE FROM store_lock")
    assert "the ledger set it, nobody took it away, and it is gone" in [
        one.why for one in verify().broken
    ]
    by_hand(
        "INSERT INTO store_lock (scope, site, participant, visit, form, number, at) "
        "VALUES ('site', 's02', '', '', '', 0, '2026-03-02T09:00:00.000000Z')"
    )
    assert "no entry of the ledger set it" in [one.why for one in verify().broken]


def test_what_cannot_be_had_any_more_is_settled_by_a_closed_query(trial: Cast) -> None:
    from equipoise_server.services.cleaning.close_query import close_query
    from equipoise_server.services.cleaning.open_query import open_query

    code = trial.enrol(CODE)
    trial.fill_in(code, "screening_breath", {"result": "positive"})
    part = Part(
        scope="record", site="s01", participant=CODE, visit="screen", form="screening_breath"
    )
    (left,) = checklist.incomplete(part)
    assert left.item == "taken_on"
    manager = trial.data_manager
    place = {"participant": CODE, "form": "screening_breath", "visit": "screen"}
    query = open_query(**place, item="taken_on", text="Lost?", by=manager, at=NOW, key=key())
    assert list(checklist.incomplete(part)) == [left]
    close_query(query=query, by=manager, at=NOW, key=key())
    assert list(checklist.incomplete(part)) == []
    lock_part(part, by=manager, at=NOW, key=key())


def test_the_study_asks_the_same_checklist_as_its_page_and_says_what_is_left(trial: Cast) -> None:
    trial.fill_in(trial.enrol(CODE), "screening", ADULT)
    persons = {
        "first": Agreed(by=trial.data_manager, reason="clean"),
        "second": Agreed(by=trial.statistician, reason="clean"),
    }
    with pytest.raises(NotReady) as refusal:
        lock(**persons, at=NOW, key=key())
    for point in checklist.points(None, NOW):
        assert point.done or str(point) in str(refusal.value)
    assert "1 record without a signature" in str(refusal.value)
    assert (CODE, "screening", "screen", 0) in refusal.value.places
    assert not Trial.objects.filter(locked_at__isnull=False).exists()
    assert not LedgerEntry.objects.filter(what="locked").exists()


def test_nothing_writes_records_or_life_cycles_past_the_locks() -> None:
    """Versions and heads are written in one place, states in one; both ask for locks first.

    Randomisation asks before the allocator answers; redaction is the one door that stays.
    """
    root = Path(equipoise_server.__file__).parent
    writers = {
        "INSERT INTO store_recordversion": {"store/writing.py"},
        "writing.write(": {"store/save.py"},
        "UPDATE store_record ": {"store/writing.py"},
        "Participant.objects.update_or_create": set(),
        "rows.put(cursor, Participant": {"store/life.py", "store/texts.py"},
        "life.put(": {"services/participants/randomise.py"},
        " RecordVersion.objects.create": set(),
        " Record.objects.create": set(),
        "save_redacted(": {"store/save.py", "services/records/redact.py"},
    }
    built: set[str] = set()
    for path in sorted(root.rglob("*.py")):
        name, text = path.relative_to(root).as_posix(), path.read_text("utf-8")
        for words, homes in writers.items():
            assert words not in text or name in homes, (words, name)
        if "store.save" in text or name == "store/save.py":
            built |= {name} if _builds_standing(ast.parse(text), name) else set()
    assert built == {
        "store/save.py",
        "services/participants/randomisation_record.py",
        "services/records/redact.py",
    }


def _builds_standing(tree: ast.Module, name: str) -> bool:
    """Whether a module makes the proof itself that a record may be written."""
    nodes = list(ast.walk(tree))
    knows = name == "store/save.py" or any(
        isinstance(one, ast.ImportFrom)
        and one.module == "equipoise_server.store.save"
        and any(alias.name == "Standing" for alias in one.names)
        for one in nodes
    )
    calls = [getattr(one.func, "id", "") for one in nodes if isinstance(one, ast.Call)]
    return knows and "Standing" in calls
