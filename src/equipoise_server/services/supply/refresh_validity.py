"""Ask which kits may not be used, and put it into the stock of a site. Nobody is told why."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise import supply
from equipoise_server.allocator import depot
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import supplies
from equipoise_server.store.models import Kit, User

NOT_VALID = "Not valid: take the replacement."
VALID_AGAIN = "Valid again."


def refresh_validity(*, site: str, by: User, at: datetime, key: str) -> int:
    """Bring the site's kits up to what the allocator says; returns how many changed.

    Anybody who works with the stock may ask. The ledger says what changed, in the same words
    for an expired, a quarantined, a recalled and a replaced kit.

    Raises:
        Locked, AllocatorSilent, KeyReused.

    """
    request = Request(verb="refresh validity", by=by, at=at, key=key, body={"site": site})
    return int(perform(request, lambda: _refresh(request, site))["changed"])


def _refresh(request: Request, site: str) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        require_unlocked(cursor, "refresh validity")
        not_valid = set(depot.not_valid(site=site, at=at))
        changed = 0
        for code in Kit.objects.filter(site=site).order_by("pk").values_list("pk", flat=True):
            state = supplies.state_of(code)
            if state.quarantined == (code in not_valid):
                continue
            command: supply.Command = supply.Release(reason=VALID_AGAIN, at=at)
            if code in not_valid:
                command = supply.Quarantine(reason=NOT_VALID, at=at)
            supplies.advance(cursor, code, command, by=by.username, at=at)
            changed += 1
    return {"changed": changed}
