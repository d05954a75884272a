"""Unlock a part of the trial: two persons, each with a reason."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise.errors import NotLocked, say
from equipoise_server.services.access.two_persons import Agreed, require_both
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.services.trial.lock_part import append, hold, require_part
from equipoise_server.store import locks
from equipoise_server.store.locks import Part

STEP = "unlock a part"


def unlock_part(part: Part, *, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    """Take the lock of a part away, so that its data can be corrected.

    Raises:
        NotLocked: the part itself is not locked.
        TwoPersonsRequired: one person twice, or a reason is missing.
        UnknownRecord, NotPermitted, Locked, KeyReused.

    """
    body = {"part": part, "reasons": {one.by.username: one.reason for one in (first, second)}}
    request = Request(verb=STEP, by=first.by, at=at, key=key, body=body)
    perform(request, lambda: _unlock(request, part, first, second))


def _unlock(request: Request, part: Part, first: Agreed, second: Agreed) -> Answer:
    with connection.cursor() as cursor:
        hold(cursor, part)
        require_unlocked(cursor, STEP)
        persons = require_both(cursor, STEP, first, second, at=request.at, site=part.site)
        require_part(part)
        if not locks.is_locked(part):
            raise NotLocked(say("Unlocking {part}", part=part))
        locks.take(part)
        append(cursor, locks.UNLOCKED, part, request, {"persons": persons})
    return {}
