"""Put a person on the screening log of a site."""

from __future__ import annotations

import os
from datetime import date, datetime

from django.db import connection

from equipoise.errors import AlreadyScreened, UnknownRecord, say
from equipoise.ids import participant_code
from equipoise.participant import Screen
from equipoise_server.services.access import permissions
from equipoise_server.services.participants.move_participant import start
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life
from equipoise_server.store.models import Participant, Site, User


def screen(
    *, site: str, on: date, by: User, at: datetime, key: str, code: str | None = None
) -> str:
    """Enter a new person at a site; returns the participant code.

    `code`: the code to use; None draws one. A code tells nothing about its order.

    Raises:
        AlreadyScreened: the code is in use.
        UnknownRecord: there is no such open site.

    """
    request = Request(
        verb="screen", by=by, at=at, key=key, body={"site": site, "on": on, "code": code}
    )
    answer = perform(request, lambda: _screen(request, site, on, code))
    return str(answer["participant"])


def _screen(request: Request, site: str, on: date, wanted: str | None) -> Answer:
    code = wanted or participant_code(site, os.urandom(32))
    with connection.cursor() as cursor:
        require_unlocked(cursor, request.verb)
        permissions.require(cursor, request.verb, by=request.by, at=request.at, site=site)
        if not Site.objects.filter(pk=site, closed_at__isnull=True).exists():
            raise UnknownRecord(say("open site {site}", site=site))
        ledger.hold(cursor, code)
        if Participant.objects.filter(pk=code).exists():
            raise AlreadyScreened(code)
        command = Screen(code=code, site=site, at=request.at, on=on)
        by, at = request.by.username, request.at
        state = life.enter(cursor, command, code=code, by=by, at=at)
        start(cursor, state, by=by, at=at)
    return {"participant": code}
