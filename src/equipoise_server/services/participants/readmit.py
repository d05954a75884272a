"""Record that a participant came back to hospital."""

from __future__ import annotations

from datetime import date, datetime

from equipoise.participant import Readmit
from equipoise_server.services.participants.steps import step
from equipoise_server.services.request import Request
from equipoise_server.store.models import User


def readmit(
    *,
    participant: str,
    on: date,
    by: User,
    at: datetime,
    key: str,
) -> None:
    """Record the day on which the participant came back to hospital.

    Raises:
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "on": on}
    request = Request(verb="follow up", by=by, at=at, key=key, body=body)
    step(request, code=participant, command=Readmit(on=on))
