"""Move a participant to the protocol version that is in force at the site."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise.errors import AmendmentRefused, say
from equipoise.participant import ParticipantState
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life, locks, versions
from equipoise_server.store import study as studies
from equipoise_server.store.models import Site, User
from equipoise_server.store.save import Place
from equipoise_server.store.versions import Way

STEP = "move a participant"


def move_participant(*, participant: str, by: User, at: datetime, key: str) -> str:
    """Put a participant under the newest version in force at the site; returns its digest.

    Raises:
        AmendmentRefused: there is none newer, or people have to agree anew and this one has
            not signed a consent document of that version.
        NotPermitted, Locked, PartLocked, UnknownRecord, KeyReused.

    """
    request = Request(verb=STEP, by=by, at=at, key=key, body={"participant": participant})
    answer = perform(request, lambda: _move(request, participant))
    return str(answer["digest"])


def _move(request: Request, code: str) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        require_unlocked(cursor, STEP)
        state = life.state_of(code)
        permissions.require(cursor, STEP, by=by, at=at, site=state.site)
        locks.require_unlocked(cursor, site=state.site, participant=code, step=STEP)
        found = _ahead(cursor, code, state.site, at)
        if found is None:
            raise AmendmentRefused(
                say("no newer version is in force at the site of {code}", code=code)
            )
        if found.reconsent and not _agreed(cursor, state, found):
            raise AmendmentRefused(
                say("{code} has to sign the consent of that version first", code=code)
            )
        versions.move(cursor, code, found.to, why="decided", by=by.username, at=at)
    return {"digest": found.to}


def follow_at_visit(cursor: Any, place: Place, *, by: str, at: datetime) -> bool:
    """Move a participant whose next visit begins with this save; whether that was done.

    Where people have to agree anew, only who has agreed moves. Call it inside a transaction
    that holds the chain.
    """
    code = place.participant
    ahead = _ahead(cursor, code, life.site_of(code), at)
    if ahead is None or (ahead.reconsent and not _agreed(cursor, life.state_of(code), ahead)):
        return False
    planned = {visit.id for visit in studies.of_digest(ahead.to).protocol.visits}
    if place.visit not in planned or versions.visited(cursor, code, place.visit):
        return False
    versions.move(cursor, code, ahead.to, why="visit", by=by, at=at)
    return True


def follow_consent(cursor: Any, state: ParticipantState, *, by: str, at: datetime) -> Answer:
    """Move a participant who has just agreed to the version in force at the site."""
    ahead = _ahead(cursor, state.code, state.site, at)
    if ahead is not None and ahead.reconsent and _agreed(cursor, state, ahead):
        versions.move(cursor, state.code, ahead.to, why="reconsent", by=by, at=at)
    return {}


def start(cursor: Any, state: ParticipantState, *, by: str, at: datetime) -> None:
    """Put a new participant under the version in force at the site, where it is not the first."""
    ahead = _ahead(cursor, state.code, state.site, at)
    if ahead is not None:
        versions.move(cursor, state.code, ahead.to, why="screened", by=by, at=at)


def _ahead(cursor: Any, code: str, site: str, at: datetime) -> Way | None:
    """The way from the participant's version to that of the site today, where it is newer."""
    zone = Site.objects.values_list("timezone", flat=True).get(pk=site)
    to = versions.at_site(cursor, site, at.astimezone(ZoneInfo(zone)).date())
    return None if to is None else versions.way(versions.of(cursor, code), to)


def _agreed(cursor: Any, state: ParticipantState, ahead: Way) -> bool:
    """Whether the participant signed a consent document that came with that version."""
    now = studies.of_digest(versions.of(cursor, state.code))
    known = {one.version for one in now.consents}
    new = {one.version for one in studies.of_digest(ahead.to).consents} - known
    return any(one.version in new for one in state.consents)
