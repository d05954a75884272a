"""Raise a protocol deviation that no rule sees."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise.errors import OutOfOrder, UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.cleaning.query_step import require_text
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life, locks
from equipoise_server.store.models import Deviation, Site, User

VERB = "raise a deviation"
KINDS = (
    "eligibility",
    "consent",
    "window",
    "dose-gap",
    "medication",
    "assessment",
    "blinding",
    "other",
)


def raise_deviation(
    *,
    participant: str,
    kind: str,
    on: date,
    text: str,
    by: User,
    at: datetime,
    key: str,
    confirmed: bool = False,
) -> int:
    """Note a departure from the protocol; its number. It is classified later.

    Raises:
        UnknownRecord: no such participant or kind. OutOfOrder: the date lies ahead.
        MayUnblind, ReasonRequired: of the text. NotPermitted, Locked, KeyReused.

    """
    said = text.strip()
    body = {"participant": participant, "kind": kind, "on": on, "text": said}
    request = Request(verb=VERB, by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _raise(request, participant, kind, on, said, confirmed))
    return int(answer["deviation"])


def _raise(request: Request, code: str, kind: str, on: date, text: str, confirmed: bool) -> Answer:
    by, at = request.by, request.at
    if kind not in KINDS:
        raise UnknownRecord(say("kind of deviation {kind}", kind=kind[:40]))
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        study = require_unlocked(cursor, VERB)
        state = life.state_of(code)
        locks.require_unlocked(cursor, site=state.site, participant=code, step=VERB)
        permissions.require(cursor, VERB, by=by, at=at, site=state.site)
        zone = Site.objects.values_list("timezone", flat=True).get(pk=state.site)
        if on > at.astimezone(ZoneInfo(zone)).date():
            raise OutOfOrder("The deviation", say("its date {on} lies ahead", on=on))
        require_text(study, text, VERB, confirmed=confirmed, needed=True)
        one = Deviation.objects.create(
            participant_id=code,
            origin="person",
            kind=kind,
            on=on,
            raised_by=by.username,
            raised_at=at,
        )
        ledger.append(
            cursor,
            chain=code,
            what="deviation-raised",
            by=by.username,
            at=at,
            payload={"kind": kind, "on": on.isoformat(), "text": text},
            subject=f"deviation/{one.pk}",
        )
    return {"deviation": one.pk}
