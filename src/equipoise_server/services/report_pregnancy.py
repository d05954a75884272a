"""Report a pregnancy: on its form, and no further dose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import connection

from equipoise.errors import UnknownRecord
from equipoise.participant import StopDosing
from equipoise.schedule.matrix import LOG
from equipoise_server.services import permissions
from equipoise_server.services.record import require_author
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life
from equipoise_server.store.models import User
from equipoise_server.store.save import Answers, Place, save, standing

STEP = "report a pregnancy"


def report_pregnancy(
    *,
    participant: str,
    values: Mapping[str, object],
    on: date,
    by: User,
    at: datetime,
    key: str,
) -> int:
    """Save the pregnancy report that the protocol names; returns its version. Dosing ends.

    Later changes, such as the outcome, go through `record`.

    Raises:
        UnknownRecord: the protocol has no such report.
        InvalidRecord, ReasonRequired, NotConsented, NotPermitted, Locked, KeyReused.

    """
    body = {"participant": participant, "values": values, "on": on}
    request = Request(verb=STEP, by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _report(request, participant, values, on))
    return int(answer["version"])


def _report(request: Request, code: str, values: Mapping[str, object], on: date) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        study = require_unlocked(cursor, STEP, code)
        state = life.state_of(code)
        permissions.require(cursor, STEP, by=by, at=at, site=state.site)
        rules = study.protocol.safety.pregnancy
        if rules is None:
            raise UnknownRecord("pregnancy report in this protocol")
        found = standing(cursor, Place(participant=code, form=rules.form, visit=LOG), step=STEP)
        require_author(cursor, found, by=by, at=at)
        answers = Answers(values=values, on=on)
        saved = save(cursor, found, answers, by=by.username, at=at, key=request.key)
        if state.randomised and state.dosing_stopped_at is None and state.status == "randomised":
            command = StopDosing(at=at, reason="pregnancy")
            life.advance(cursor, command, code=code, by=by.username, at=at)
    return {"version": saved["version"]}
