"""The allocator as a process: what it answers, to whom, in what size and time; and its death."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connections

from equipoise.errors import (
    AllocatorSilent,
    KeyReused,
    NotPermitted,
    OutOfStock,
    SealBroken,
)
from equipoise_server.allocator import client, frames, lists, messages, sockets, verbs
from equipoise_server.services.background.tick import tick
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Participant
from equipoise_server.vault.models import Allocation, Kit, Slot
from server.allocator_process import SECONDS, Allocator, through
from server.cast import NOW, Cast
from server.vault_hand import past_the_guards

STRATUM = {"ulcer_history": "false"}
ARMS = ("high", "low", "placebo")


@pytest.fixture
def stocked(trial: Cast) -> Cast:
    client.deliver(site="s01", shares=60, at=NOW)
    return trial


@pytest.fixture
def allocator(stocked, tmp_path):
    running = Allocator(stocked.instance, tmp_path / "a")
    through(running)
    yield running
    settings.EQUIPOISE_ALLOCATOR_SOCKET = settings.EQUIPOISE_UNBLINDED_SOCKET = ""
    running.stop()


def given(participant, **changes):
    asked = {
        "participant": participant,
        "site": "s01",
        "stratum": lists.stratum_name(STRATUM),
        "covariates": STRATUM,
        "key": f"k/{participant}",
        "at": NOW,
    }
    return {**asked, **changes}


def allocate(participant, site="s01", **changes):
    named = {"key": f"k/{participant}", "at": NOW, **changes}
    return client.allocate(participant=participant, site=site, stratum=STRATUM, **named)


def all_at_once(ask, *asked):
    """What each is answered; every answer takes its time, and most of it is waiting."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, asked))


def every_message_has_one_size(allocator):
    asked = [given(f"P{number}") for number in range(12)]
    answers = all_at_once(lambda one: allocator.ask("allocate", **one), *asked)
    asked = [given("P0", site="nowhere"), given("P99", site="nowhere"), given("P98", key="k/P1")]
    answers += all_at_once(lambda one: allocator.ask("allocate", **one), *asked)
    answers += all_at_once(allocator.ask, "commitment", "label", "matches", "unguarded")
    answers += [allocator.ask("lowest_stock", site="s01"), allocator.ask("nothing")]
    assert {len(one) for one in answers} == {frames.FRAME}
    assert Allocation.objects.filter(participant__in=[f"P{n}" for n in range(12)]).count() == 12


def no_message_tells_an_arm(allocator):
    kit = allocate("P1")
    asked = {
        "contents": {"kit": kit, "by": "fu", "at": NOW},
        "reveal": {"participant": "P1", "by": "chen", "reason": "x", "at": NOW},
        "masks": {"by": "fu", "at": NOW},
        "release": {"first": ("a", "x"), "second": ("b", "y"), "at": NOW},
        "deliver": {"site": "s01", "shares": 1, "at": NOW},
        "register_unblinded": {"username": "m", "role": "pharmacist", "by": "m", "at": NOW},
    }
    closed = sorted(set(verbs.VERBS) - verbs.BLINDED)
    for said in all_at_once(lambda verb: allocator.ask(verb, **asked.get(verb, {})), *closed):
        with pytest.raises(NotPermitted):
            messages.answered(frames.part_of(said)[0], "n")
    values = (given("P1"), {"participant": "P1"}, {"site": "s01"}, {"kit": kit}, {})
    every = [(verb, one) for verb in sorted(verbs.BLINDED) for one in values]
    for said in all_at_once(lambda one: allocator.ask(one[0], **one[1]), *every):
        assert not any(f'"{arm}"' in said.decode("latin1") for arm in ARMS)


def what_is_for_the_keeper_is_at_no_door(allocator):
    doors = [(verb, side) for verb in set(verbs.VERBS) - verbs.UNBLINDED for side in (False, True)]
    for said in all_at_once(lambda one: allocator.ask(one[0], unblinded=one[1]), *doors):
        with pytest.raises(NotPermitted):
            messages.answered(frames.part_of(said)[0], "n")


