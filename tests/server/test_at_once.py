"""Many at once: threads and processes that act on the same participant, list and key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connections

from equipoise.errors import EquipoiseError, SavedFirst
from equipoise_server.allocator import client
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.background.tick import tick
from equipoise_server.services.cleaning.verify_source import verify_source
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.withdraw import withdraw
from equipoise_server.services.trial.lock_part import lock_part
from equipoise_server.services.verify import verify
from equipoise_server.store.locks import Part
from equipoise_server.store.models import (
    LedgerEntry,
    Participant,
    RandomisationRequest,
    RecordVersion,
)
from equipoise_server.store.queries import checklist
from server.allocator_process import SECONDS
from server.cast import ADULT, INFECTED, NOW, TODAY, Cast, key
from server.finalising import seen, sign_as

PEOPLE = 4
SOURCE = Path(__file__).parents[2] / "src"


def together(*work: Callable[[], object]) -> list[object]:
    """Do all at the same moment, each in a thread and connection of its own."""
    gate = Barrier(len(work))

    def one(task: Callable[[], object]) -> object:
        try:
            gate.wait()
            return task()
        except EquipoiseError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(one, work))


def test_one_participant_randomised_by_many_gets_one_kit(trial: Cast) -> None:
    code = trial.make_eligible(trial.enrol())
    answers = together(
        *(
            lambda: randomise(participant=code, by=trial.investigator, at=NOW, key="same key")
            for _ in range(PEOPLE)
        )
    )
    assert len({str(answer) for answer in answers}) == 1
    other = together(
        *(
            lambda: randomise(participant=code, by=trial.investigator, at=NOW, key=key())
            for _ in range(PEOPLE)
        )
    )
    assert all(type(answer).__name__ == "AlreadyRandomised" for answer in other)
    assert LedgerEntry.objects.filter(what="randomised").count() == 1
    assert verify().sound


def test_many_randomised_at_once_get_different_kits(trial: Cast) -> None:
    codes = [
        trial.make_eligible(trial.enrol(f"S01-AAAAA-AAAA{letter}")) for letter in "ABCDEF"[:PEOPLE]
    ]
    answers = together(
        *(
            lambda code=code: randomise(
                participant=code, by=trial.investigator, at=NOW, key=f"r/{code}"
            )
            for code in codes
        )
    )
    assert len({str(answer) for answer in answers}) == PEOPLE
    assert sorted(Participant.objects.values_list("kit", flat=True)) == sorted(map(str, answers))
    assert verify().sound


def test_of_many_who_saw_the_same_version_one_saves(trial: Cast) -> None:
    code = trial.enrol()
    trial.fill_in(code, "screening", ADULT)
    answers = together(
        *(
            lambda age=age: trial.fill_in(
                code, "screening", {**ADULT, "age": age}, expected=1, reason="mine", key=f"a{age}"
            )
            for age in range(50, 50 + PEOPLE)
        )
    )
    kinds = Counter(type(answer).__name__ for answer in answers)
    assert kinds == {"Saved": 1, SavedFirst.__name__: PEOPLE - 1}
    assert RecordVersion.objects.count() == 2
    assert verify().sound


def test_of_a_save_and_a_lock_at_the_same_moment_one_comes_too_late(trial: Cast) -> None:
    """Each record is finished: a change of it would void its signature, a lock forbid the change."""
    given = {"username": "mo", "full_name": "Mo", "role": "monitor", "site": None}
    monitor = appoint(**given, by=trial.administrator, at=NOW, key=key())
    parts = []
    for letter in "ABC":
        code = trial.enrol(f"S01-AAAAA-AAAA{letter}")
        trial.fill_in(code, "screening", ADULT)
        sign_as(trial.investigator, code, "screening", seen(code, "screening"))
        part = Part(scope="record", site="s01", participant=code, visit="screen", form="screening")
        items = {one.item for one in checklist.unverified(part)}
        verify_source(
            participant=code, form="screening", visit="screen", items=items, expected=1,
            by=monitor, at=NOW, key=key(),
        )  # fmt: skip
        parts.append(part)
    older = {**ADULT, "age": 45}
    answers = together(
        *(
            lambda part=part: lock_part(part, by=trial.data_manager, at=NOW, key=key())
            for part in parts
        ),
        *(
            lambda part=part: trial.fill_in(part.participant, "screening", older, reason="why")
            for part in parts
        ),
    )
    for locked, saved in zip(answers[: len(parts)], answers[len(parts) :], strict=True):
        if locked is None:
            assert type(saved).__name__ == "PartLocked"
        else:
            assert type(locked).__name__ == "NotReady"
            assert type(saved).__name__ == "Saved"
    assert verify().sound


def test_one_request_sent_by_many_is_carried_out_once(trial: Cast) -> None:
    code = trial.enrol()
    answers = together(
        *(
            lambda: trial.fill_in(code, "screening_breath", INFECTED, key="sent again and again")
            for _ in range(PEOPLE)
        )
    )
    assert len(set(map(str, answers))) == 1
    assert RecordVersion.objects.count() == 1


SCRIPT = """
import sys
from pathlib import Path
from datetime import datetime, UTC, date
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.settings"
django.setup()
from equipoise_server.services.records.record import record
from equipoise_server.store.models import User
by = User.objects.get(username="chen")
me, code = int(sys.argv[1]), sys.argv[2]
for n in range(20):
    record(participant=code, form="event", visit="log", number=me * 100 + n, values={"term": "x"},
           on=date(2026, 3, 2), by=by, at=datetime(2026, 3, 2, 9, tzinfo=UTC), key=f"{me}/{n}")
