"""Report an adverse event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from equipoise.forms import prepare
from equipoise.participant import ReportEvent
from equipoise.schedule.matrix import LOG
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life
from equipoise_server.store.models import User
from equipoise_server.store.save import Answers, Place, save, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The event's number and how far its form is."""

    number: int
    status: str


def report_event(
    *,
    participant: str,
    values: Mapping[str, object],
    on: date,
    by: User,
    at: datetime,
    key: str,
) -> Reported:
    """Report a new adverse event on the study's event form. Later changes go through `record`.

    Raises:
        Refused: what `equipoise.participant.decide` refuses.
        InvalidRecord, NotConsented, NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "values": values, "on": on}
    request = Request(verb="report an event", by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _report(request, participant, values, on))
    return Reported(number=answer["number"], status=answer["status"])


def _report(request: Request, code: str, values: Mapping[str, object], on: date) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        study = require_unlocked(cursor, "report an event", code)
        state = life.state_of(code)
        permissions.require(cursor, "report an event", by=by, at=at, site=state.site)
        rules = study.protocol.safety
        number = max(state.reported, default=0) + 1
        place = Place(participant=code, form=rules.event_form, visit=LOG, number=number)
        found = standing(cursor, place, step="report an event")
        permissions.require_assessor(cursor, found.form, code, by=by)
        typed = prepare(study.protocol, found.form, values).values
        serious = typed.get(rules.serious_item) is True
        command = ReportEvent(number=number, at=at, serious=serious)
        life.advance(cursor, command, code=code, by=by.username, at=at)
        answers = Answers(values=values, on=on)
        saved = save(cursor, found, answers, by=by.username, at=at, key=request.key)
    return {"number": number, "status": saved["status"]}
