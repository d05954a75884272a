"""Record a signed consent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from equipoise.participant import SignConsent
from equipoise_server.services.participants.move_participant import follow_consent
from equipoise_server.services.participants.steps import step_with
from equipoise_server.services.request import Request
from equipoise_server.store.models import User


def consent(
    *,
    participant: str,
    version: str,
    by: User,
    at: datetime,
    key: str,
    signed_at: datetime | None = None,
    signatory: Literal["participant", "representative"] = "participant",
) -> None:
    """Record that the participant, or who represents them, signed a version of the document.

    Raises:
        Refused: what `equipoise.participant.decide` refuses.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {
        "participant": participant,
        "version": version,
        "signatory": signatory,
        "signed": signed_at,
    }
    request = Request(verb="consent", by=by, at=at, key=key, body=body)
    command = SignConsent(version=version, at=signed_at or at, signatory=signatory)
    step_with(
        request,
        code=participant,
        command=lambda _study, _state: command,
        also=lambda cursor, state: follow_consent(cursor, state, by=by.username, at=at),
    )
