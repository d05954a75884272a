"""Act before consent where the protocol allows it, and record that it follows later."""

from __future__ import annotations

from datetime import datetime, timedelta

from equipoise.errors import NotConsented
from equipoise.participant import DeferConsent, ParticipantState
from equipoise.protocol.model import Study
from equipoise_server.services.participants.steps import step_with
from equipoise_server.services.request import Request
from equipoise_server.store.models import User


def defer_consent(*, participant: str, reason: str, by: User, at: datetime, key: str) -> None:
    """Record that consent is deferred for one of the protocol's reasons, from now on.

    Consent is due within the protocol's limit; until then the trial may act on the person.

    Raises:
        NotConsented: the protocol knows no deferred consent, or not for this reason.
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "reason": reason}
    request = Request(verb="defer consent", by=by, at=at, key=key, body=body)

    def command(study: Study, _state: ParticipantState) -> DeferConsent:
        rule = study.protocol.deferred_consent
        if rule is None or reason not in rule.reasons:
            raise NotConsented(participant, "deferring consent, which the protocol does not allow,")
        due = at + timedelta(hours=rule.within_hours)
        return DeferConsent(at=at, due_at=due, reason=reason)

    step_with(request, code=participant, command=command)
