"""Report a special situation that the protocol names, such as a pregnancy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import connection

from equipoise.errors import UnknownRecord, say
from equipoise.participant import StopDosing
from equipoise.protocol.finalising import SpecialReport
from equipoise.protocol.model import Study
from equipoise.schedule.matrix import LOG
from equipoise_server.services.access import permissions
from equipoise_server.services.records.record import require_author
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life
from equipoise_server.store.models import User
from equipoise_server.store.save import Answers, Place, save, standing

STEP = "report a special situation"


def report_special(
    report: str,
    *,
    participant: str,
    values: Mapping[str, object],
    on: date,
    by: User,
    at: datetime,
    key: str,
    number: int = 0,
    expected: int | None = None,
) -> int:
    """Save the report on its form; returns its version. It ends dosing where the protocol says so.

    `report` is one of the protocol's `safety.reports`. Later changes, such as the outcome, go
    through `record`.

    Raises:
        UnknownRecord: the protocol has no such report.
        SavedFirst: there is one already that the person did not see.
        InvalidRecord, ReasonRequired, NotConsented, NotPermitted, Locked, KeyReused.

    """
    body = {
        "report": report,
        "participant": participant,
        "number": number,
        "values": values,
        "on": on,
    }
    request = Request(verb=STEP, by=by, at=at, key=key, body=body)
    place = (participant, number)
    answers = Answers(values=values, on=on, expected=expected)
    return int(perform(request, lambda: _report(request, report, place, answers))["version"])


def named(study: Study, report: str) -> SpecialReport:
    """The report of that name.

    Raises:
        UnknownRecord: the protocol has none.

    """
    found = next((one for one in study.protocol.safety.reports if one.id == report), None)
    if found is None:
        raise UnknownRecord(say("report {report} in this protocol", report=repr(report[:40])))
    return found


def _report(request: Request, report: str, place: tuple[str, int], answers: Answers) -> Answer:
    by, at = request.by, request.at
    code, number = place
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        rules = named(require_unlocked(cursor, STEP, code), report)
        state = life.state_of(code)
        permissions.require(cursor, STEP, by=by, at=at, site=state.site)
        where = Place(participant=code, form=rules.form, visit=LOG, number=number)
        found = standing(cursor, where, step=STEP)
        require_author(cursor, found, by=by, at=at)
        saved = save(cursor, found, answers, by=by.username, at=at, key=request.key)
        running = state.status == "randomised" and state.dosing_stopped_at is None
        if rules.ends_dosing and running:
            command = StopDosing(at=at, reason=rules.id)
            life.advance(cursor, command, code=code, by=by.username, at=at)
    return {"version": saved["version"]}