"""


def test_processes_that_write_one_chain_neither_fork_it_nor_lose_an_entry(trial: Cast) -> None:
    code = trial.enrol()
    connections.close_all()
    environment = {**os.environ, **trial.instance.environment, "PYTHONPATH": str(SOURCE)}
    running = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, str(me), code], env=environment)
        for me in range(1, 4)
    ]
    assert [process.wait(SECONDS) for process in running] == [0, 0, 0]
    assert RecordVersion.objects.count() == 60
    found = verify()
    assert found.sound
    assert LedgerEntry.objects.filter(chain=code).count() == 62


def test_a_killed_writer_leaves_whole_records_only(trial: Cast) -> None:
    code = trial.enrol()
    connections.close_all()
    environment = {**os.environ, **trial.instance.environment, "PYTHONPATH": str(SOURCE)}
    writer = subprocess.Popen([sys.executable, "-c", SCRIPT, "1", code], env=environment)
    while not RecordVersion.objects.exists() and writer.poll() is None:
        connections.close_all()
    writer.kill()
    writer.wait()
    assert verify().sound
    retried = subprocess.run(
        [sys.executable, "-c", SCRIPT, "1", code], env=environment, check=False
    )
    assert retried.returncode == 0
    assert RecordVersion.objects.count() == 20
    assert verify().sound


def interrupted(trial: Cast, *, answered: bool) -> str:
    """Somebody asked for a randomisation; the process died before it was written down."""
    code = trial.make_eligible(trial.enrol())
    RandomisationRequest.objects.create(pk=code, by=trial.investigator, at=NOW, key="lost")
    if answered:
        stratum = {"ulcer_history": "false"}
        client.allocate(participant=code, site="s01", stratum=stratum, key="lost", at=NOW)
    assert Participant.objects.get(pk=code).kit == ""
    return code


@pytest.mark.parametrize("answered", [True, False])
def test_tick_finishes_an_interrupted_randomisation(trial: Cast, answered: bool) -> None:
    code = interrupted(trial, answered=answered)
    assert tick(at=NOW).finished == (code,)
    kit = Participant.objects.get(pk=code).kit
    assert kit == client.allocate(
        participant=code, site="s01", stratum={"ulcer_history": "false"}, key="x", at=NOW
    )
    assert tick(at=NOW).finished == ()
    assert verify().sound


def test_a_retry_gets_the_answer_that_was_lost(trial: Cast) -> None:
    code = interrupted(trial, answered=True)
    kit = randomise(participant=code, by=trial.investigator, at=NOW, key="another key")
    assert Participant.objects.get(pk=code).kit == kit
    assert not RandomisationRequest.objects.exists()


def test_tick_does_not_randomise_somebody_who_withdrew_meanwhile(trial: Cast) -> None:
    code = interrupted(trial, answered=False)
    withdraw(participant=code, level="data", on=TODAY, by=trial.investigator, at=NOW, key=key())
    assert tick(at=NOW).refused == (code,)
    assert Participant.objects.get(pk=code).kit == ""
    assert not RandomisationRequest.objects.exists()
