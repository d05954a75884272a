"""Lock a part of the trial: a record, a visit, a participant, a site."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import PartLocked, UnknownRecord
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, locks
from equipoise_server.store.locks import Part
from equipoise_server.store.models import Participant, Record, Site, Trial, User
from equipoise_server.store.queries import checklist

STEP = "lock a part"


def lock_part(part: Part, *, by: User, at: datetime, key: str) -> None:
    """Lock a part once nothing is left to do in it: from then on nobody changes it.

    Raises:
        NotReady: a query is open, a signature or a form is missing, and so on; each is named.
        PartLocked: it is locked already.
        UnknownRecord: there is no such part.
        NotPermitted, Locked, KeyReused.

    """
    request = Request(verb=STEP, by=by, at=at, key=key, body={"part": part})
    perform(request, lambda: _lock(request, part))


def _lock(request: Request, part: Part) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        hold(cursor, part)
        require_unlocked(cursor, STEP)
        permissions.require(cursor, STEP, by=by, at=at, site=part.site)
        require_part(part)
        if locks.is_locked(part):
            raise PartLocked(str(part), "locking it again")
        checklist.require_done(part, at)
        locks.put(part, at)
        append(cursor, locks.LOCKED, part, request, {})
    return {}


def hold(cursor: Any, part: Part) -> None:
    """Let nobody write into the part until the end: a save holds its participant's chain."""
    if part.scope != "site":
        ledger.hold(cursor, part.participant)
        return
    Trial.objects.select_for_update().get()
    for code in Participant.objects.filter(site=part.site).order_by("pk").values_list("pk"):
        ledger.hold(cursor, code[0])


def require_part(part: Part) -> None:
    """Refuse a part that there is not.

    Raises:
        UnknownRecord: naming it.

    """
    if part.scope == "site":
        known = Site.objects.filter(pk=part.site).exists() and not (
            part.participant or part.visit or part.form or part.number
        )
    elif part.scope == "record":
        known = Record.objects.filter(
            participant=part.participant,
            participant__site=part.site,
            form=part.form,
            visit=part.visit,
            number=part.number,
        ).exists()
    else:
        known = Participant.objects.filter(pk=part.participant, site=part.site).exists() and not (
            part.form or part.number or (part.visit and part.scope == "participant")
        )
        known = known and (part.scope == "participant" or _visited(part))
    if not known:
        raise UnknownRecord(str(part))


def _visited(part: Part) -> bool:
    return Record.objects.filter(participant=part.participant, visit=part.visit).exists()


def append(cursor: Any, what: str, part: Part, request: Request, more: dict[str, object]) -> None:
    """The entry of a lock or unlock: on the participant's chain, or on the study's for a site."""
    ledger.append(
        cursor,
        chain=part.participant or ledger.STUDY_CHAIN,
        what=what,
        by=request.by.username,
        at=request.at,
        payload={"part": part.as_payload(), **more},
    )
