"""Record a withdrawal."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from equipoise.participant import Level, ParticipantState, Withdraw
from equipoise.protocol.model import Study
from equipoise_server.services.participants.steps import step_with
from equipoise_server.services.request import Answer, Request
from equipoise_server.store.models import Site, User, WithdrawalWish


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

    def command(_study: Study, state: ParticipantState) -> Withdraw:
        zone = Site.objects.values_list("timezone", flat=True).get(pk=state.site)
        now = at if at.astimezone(ZoneInfo(zone)).date() == on else None
        return Withdraw(level=level, on=on, reason=reason, at=now)

    step_with(request, code=participant, command=command, also=lambda _c, _s: _done(request, level))


def _done(request: Request, level: Level) -> Answer:
    """What the participant had asked for is carried out."""
    code = str(request.body["participant"])
    WithdrawalWish.objects.filter(participant=code, level=level, done_at__isnull=True).update(
        done_at=request.at
    )
    return {}
