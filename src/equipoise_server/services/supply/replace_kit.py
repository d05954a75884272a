"""Give a participant another kit, instead of one that is lost or not valid."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise import supply
from equipoise.errors import NotRandomised, ReasonRequired
from equipoise.participant import ReplaceKit
from equipoise_server.allocator import depot
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life, supplies
from equipoise_server.store.models import User

NOT_VALID = "Replaced: do not use."


def replace_kit(*, participant: str, reason: str, by: User, at: datetime, key: str) -> str:
    """The participant's kit in use is not used any more; returns the code of another one.

    The answer is a kit code and nothing else, as in randomisation.

    Raises:
        OutOfStock: in the same words for every arm.
        NotRandomised, AlreadyWithdrawn, DoseNotAllowed, ReasonRequired.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "reason": reason}
    request = Request(verb="replace a kit", by=by, at=at, key=key, body=body)
    return str(perform(request, lambda: _replace(request, participant, reason))["kit"])


def _replace(request: Request, code: str, reason: str) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        require_unlocked(cursor, "replace a kit", code)
        state = life.state_of(code)
        permissions.require(cursor, "replace a kit", by=by, at=at, site=state.site)
        if state.kit is None:
            raise NotRandomised(code, "a replacement kit")
        if not reason.strip():
            raise ReasonRequired("A replacement kit")
        kit = depot.replace(
            participant=code, site=state.site, kit=state.kit, key=request.key, at=at
        )
        command = ReplaceKit(kit=kit, reason=reason, at=at)
        life.advance(cursor, command, code=code, by=by.username, at=at)
        reserve = supply.Reserve(participant=code, at=at)
        supplies.advance(cursor, kit, reserve, by=by.username, at=at)
        if not supplies.state_of(state.kit).quarantined:
            bar = supply.Quarantine(reason=NOT_VALID, at=at)
            supplies.advance(cursor, state.kit, bar, by=by.username, at=at)
    return {"kit": kit}
