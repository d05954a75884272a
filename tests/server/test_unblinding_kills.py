"""The allocator killed around an emergency unblinding: shown once at most, told always."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.db import connections

from equipoise.errors import AssertionUsed
from equipoise_server.allocator import client, frames, messages, proof, register, sockets
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.trial import note_unblindings as noting
from equipoise_server.services.verify import verify
from equipoise_server.store.models import LedgerEntry
from equipoise_server.vault.models import VaultLedgerEntry
from server.allocator_process import SECONDS, Allocator, through
from server.cast import NOW, Cast, key

PIN = "a good long PIN"
ARMS = {"high", "low", "placebo"}


@pytest.fixture
def running(trial: Cast, tmp_path):
    code = trial.make_eligible(trial.enrol())
    randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    register.enter(username="chen", role="investigator", by="keeper", at=NOW)
    register.set_pin_of_demonstration(person="chen", pin=PIN, at=NOW)
    found = Allocator(trial.instance, tmp_path / "a")
    through(found, unblinded=True)
    found.about = {"participant": code, "reason": "anaphylaxis"}
    yield found
    settings.EQUIPOISE_ALLOCATOR_SOCKET = settings.EQUIPOISE_UNBLINDED_SOCKET = ""
    found.stop()


def proved(about: dict[str, str]) -> dict[str, str]:
    """A proof for one reveal."""
    asked = client.challenge(person="chen", verb="reveal", about=about)
    signature = proof.sign(
        proof.key_from(PIN, asked["pin"]), "reveal", "chen", about, asked["nonce"]
    )
    return {"nonce": asked["nonce"], "signature": signature}


def send_and_kill(running: Allocator, given: dict[str, str], after: float) -> None:
    """The request goes out, and the allocator is gone so many seconds later."""
    message = {"person": "chen", "verb": "reveal", "about": running.about, "proof": given}
    with sockets.connect(running.unblinded, seconds=SECONDS) as connection:
        connection.sendall(frames.pack(messages.question("act", message, "n")))
        time.sleep(after)
        running.kill()
    running.start()


def told_again(about: dict[str, str], given: dict[str, str]) -> str:
    """What the same proof is answered after the kill."""
    try:
        return str(client.act(person="chen", verb="reveal", about=about, proof=given))
    except AssertionUsed:
        return "lost"


def test_an_allocator_killed_while_it_reveals_shows_once_and_the_news_goes_out(running):
    answers = []
    for after in (0.0, 0.01, 0.045):
        given = proved(running.about)
        send_and_kill(running, given, after)
        answers.append(told_again(running.about, given))
        with pytest.raises(AssertionUsed):
            client.act(person="chen", verb="reveal", about=running.about, proof=given)
    assert set(answers) <= {*ARMS, "lost"}
    assert len(set(answers) - {"lost"}) <= 1
    happened = VaultLedgerEntry.objects.using("vault").filter(what="revealed").count()
    shown = sum(one != "lost" for one in answers)
    assert shown <= happened <= 3, "no arm is opened but in the transaction that enters it"
    assert not LedgerEntry.objects.filter(what="unblinding-noted").exists()
    running.kill()
    running.start()
    assert len(noting.note_unblindings(at=NOW)) == happened
    assert noting.note_unblindings(at=NOW) == ()
    assert LedgerEntry.objects.filter(what="unblinding-noted").count() == happened
    connections.close_all()
    assert verify().sound
