"""Participants come to their pages with their code and a mailed link. No password.

Whoever asks gets the same answer, whether the code and the address belong together or not.
"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from equipoise.errors import FormIncomplete, UnknownRecord
from equipoise_server.identity.models import ParticipantDoor
from equipoise_server.services.letters import links, mail
from equipoise_server.services.own_pages.participant_door import DATABASE, address_index, door_of
from equipoise_server.services.portal.public_limits import PER_ADDRESS, count
from equipoise_server.store import life


def ask_to_come_in(code: str, address: str, *, at: datetime) -> None:
    """Mail a link where the code and the address are of one participant; say nothing otherwise.

    Raises:
        FormIncomplete: no code, or not an address.
        TooManyRequests: too many requests for this address or code in an hour.

    """
    wanted = code.strip().upper()
    try:
        validate_email(address.strip())
    except ValidationError as problem:
        raise FormIncomplete(("address",)) from problem
    if not 0 < len(wanted) <= 32:
        raise FormIncomplete(("code",))
    index = address_index(address)
    count("participant-address", index, PER_ADDRESS, at=at)
    count("participant-code", wanted, PER_ADDRESS, at=at)
    doors = ParticipantDoor.objects.using(DATABASE)
    if not doors.filter(pk=wanted, address_index=index).exists():
        return
    door = door_of(wanted)
    where = "zh-hans" if door.language == "zh-Hans" else "en"
    link = mail.link(f"/{where}/me/enter/{links.make('me', f'{wanted}.{int(at.timestamp())}')}/")
    mail.queue(
        template="me-enter",
        to=door.address,
        language=door.language,
        context={"link": link},
        key=f"me-enter/{wanted}/{at.isoformat()}",
    )


def come_in(signed: str, *, at: datetime) -> str:
    """The participant's code behind a mailed link; the link opens once.

    Raises:
        LinkInvalid: forged, older than 30 minutes, or used.
        UnknownRecord: the participant is not known any more.

    """
    code = links.use("me", signed, at=at).rpartition(".")[0]
    doors = ParticipantDoor.objects.using(DATABASE).filter(pk=code)
    life.site_of(code)
    if not doors.update(last_seen_at=at):
        raise UnknownRecord("participant")
    return code