def a_refusal_is_the_same_as_from_within(allocator):
    allocate("R5")
    with pytest.raises(KeyReused):
        allocate("R6", key="k/R5")
    through(None)
    with pytest.raises(OutOfStock) as within:
        allocate("R7", site="nowhere")
    through(allocator)
    with pytest.raises(OutOfStock) as apart:
        allocate("R7", site="nowhere")
    assert str(within.value) == str(apart.value)


def what_is_broken_in_the_vault_names_no_place(allocator):
    with past_the_guards():
        Slot.objects.all().update(sealed=b"x" * 400)
    with pytest.raises(SealBroken) as refusal:
        allocate("W1")
    assert "ulcer" not in str(refusal.value)
    assert "#" not in str(refusal.value)


def an_answer_takes_a_whole_number_of_beats(allocator):
    for number in range(4):
        began = time.monotonic()
        allocator.ask("allocate", **given(f"B{number}"))
        assert time.monotonic() - began >= 0.05
    began = time.monotonic()
    allocator.ask("label")
    assert time.monotonic() - began >= 0.05


NONSENSE = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff" * frames.FRAME,
    bytes(frames.FRAME),
    frames.pack(b"{}"),
    frames.pack(b"[]"),
    frames.pack(b'{"verb": "allocate", "given": {"at": "never"}, "nonce": "n"}'),
    frames.pack(b'{"verb": "allocate", "given": {"participant": 7}, "nonce": "n"}'),
    frames.pack(b'{"verb": "__class__", "given": {}, "nonce": "n"}'),
    frames.pack(b"x" * 9000),
)
OF_THE_WRONG_KIND = 6  # a verb that it knows, of a participant who is a number


def nonsense_is_refused_and_does_no_harm(allocator):
    for content in NONSENSE:
        if len(content) % frames.FRAME:
            with sockets.connect(allocator.blinded, seconds=SECONDS) as connection:
                connection.sendall(content)
        else:
            assert b'"answer"' not in allocator.raw(content), content[:40]
    assert b'"external.message"' in allocator.raw(NONSENSE[OF_THE_WRONG_KIND])
    assert not Allocation.objects.exists()
    assert allocate("N1")


def a_replayed_message_changes_nothing(allocator):
    message = frames.pack(messages.question("allocate", given("R1"), "n"))
    assert len({allocator.raw(message) for _ in range(5)}) == 1
    assert Allocation.objects.filter(participant="R1").count() == 1


def test_what_the_doors_of_one_allocator_say(allocator):
    """One process for all of it: each sentence is a function above."""
    for sentence in (
        nonsense_is_refused_and_does_no_harm,
        a_replayed_message_changes_nothing,
        every_message_has_one_size,
        no_message_tells_an_arm,
        what_is_for_the_keeper_is_at_no_door,
        a_refusal_is_the_same_as_from_within,
        an_answer_takes_a_whole_number_of_beats,
        what_is_broken_in_the_vault_names_no_place,
    ):
        sentence(allocator)


def test_nobody_listens_and_the_sentence_says_what_to_do(allocator, monkeypatch):
    monkeypatch.setattr("equipoise_server.allocator.caller.WHILE_IT_RESTARTS", 0.2)
    allocator.kill()
    with pytest.raises(AllocatorSilent) as refusal:
        client.lowest_stock(site="s01")
    assert "again" in str(refusal.value)


WEB = """
import sys, os, django
from datetime import datetime, UTC
os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.settings"
django.setup()
from equipoise_server import databases
databases.refuse_unsafe()
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.verify import verify
from equipoise_server.store.models import User
from django.db import connections
by = User.objects.get(username="chen")
print(randomise(participant=sys.argv[1], by=by, at=datetime(2026, 3, 2, 9, tzinfo=UTC), key="r"))
print(verify().sound)
try:
    connections["vault"].cursor()
except Exception as problem:
    print(type(problem).__name__)
"""


