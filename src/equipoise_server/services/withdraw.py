"""Record a withdrawal."""

from __future__ import annotations

from datetime import date, datetime

from equipoise.participant import Level, Withdraw
from equipoise_server.services.request import Request
from equipoise_server.services.steps import step
from equipoise_server.store.models import User


def withdraw(
    *,
    participant: str,
    level: Level,
    on: date,
    by: User,
    at: datetime,
    key: str,
    reason: str = "",
) -> None:
    """Record from what the participant withdraws: product, visits, contact, data or samples.

    A reason may be recorded; nobody needs to give one.

    Raises:
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "level": level, "on": on, "reason": reason}
    request = Request(verb="withdraw", by=by, at=at, key=key, body=body)
    step(request, code=participant, command=Withdraw(level=level, on=on, reason=reason))
