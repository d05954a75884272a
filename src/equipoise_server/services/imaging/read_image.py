"""Read pictures masked: score them, or say that it cannot be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import (
    AlreadyRead,
    InvalidRecord,
    NotMasked,
    PicturesChanged,
    ReasonRequired,
    UnknownRecord,
    say,
)
from equipoise.protocol.imaging import Reading
from equipoise_server.services.access import permissions
from equipoise_server.services.imaging import readings
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import imaging, ledger
from equipoise_server.store.models import ImageDeclined, ImageReading, Scan, User
from equipoise_server.store.save import Place, Standing, standing

VERB = "read an image"
LONGEST_REASON = 1_000
_ELSEWHERE = (
    "SELECT 1 FROM store_membership WHERE user_id = %s AND role <> 'image reader' "
    "AND since <= %s LIMIT 1"
)


def read_image(
    *, scan: str, content: str, scores: Mapping[str, int], by: User, at: datetime, key: str
) -> int:
    """Score the pictures of a scan; returns which reading it is: 1, 2, or 3 for the one who decides.

    `content`: the digest of the pictures that were shown. `scores`: by item of the first sheet.
    When nothing is left to read, the scores go into the record.

    Raises:
        PicturesChanged: the pictures are others by now; nothing was kept.
        AlreadyRead: this reader has read or declined it, or the readings are complete.
        NotMasked: the person holds, or has held, another role.
        InvalidRecord: a score is missing or impossible.
        UnknownRecord: no such scan, or its pictures are not read.
        NotPermitted, Locked, PartLocked, AlreadyWithdrawn, KeyReused.

    """
    body = {"scan": scan, "content": content, "scores": dict(scores)}
    request = Request(verb=VERB, by=by, at=at, key=key, body=body)
    return int(perform(request, lambda: _read(request, scan, content, scores))["slot"])


def _read(request: Request, code: str, content: str, scores: Mapping[str, int]) -> Answer:
    by, at = request.by, request.at
    scan = _scan(code)
    with connection.cursor() as cursor:
        found, reading = _open(cursor, scan, by, at)
        now = imaging.content_of(imaging.in_use(scan))
        if not now or content != now:
            raise PicturesChanged(code)
        known = imaging.readings_of(scan, now)
        slot = _slot(reading, known, scan, by)
        asked = _checked(found, reading, scores)
        row = ImageReading.objects.create(
            scan=scan,
            content=now,
            slot=slot,
            scores=canonical_json(asked).decode(),
            total=readings.total_of(found.study, reading, asked),
            by=by.username,
            at=at,
        )
        _note(cursor, row, imaging.READ, imaging.read(row), by=by, at=at)
        readings.settle(cursor, found, scan, by=by.username, at=at, key=request.key)
    return {"slot": slot}


def decline_image(*, scan: str, reason: str, by: User, at: datetime, key: str) -> None:
    """Say that a scan cannot be read masked: the reader knows whose it is, or what they got.

    Somebody else reads it then; a reading that this person gave before does not count less.

    Raises:
        ReasonRequired: no reason is given.
        AlreadyRead: this reader has read or declined it.
        NotMasked, UnknownRecord, NotPermitted, Locked, PartLocked, AlreadyWithdrawn, KeyReused.

    """
    body = {"scan": scan, "reason": reason}
    request = Request(verb="decline an image", by=by, at=at, key=key, body=body)
    perform(request, lambda: _decline(request, scan, reason.strip()[:LONGEST_REASON]))


def _decline(request: Request, code: str, reason: str) -> Answer:
    by, at = request.by, request.at
    scan = _scan(code)
    with connection.cursor() as cursor:
        _, reading = _open(cursor, scan, by, at)
        if not reason:
            raise ReasonRequired("Not reading a scan")
        known = imaging.readings_of(scan, imaging.content_of(imaging.in_use(scan)))
        _slot(reading, known, scan, by)
        row = ImageDeclined.objects.create(scan=scan, by=by.username, at=at)
        _note(cursor, row, imaging.DECLINED, imaging.declined(row, reason), by=by, at=at)
    return {"declined": True}


def _scan(code: str) -> Scan:
    found = Scan.objects.filter(pk=code).first()
    if found is None:
        raise UnknownRecord(say("scan {code}", code=code[:20]))
    return found


def _open(cursor: Any, scan: Scan, by: User, at: datetime) -> tuple[Standing, Reading]:
    """Whether this person may read this scan now; holds the participant's chain."""
    permissions.require(cursor, VERB, by=by, at=at)
    require_masked(cursor, by=by, at=at)
    ledger.hold(cursor, scan.participant_id)
    place = Place(
        participant=scan.participant_id, form=scan.form, visit=scan.visit, number=scan.number
    )
    found = standing(cursor, place, step=VERB)
    reading = found.study.imaging.reading_of(scan.rule)
    if reading is None:
        raise UnknownRecord(say("reading of {code}", code=scan.code))
    return found, reading


def require_masked(cursor: Any, *, by: User, at: datetime) -> None:
    """Refuse a reader who holds, or has held, any other role: no site staff, nobody who doses.

    Raises:
        NotMasked: such a role is or was held.

    """
    moment = connection.ops.adapt_datetimefield_value(at)
    cursor.execute(_ELSEWHERE, [by.pk, moment])
    if cursor.fetchone() is not None:
        raise NotMasked


def _slot(reading: Reading, known: Mapping[int, ImageReading], scan: Scan, by: User) -> int:
    """Which reading is open to this person."""
    if any(one.by == by.username for one in known.values()):
        raise AlreadyRead(scan.code, "you have read it")
    if ImageDeclined.objects.filter(scan=scan, by=by.username).exists():
        raise AlreadyRead(scan.code, "you said that you cannot read it masked")
    if readings.complete(reading, known):
        raise AlreadyRead(scan.code, "its readings are complete")
    return next(
        slot for slot in (readings.FIRST, readings.SECOND, readings.THIRD) if slot not in known
    )


def _checked(found: Standing, reading: Reading, scores: Mapping[str, int]) -> dict[str, int]:
    """Every score of the sheet, each within its bounds."""
    wrong, checked = [], {}
    for name in reading.sheets[0].items:
        item, value = found.form.item(name), scores.get(name)
        low, high = (item.low, item.high) if item is not None else (None, None)
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or low is None
            or high is None
            or not low <= value <= high
        ):
            wrong.append(f"{name}: give a whole number from {low} to {high}")
        else:
            checked[name] = value
    if wrong or set(scores) - set(checked):
        raise InvalidRecord(found.form.id, tuple(wrong) or ("a score that nobody asked for",))
    return checked


def _note(
    cursor: Any,
    row: ImageReading | ImageDeclined,
    what: str,
    payload: Mapping[str, object],
    *,
    by: User,
    at: datetime,
) -> None:
    ledger.append(
        cursor,
        chain=row.scan.participant_id,
        what=what,
        by=by.username,
        at=at,
        payload=dict(payload),
        subject=imaging.subject_of(row),
    )
