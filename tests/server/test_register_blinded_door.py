"""Whatever is sent to the blinded door, in whatever order, no answer holds an arm."""

from __future__ import annotations

import inspect
import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from equipoise_server.allocator import (
    client,
    frames,
    listener,
    lists,
    messages,
    proof,
    register,
    verbs,
)
from equipoise_server.allocator.proof_acts import ACTS
from equipoise_server.vault.models import VaultLedgerEntry
from server.allocator_process import Allocator, through
from server.cast import NOW, Cast
from server.test_register import PIN, WHY

ARMS = ("high", "low", "placebo")
PRODUCTS = ("tablet-high", "tablet-low", "tablet-placebo")
NAMES = st.sampled_from(["P0", "P1", "P2", "P9", "s01", "s02", "chen", "fu", "", "demo", "kit"])
VALUES = st.one_of(
    NAMES,
    st.integers(-3, 10**6),
    st.none(),
    st.booleans(),
    st.lists(NAMES, max_size=3),
    st.dictionaries(NAMES, NAMES, max_size=2),
    st.just(NOW.isoformat()),
    st.text(max_size=8),
)
WORDS = st.sampled_from(sorted(verbs.VERBS) + sorted(ACTS) + ["__class__", "", "seed", "slot"])
PARAMETERS = sorted(
    {name for act in verbs.VERBS.values() for name in inspect.signature(act).parameters}
)
"""Every parameter of every message, whichever door it is for."""


def _fitting(verb: str) -> st.SearchStrategy[tuple[str, dict[str, object]]]:
    """A message of the door with just the parameters that it has."""
    names = inspect.signature(verbs.VERBS[verb]).parameters
    values = {name: st.just(NOW.isoformat()) if name == "at" else VALUES for name in names}
    return st.tuples(st.just(verb), st.fixed_dictionaries(values))


FITTING = st.sampled_from(sorted(verbs.BLINDED)).flatmap(_fitting)


class BlindedDoor(RuleBasedStateMachine):
    """Somebody who has the blinded socket, every verb, every parameter and what was recorded."""

    recorded: tuple[bytes, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []

    def send(self, content: bytes) -> None:
        self.said.append(listener.answer(content, verbs.BLINDED))

    @rule(verb=WORDS, given=st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=6))
    def any_message(self, verb: str, given: dict[str, object]) -> None:
        self.send(json.dumps({"verb": verb, "given": given, "nonce": "n"}).encode())

    @rule(message=FITTING)
    def a_message_of_the_right_form(self, message: tuple[str, dict[str, object]]) -> None:
        verb, given = message
        self.send(json.dumps({"verb": verb, "given": given, "nonce": "n"}).encode())

    @rule(participant=NAMES, site=st.sampled_from(["s01", "s02", "empty"]), key=NAMES)
    def a_fitting_allocation(self, participant: str, site: str, key: str) -> None:
        levels = {"ulcer_history": "false"}
        given = {
            "participant": participant,
            "site": site,
            "stratum": lists.stratum_name(levels),
            "covariates": levels,
            "key": key,
            "at": NOW,
        }
        self.send(messages.question("allocate", given, "n"))

    @rule(content=st.binary(max_size=300))
    def noise(self, content: bytes) -> None:
        self.send(content)

    @rule(which=st.integers(0, 100), place=st.integers(0, 400), byte=st.integers(0, 255))
    def a_recorded_message_as_it_was_or_changed(self, which: int, place: int, byte: int) -> None:
        content = bytearray(self.recorded[which % len(self.recorded)])
        self.send(bytes(content))
        content[place % len(content)] = byte
        self.send(bytes(content))

    @invariant()
    def no_answer_holds_an_arm(self) -> None:
        for one in self.said:
            text = one.decode("latin1")
            assert not any(f'"{word}"' in text for word in (*ARMS, *PRODUCTS, "X", "Y", "Z")), text
            assert len(frames.pack(one)) == frames.FRAME
        self.said.clear()


def recorded(trial: Cast) -> tuple[bytes, ...]:
    """What an eavesdropper has of the unblinded door: good requests, as they were sent."""
    register.enter(username="chen", role="investigator", by="keeper", at=NOW)
    register.set_pin_of_demonstration(person="chen", pin=PIN, at=NOW)
    found = client.challenge(person="chen", verb="reveal", about=WHY)
    key = proof.key_from(PIN, found["pin"])
    signature = proof.sign(key, "reveal", "chen", WHY, found["nonce"])
    shown = {"nonce": found["nonce"], "signature": signature}
    given = {"person": "chen", "verb": "reveal", "about": WHY, "proof": shown}
    assert client.act(**given) in ARMS
    question = {"person": "chen", "verb": "reveal", "about": WHY}
    return (messages.question("act", given, "n"), messages.question("challenge", question, "n"))


def allocated(trial: Cast) -> None:
    for number in range(3):
        client.allocate(
            participant=f"P{number}",
            site="s01",
            stratum={"ulcer_history": "false"},
            key=f"k{number}",
            at=NOW,
        )


@pytest.fixture
def overheard(trial: Cast) -> SimpleNamespace:
    allocated(trial)
    return SimpleNamespace(trial=trial, sent=recorded(trial))


def machine(sent: tuple[bytes, ...]) -> type[BlindedDoor]:
    return type("Overheard", (BlindedDoor,), {"recorded": sent, "TestCase": None})


def attack(sent: tuple[bytes, ...], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine(sent),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert VaultLedgerEntry.objects.filter(what="revealed").count() == 1


def test_the_door_has_the_messages_that_are_written_down():
    """Whoever adds one decides here that its answer may be known to the blinded side."""
    assert {
        "allocate", "broken", "commitment", "first_broken", "happened", "holds", "interim_events",
        "label", "list_low", "lowest_stock", "matches", "not_valid", "replace", "sent", "transfer",
        "unguarded", "withdraw_kits",
    } == verbs.BLINDED  # fmt: skip
    assert set(PARAMETERS) >= {"participant", "proof", "second", "release", "stratum"}


def test_no_sequence_of_messages_at_the_blinded_door_yields_an_arm(overheard):
    attack(overheard.sent, examples=40, steps=30)


@pytest.mark.prove
def test_no_long_sequence_of_messages_at_the_blinded_door_yields_an_arm(overheard):
    attack(overheard.sent, examples=400, steps=100)


def test_what_was_recorded_at_the_unblinded_door_is_refused_at_both(overheard, tmp_path):
    running = Allocator(overheard.trial.instance, tmp_path / "a")
    through(None)
    try:
        for unblinded in (False, True):
            for content in overheard.sent:
                if b'"act"' in content:
                    said = running.raw(frames.pack(content), unblinded=unblinded)
                    assert b'"refused"' in said
                    assert not any(f'"{arm}"'.encode() in said for arm in ARMS)
        assert b'"refused"' in running.ask("released", unblinded=True)
        assert b'"refused"' in running.ask("act", unblinded=True)
        for verb in ACTS:
            about = {"participant": "P0", "kit": "x", "reason": "x"}
            given = {"person": "chen", "verb": verb, "about": about, "proof": {}}
            content = frames.pack(messages.question("act", given, "n"))
            assert b'"refused"' in running.raw(content, unblinded=True)
    finally:
        running.stop()