def web(environment, script, *arguments):
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def test_the_web_process_has_no_vault_and_needs_none(stocked, tmp_path):
    code = stocked.make_eligible(stocked.enrol())
    running = Allocator(stocked.instance, tmp_path / "apart", move=True)
    left = {path.name for path in stocked.instance.folder.iterdir()}
    assert not left & {"vault.key", "vault.sqlite3"}
    environment = {**running.environment, "EQUIPOISE_ALLOCATOR_SOCKET": str(running.blinded)}
    done = web(environment, WEB, code)
    running.stop()
    kit, sound, refused = done.stdout.split()
    assert Participant.objects.get(pk=code).kit == kit
    assert (sound, refused) == ("True", "ImproperlyConfigured")
    assert not [path for path in stocked.instance.folder.iterdir() if "vault" in path.name]


def in_order():
    places = list(Allocation.objects.order_by("pk").values_list("slot__place", flat=True))
    return sorted(places) == list(range(1, len(places) + 1))


def hammer(allocator, people, kills):
    """Everybody asks, and asks again; meanwhile the allocator is killed `kills` times."""

    def ask(person):
        try:
            first = allocate(person)
            assert allocate(person) == first
            return first
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, person) for person in people]
        for _ in range(kills):
            time.sleep(random.uniform(0.02, 0.4))
            allocator.kill()
            allocator.start()
        return [one.result(SECONDS) for one in asked]


def test_an_allocator_killed_at_any_moment_loses_and_repeats_nothing(allocator):
    people = [f"P{number:03}" for number in range(24)]
    kits = hammer(allocator, people, kills=2)
    assert len(set(kits)) == len(people)
    assert {row.participant: row.kit for row in Allocation.objects.all()} == dict(
        zip(people, kits, strict=True)
    )
    assert Kit.objects.exclude(participant="").count() == len(people)
    assert in_order()
    assert client.broken() == ()


@pytest.mark.prove
def test_many_kills_of_the_allocator_lose_and_repeat_nothing(allocator):
    people = [f"P{number:03}" for number in range(230)]
    through(allocator, unblinded=True)
    client.deliver(site="s01", shares=200, at=NOW)
    through(allocator)
    kits = hammer(allocator, people, kills=40)
    assert len(set(kits)) == len(people)
    assert in_order()


RANDOMISE = """
import sys, os, django
from datetime import datetime, UTC
os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.settings"
django.setup()
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.store.models import User
by = User.objects.get(username="chen")
for code in sys.argv[1:]:
    randomise(participant=code, by=by, at=datetime(2026, 3, 2, 9, tzinfo=UTC), key="r/" + code)
"""


def test_a_web_process_killed_at_any_moment_loses_and_repeats_nothing(stocked, tmp_path):
    codes = [stocked.make_eligible(stocked.enrol(f"S01-AAAAA-AAAA{c}")) for c in "ABCD"]
    running = Allocator(stocked.instance, tmp_path / "a")
    environment = {**running.environment, "EQUIPOISE_ALLOCATOR_SOCKET": str(running.blinded)}
    connections.close_all()
    for moment in (0.0, 0.1):
        before = Allocation.objects.count()
        connections.close_all()
        process = subprocess.Popen([sys.executable, "-c", RANDOMISE, *codes], env=environment)
        while Allocation.objects.count() == before and process.poll() is None:
            time.sleep(0.002)
        time.sleep(moment)
        process.kill()
        process.wait()
    through(running)
    tick(at=NOW)
    for code in codes:
        randomise(participant=code, by=stocked.investigator, at=NOW, key=f"r/{code}")
    given_kits = dict(Allocation.objects.values_list("participant", "kit"))
    assert dict(Participant.objects.values_list("code", "kit")) == given_kits
    assert len(set(given_kits.values())) == len(codes)
    assert in_order()
    assert verify().sound
    through(None)
    running.stop()
