"""A participant's diary: the protocol's form, one entry a day, written by the participant.

An entry that was kept on the phone while there was no connection comes later, with the moment
at which it was written and the version that the phone had seen. Where the site has saved the
same day meanwhile, nothing is overwritten: both are shown, and the participant is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise.errors import OutOfOrder, UnknownRecord, say
from equipoise.participant import timeline
from equipoise.protocol.model import Study
from equipoise.protocol.participants_plan import Diary
from equipoise.schedule import due
from equipoise.schedule.matrix import DAILY
from equipoise_server.services.own_pages.participant_self import oneself
from equipoise_server.services.request import Request, answered, remember, whole
from equipoise_server.store import documents, ledger, life
from equipoise_server.store import study as studies
from equipoise_server.store.models import Record, Site
from equipoise_server.store.save import Answers, Place, save, standing

LATE = timedelta(days=7)
"""How long after its day an entry from a phone is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryDay:
    """One day of the diary. `state`: due, done, overdue, missed or not-yet; `version` 0: no entry."""

    number: int
    on: date
    state: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of an entry. `version`: the newest now."""

    version: int
    status: str


def plan_of(study: Study) -> Diary:
    """The diary of a study.

    Raises:
        UnknownRecord: it has none.

    """
    if study.participants.diary is None:
        raise UnknownRecord("diary in this study")
    return study.participants.diary


def days_of(code: str, at: datetime) -> tuple[DiaryDay, ...]:
    """The days on which the schedule asks for the diary, in order."""
    study = studies.of_participant(code)
    plan = plan_of(study)
    state = life.state_of(code)
    zone = Site.objects.values_list("timezone", flat=True).get(pk=state.site)
    heads = {
        (one.form, one.visit, one.number): one.version
        for one in Record.objects.filter(participant=code)
    }
    known = documents.answers(study, documents.records_of(study, code))
    lived = timeline(
        state, recorded=heads, answers=known, zone=zone, samples=study.participants.samples
    )
    found = due(study.protocol, lived, at.astimezone(ZoneInfo(zone)).date())
    return tuple(
        DiaryDay(
            number=one.number,
            on=one.first,
            state=one.state,
            version=heads.get((plan.form, DAILY, one.number), 0),
        )
        for one in found
        if one.form == plan.form and one.visit == DAILY
    )


def keep_diary(
    *,
    participant: str,
    number: int,
    values: Mapping[str, object],
    written_at: datetime,
    expected: int,
    at: datetime,
    key: str,
) -> Kept:
    """Save one day's entry as the participant wrote it.

    `number`: the day of the study. `written_at`: when it was written, on the phone's clock.
    `expected`: the version that the participant saw, 0 for none.

    Raises:
        SavedFirst: somebody saved this day since; nothing was overwritten.
        OutOfOrder: the day lies ahead, or too far back.
        InvalidRecord, NotConsented, AlreadyWithdrawn, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "number": number, "values": dict(values)}
    request = Request(verb="keep a diary", by=oneself(), at=at, key=key, body=body)
    with whole(), connection.cursor() as cursor:
        known = answered(cursor, request)
        if known is None:
            ledger.hold(cursor, participant)
            known = _keep(cursor, request, number, values, written_at, expected)
            remember(cursor, request, known)
    return Kept(version=known["version"], status=known["status"])


def _keep(
    cursor: Any,
    request: Request,
    number: int,
    values: Mapping[str, object],
    written_at: datetime,
    expected: int,
) -> dict[str, Any]:
    code, at = str(request.body["participant"]), request.at
    plan = plan_of(studies.of_participant(code))
    place = Place(participant=code, form=plan.form, visit=DAILY, number=number)
    found = standing(cursor, place, step="keep a diary", at=at)
    if found.randomised_on is None:
        raise OutOfOrder("The diary", "it begins with the first day of the study")
    on = found.randomised_on + timedelta(days=number)
    today = at.astimezone(ZoneInfo(found.timezone)).date()
    if on > today:
        raise OutOfOrder("This entry", "its day lies ahead")
    if today - on > LATE:
        raise OutOfOrder("This entry", say("its day is more than {days} days past", days=LATE.days))
    asked = {name: values[name] for name in plan.items if name in values}
    if plan.at_item:
        asked[plan.at_item] = min(written_at, at).isoformat()
    if plan.source_item:
        asked[plan.source_item] = plan.source_code
    answers = Answers(values=asked, on=on, reason="Diary of the participant", expected=expected)
    return save(cursor, found, answers, by=request.by.username, at=at, key=request.key)
