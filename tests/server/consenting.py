"""Consent from beginning to end, as the tests of consent and of participants' pages need it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from equipoise_server.services.access import fresh_factor
from equipoise_server.services.consenting.consent_sign import countersign, purpose, sign_as_person
from equipoise_server.services.consenting.consent_talk import (
    answer_question,
    begin_consent,
    note_read,
    talk_of,
)
from equipoise_server.services.participants.screen import screen
from server.cast import NOW, TODAY, Cast, key

CANARY = {
    "name": "Wren Canary",
    "address": "wren.canary@example.org",
    "phone": "+8613800138000",
}
REPRESENTATIVE = {"name": "Robin Canarina", "relation": "sister-canary"}
WITNESS = {"name": "Finch Canarius"}


def screened(trial: Cast, code: str = "S01-AAAAA-AAAAA") -> str:
    screen(site="s01", code=code, on=TODAY, by=trial.investigator, at=NOW, key=key())
    return code


def begin(trial: Cast, code: str, **more: Any) -> str:
    given: dict[str, Any] = {
        "mode": "bedside",
        "capacity": "participant",
        "language": "en",
        "persons": {"participant": CANARY},
        "by": trial.investigator,
        "at": NOW,
        "key": key(),
        **more,
    }
    return begin_consent(participant=code, **given)


def read_and_answer(token: str) -> None:
    talk = talk_of(token)
    for section in range(len(talk.document.sections)):
        note_read(token, section)
    for number, one in enumerate(talk.document.questions):
        answer_question(token, number, one.right[0])


def sign_both(
    trial: Cast, token: str, *, wishes: tuple[str, ...] = ("results",), at: datetime = NOW
) -> None:
    from equipoise_server.services.consenting.consent_talk import persons_of

    talk = talk_of(token)
    name = persons_of(talk)[talk.row.capacity]["name"]
    agreed = range(len(talk.document.statements))
    sign_as_person(token, name=name, agreed=agreed, wishes=wishes, at=at)
    proof = fresh_factor.grant(by=trial.investigator, purpose=purpose(token), at=at)
    countersign(token, identity="document", proof=proof, by=trial.investigator, at=at, key=key())


def consented(trial: Cast, code: str = "S01-AAAAA-AAAAA", **more: Any) -> str:
    """Screened and signed by both sides; returns the code."""
    screened(trial, code)
    token = begin(trial, code, **more)
    read_and_answer(token)
    sign_both(trial, token)
    return code
