"""Storing and reading identities. Only enquire, consent, contact and redact come here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise.errors import UnknownRecord
from equipoise_server.identity.cipher import decrypt, encrypt, master_key, new_key
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
    key, wrapped = new_key(identity.participant)
    Person.objects.using(DATABASE).get_or_create(
        participant=identity.participant,
        defaults={
            "wrapped_key": wrapped,
            "name": encrypt(key, identity.name.encode(), identity.participant, "name"),
            "contact": encrypt(key, identity.contact.encode(), identity.participant, "contact"),
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
    if person is None or person.wrapped_key is None:
        raise UnknownRecord(f"identity for {participant}")
    key = decrypt(master_key(), bytes(person.wrapped_key), participant, "key")
    return Identity(
        participant=participant,
        name=decrypt(key, bytes(person.name), participant, "name").decode(),
        contact=decrypt(key, bytes(person.contact), participant, "contact").decode(),
    )


def erase(participant: str) -> None:
    """Forget the person's key: what is stored can never be read again."""
    Person.objects.using(DATABASE).filter(participant=participant).update(wrapped_key=None)
