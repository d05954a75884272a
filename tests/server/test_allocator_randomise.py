"""Between judging and writing down: the allocator is asked while nobody else has to wait."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import pytest
from django.db import DatabaseError, connection, connections

from equipoise.errors import (
    AllocatedOtherwise,
    AlreadyRandomised,
    AlreadyWithdrawn,
    LiveUseRefused,
    NotEligible,
)
from equipoise.protocol.load import load
from equipoise_server.allocator import client
from equipoise_server.services.background.tick import tick
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.withdraw import withdraw
from equipoise_server.services.trial.open_trial import open_trial
from equipoise_server.services.trial.seal_list import seal_list
from equipoise_server.services.verify import verify
from equipoise_server.sqlite.guard import schema_door
from equipoise_server.store.models import LedgerEntry, Participant, RandomisationRequest
from equipoise_server.vault.models import Allocation
from server.allocator_process import SECONDS, Allocator, through
from server.cast import ADULT, NOW, TODAY, Cast, key
from server.vault_hand import past_the_guards

REASON = "the date was read wrongly"


@pytest.fixture
def slow(trial: Cast, tmp_path) -> Iterator[Allocator]:
    running = Allocator(trial.instance, tmp_path / "a")
    through(running)
    yield running
    through(None)
    running.stop()


@contextmanager
def while_it_waits(trial: Cast, allocator: Allocator, code: str) -> Iterator[Future[str]]:
    """Somebody randomises, and the allocator takes its time until the block ends."""

    def ask() -> str:
        try:
            return randomise(participant=code, by=trial.investigator, at=NOW, key=f"r/{code}")
        finally:
            connections.close_all()

    allocator.process.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        try:
            asked = pool.submit(ask)
            while not RandomisationRequest.objects.filter(pk=code).exists():
                assert not asked.done(), asked.exception()
            time.sleep(0.2)
            yield asked
        finally:
            allocator.process.send_signal(signal.SIGCONT)


def test_others_save_while_the_allocator_takes_its_time(trial, slow):
    code = trial.make_eligible(trial.enrol())
    other = trial.enrol("S01-BBBBB-BBBBB")
    with while_it_waits(trial, slow, code) as asked:
        trial.make_eligible(other)
        assert not asked.done()
    assert asked.result(SECONDS) == Participant.objects.get(pk=code).kit
    assert not RandomisationRequest.objects.exists()
    assert verify().sound


def test_a_change_that_matters_not_is_judged_again_and_written(trial, slow):
    code = trial.make_eligible(trial.enrol())
    with while_it_waits(trial, slow, code) as asked:
        trial.fill_in(code, "screening", {**ADULT, "age": 45}, reason=REASON)
    assert asked.result(SECONDS) == Participant.objects.get(pk=code).kit
    assert verify().sound


def test_who_withdraws_meanwhile_is_not_randomised_and_keeps_the_place(trial, slow):
    code = trial.make_eligible(trial.enrol())
    with while_it_waits(trial, slow, code) as asked:
        withdraw(participant=code, level="data", on=TODAY, by=trial.investigator, at=NOW, key=key())
    with pytest.raises(AlreadyWithdrawn):
        asked.result(SECONDS)
    assert Participant.objects.get(pk=code).kit == ""
    assert RandomisationRequest.objects.filter(pk=code).exists(), "somebody has to look at it"
    assert tick(at=NOW).refused == (code,)
    assert RandomisationRequest.objects.filter(pk=code).exists()
    assert Allocation.objects.filter(participant=code).count() == 1
    assert verify().sound


def test_who_turns_out_not_eligible_meanwhile_is_not_randomised(trial, slow):
    code = trial.make_eligible(trial.enrol())
    with while_it_waits(trial, slow, code) as asked:
        trial.fill_in(code, "screening", {**ADULT, "age": 12}, reason=REASON)
    with pytest.raises(NotEligible):
        asked.result(SECONDS)
    trial.fill_in(code, "screening", ADULT, reason=REASON)
    assert tick(at=NOW).finished == (code,)
    assert Participant.objects.get(pk=code).kit == Allocation.objects.get(participant=code).kit


def test_a_stratum_that_changed_meanwhile_is_not_written_over_the_place(trial, slow):
    code = trial.make_eligible(trial.enrol())
    with while_it_waits(trial, slow, code) as asked:
        trial.fill_in(code, "screening", {**ADULT, "ulcer_history": True}, reason=REASON)
    with pytest.raises(AllocatedOtherwise):
        asked.result(SECONDS)
    with pytest.raises(AllocatedOtherwise):
        randomise(participant=code, by=trial.investigator, at=NOW, key="another")
    trial.fill_in(code, "screening", ADULT, reason=REASON)
    kit = randomise(participant=code, by=trial.investigator, at=NOW, key="one more")
    given = Allocation.objects.get(participant=code)
    assert (given.kit, given.stratum) == (kit, "ulcer_history=false")
    assert not RandomisationRequest.objects.exists()
    assert verify().sound


def test_two_who_randomise_one_participant_at_once_get_one_kit(trial, slow):
    code = trial.make_eligible(trial.enrol())

    def ask(number: int) -> str:
        try:
            return randomise(participant=code, by=trial.investigator, at=NOW, key=f"k{number % 2}")
        except Exception as problem:
            return type(problem).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        said = set(pool.map(ask, range(6)))
    kit = Participant.objects.get(pk=code).kit
    assert said == {kit, "AlreadyRandomised"}
    assert not RandomisationRequest.objects.exists()
    assert verify().sound


@pytest.mark.parametrize("late", ["k", "another"])
def test_who_announces_after_another_has_cleared_up_leaves_nothing_behind(trial, late):
    code = trial.make_eligible(trial.enrol())
    randomise(participant=code, by=trial.investigator, at=NOW, key="k")
    RandomisationRequest.objects.create(
        participant_id=code, by=trial.investigator, at=NOW, key=late
    )
    with nullcontext() if late == "k" else pytest.raises(AlreadyRandomised):
        randomise(participant=code, by=trial.investigator, at=NOW, key=late)
    assert not RandomisationRequest.objects.exists()


FAILS = {
    "sqlite": "CREATE TRIGGER fails BEFORE INSERT ON store_ledgerentry "
    "WHEN NEW.what = 'list-sealed' BEGIN SELECT RAISE(ABORT, 'disk'); END",
    "postgresql": "CREATE TRIGGER fails BEFORE INSERT ON store_ledgerentry FOR EACH ROW "
    "WHEN (NEW.what = 'list-sealed') EXECUTE FUNCTION equipoise_append_only()",
}


@contextmanager
def a_ledger_that_cannot_be_written() -> Iterator[None]:
    drop = {"sqlite": "DROP TRIGGER fails", "postgresql": "DROP TRIGGER fails ON store_ledgerentry"}
    with schema_door("default"), connection.cursor() as cursor:
        cursor.execute(FAILS[connection.vendor])
        yield
        cursor.execute(drop[connection.vendor])


SEED = bytes(range(32))


def test_a_list_that_was_sealed_and_not_published_is_published_by_a_retry(instance):
    study = load(instance.folder / "study")
    boss = open_trial(study, demo=True, username="b", full_name="B", password=None, at=NOW)
    with a_ledger_that_cannot_be_written(), pytest.raises(DatabaseError):
        seal_list(by=boss, at=NOW, key="list", seed=SEED)
    sealed = client.commitment()
    assert sealed
    assert not LedgerEntry.objects.filter(what="list-sealed").exists()
    with pytest.raises(LiveUseRefused):
        seal_list(by=boss, at=NOW, key="other", seed=bytes(32))
    assert seal_list(by=boss, at=NOW, key="list", seed=SEED) == sealed == client.commitment()
    assert seal_list(by=boss, at=NOW, key="list", seed=SEED) == sealed
    assert sealed in LedgerEntry.objects.get(what="list-sealed").payload.data
    with pytest.raises(LiveUseRefused):
        seal_list(by=boss, at=NOW, key="again", seed=SEED)
    assert LedgerEntry.objects.filter(what="list-sealed").count() == 1


def test_a_list_of_another_version_is_not_published_by_a_retry(instance):
    study = load(instance.folder / "study")
    boss = open_trial(study, demo=True, username="b", full_name="B", password=None, at=NOW)
    client.generate(study, label="demo", at=NOW, seed=SEED)
    from equipoise_server.vault.models import Ceremony

    with past_the_guards():
        Ceremony.objects.update(digest="e" * 64)
    with pytest.raises(LiveUseRefused):
        seal_list(by=boss, at=NOW, key="list", seed=SEED)
