"""Record a death."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from equipoise.errors import OutOfOrder, say
from equipoise.participant import Die
from equipoise_server.services.participants.steps import step
from equipoise_server.services.request import Request
from equipoise_server.store import life
from equipoise_server.store.models import Site, User


def record_death(
    *,
    participant: str,
    on: date,
    by: User,
    at: datetime,
    key: str,
) -> None:
    """Record the day on which the participant died.

    Raises:
        OutOfOrder: the day lies ahead.
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    zone = Site.objects.values_list("timezone", flat=True).get(pk=life.site_of(participant))
    if on > at.astimezone(ZoneInfo(zone)).date():
        raise OutOfOrder(
            say("The death of {participant}", participant=participant),
            say("its date {on} lies ahead", on=on),
        )
    body = {"participant": participant, "on": on}
    request = Request(verb="follow up", by=by, at=at, key=key, body=body)
    step(request, code=participant, command=Die(on=on))
