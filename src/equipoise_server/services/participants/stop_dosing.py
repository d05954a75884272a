"""Stop the product for one participant."""

from __future__ import annotations

from datetime import datetime

from equipoise.participant import StopDosing
from equipoise_server.services.participants.steps import step
from equipoise_server.services.request import Request
from equipoise_server.store.models import User


def stop_dosing(
    *,
    participant: str,
    reason: str,
    by: User,
    at: datetime,
    key: str,
) -> None:
    """Stop the product for good, from `at` on, with a reason; follow-up goes on.

    Raises:
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "reason": reason}
    request = Request(verb="stop dosing", by=by, at=at, key=key, body=body)
    step(request, code=participant, command=StopDosing(reason=reason, at=at))
