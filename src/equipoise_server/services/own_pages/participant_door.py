"""How a participant comes to their own pages: an address and a telephone, sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise.errors import UnknownRecord, say
from equipoise_server.identity.models import ParticipantDoor
from equipoise_server.identity.sealing import blind, fresh_key, key_of, same_address, seal, unseal

DATABASE = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a participant can be reached, in which language; whether they want reminders.

    `copies`: they agreed that signed copies are mailed to the address.
    """

    participant: str
    address: str
    phone: str
    language: str
    reminders: bool
    copies: bool = False


def address_index(address: str) -> str:
    """The keyed hash by which an address is found again."""
    return blind("participant-address", same_address(address))


def open_door(
    code: str, *, address: str, phone: str, language: str, at: datetime, copies: bool = False
) -> None:
    """Keep where a participant can be reached; what was kept before is replaced."""
    key = fresh_key("participant", code)
    told = {"address": address, "phone": phone, "copies": copies}
    ParticipantDoor.objects.using(DATABASE).update_or_create(
        participant=code,
        defaults={
            "sealed": seal(key, told, code, "door"),
            "address_index": address_index(address),
            "language": language,
        },
        create_defaults={
            "sealed": seal(key, told, code, "door"),
            "address_index": address_index(address),
            "language": language,
            "created_at": at,
        },
    )


def door_of(code: str) -> Door:
    """How a participant is reached.

    Raises:
        UnknownRecord: not known, or erased.

    """
    row = ParticipantDoor.objects.using(DATABASE).filter(pk=code).first()
    if row is None:
        raise UnknownRecord(say("address of {code}", code=code))
    told = unseal(key_of("participant", code), row.sealed, code, "door")
    return Door(participant=code, language=row.language, reminders=row.reminders, **told)


def set_reminders(code: str, wanted: bool) -> None:
    """Whether mail comes on days with something to do."""
    ParticipantDoor.objects.using(DATABASE).filter(pk=code).update(reminders=wanted)
