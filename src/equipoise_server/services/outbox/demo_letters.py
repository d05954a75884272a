"""The letter box of a demonstration: what its mail server would have sent, for everybody to read.

A demonstration has no mail server and simulated people alone, so its letters are no secret.
A live trial has no such box.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from equipoise.errors import UnknownRecord
from equipoise_server.identity.models import Letter, ParticipantDoor
from equipoise_server.services.letters.mail import DATABASE
from equipoise_server.services.outbox.send_mail import message_of
from equipoise_server.services.own_pages.participant_door import Door, door_of
from equipoise_server.services.portal.volunteer_letters import NotWanted
from equipoise_server.store.models import Trial

MARK = "demo"
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One letter. `parts` are texts with the address they lead to on this server, "" for none."""

    to: str
    subject: str
    language: str
    at: datetime
    parts: tuple[tuple[str, str], ...]


def require_demonstration() -> None:
    """Refuse anywhere but in a demonstration.

    Raises:
        UnknownRecord: this is a live trial.

    """
    marked = (Path(settings.EQUIPOISE_DIR) / MARK).is_file()
    if not marked or not Trial.objects.filter(demo=True).exists():
        raise UnknownRecord("letter box: this is no demonstration")


def letters() -> tuple[Shown, ...]:
    """The newest letters that wait to be sent.

    Raises:
        UnknownRecord: this is a live trial.

    """
    require_demonstration()
    rows = Letter.objects.using(DATABASE).filter(ended="").order_by("-at", "-pk")
    return tuple(_opened(rows[: 2 * SHOWN]))[:SHOWN]


def _opened(rows: object) -> Iterator[Shown]:
    for row in rows:  # type: ignore[attr-defined]
        try:
            message = message_of(row)
        except (NotWanted, UnknownRecord):
            continue
        yield Shown(
            to=", ".join(message.to),
            subject=str(message.subject),
            language=row.language,
            at=row.at,
            parts=_parts(str(message.body)),
        )


def _parts(body: str) -> tuple[tuple[str, str], ...]:
    """The text, and each address of this server as a link of its own."""
    found = re.split(rf"({re.escape(settings.EQUIPOISE_URL)}\S*)", body)
    return tuple(
        (part, part.removeprefix(settings.EQUIPOISE_URL) if number % 2 else "")
        for number, part in enumerate(found)
        if part
    )


def people(most: int = 6) -> tuple[Door, ...]:
    """Some participants with pages of their own, to try them; none in a live trial."""
    try:
        require_demonstration()
    except UnknownRecord:
        return ()
    rows = ParticipantDoor.objects.using(DATABASE).order_by("created_at")
    return tuple(door_of(code) for code in rows.values_list("pk", flat=True)[:most])
