"""Close a screening without randomisation."""

from __future__ import annotations

from datetime import date, datetime

from equipoise.participant import FailScreening
from equipoise_server.services.participants.steps import step
from equipoise_server.services.request import Request
from equipoise_server.store.models import User


def fail_screening(
    *, participant: str, reason: str, on: date, by: User, at: datetime, key: str
) -> None:
    """Record a screen failure with its reason. Possible without consent: people decline.

    Raises:
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "reason": reason, "on": on}
    request = Request(verb="fail screening", by=by, at=at, key=key, body=body)
    step(request, code=participant, command=FailScreening(reason=reason, on=on))
