"""Storing and reading identities. Only enquire, consent, contact and redact come here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise.errors import UnknownRecord, say
from equipoise_server.identity import keyring
from equipoise_server.identity.cipher import decrypt, encrypt
from equipoise_server.identity.models import Person

DATABASE = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A participant's name and how to reach them."""

    participant: str
    name: str
    contact: str


def remember(identity: Identity, *, at: datetime, language: str = "en") -> None:
    """Store an identity under a new key of its own; a second call changes nothing."""
    code = identity.participant
    if Person.objects.using(DATABASE).filter(participant=code).exists():
        return
    key = keyring.make(_token(code), at=at)
    Person.objects.using(DATABASE).get_or_create(
        participant=code,
        defaults={
            "name": encrypt(key, identity.name.encode(), code, "name"),
            "contact": encrypt(key, identity.contact.encode(), code, "contact"),
            "language": language,
            "created_at": at,
        },
    )


def recall(participant: str) -> Identity:
    """The identity behind a code.

    Raises:
        UnknownRecord: none is stored, or it has been erased.
        SealBroken: the stored bytes do not belong to this person.

    """
    person = Person.objects.using(DATABASE).filter(participant=participant).first()
    if person is None:
        raise UnknownRecord(say("identity for {participant}", participant=participant))
    key = keyring.find(_token(participant))
    return Identity(
        participant=participant,
        name=decrypt(key, bytes(person.name), participant, "name").decode(),
        contact=decrypt(key, bytes(person.contact), participant, "contact").decode(),
    )


def erase(participant: str) -> None:
    """Forget the person's key: what is stored can never be read again."""
    keyring.forget(_token(participant))


def _token(participant: str) -> str:
    """Keys of participants and of volunteers never share a name."""
    return f"participant/{participant}"
