"""Record the end of study of one participant."""

from __future__ import annotations

from datetime import date, datetime

from equipoise.participant import Complete
from equipoise_server.services.participants.steps import step
from equipoise_server.services.request import Request
from equipoise_server.store.models import User


def complete(
    *,
    participant: str,
    on: date,
    reason: str,
    by: User,
    at: datetime,
    key: str,
) -> None:
    """Record the end of study: as planned, lost to follow-up, or otherwise.

    Raises:
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "on": on, "reason": reason}
    request = Request(verb="complete", by=by, at=at, key=key, body=body)
    step(request, code=participant, command=Complete(on=on, reason=reason))
