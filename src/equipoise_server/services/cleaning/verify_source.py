"""Note that answers were compared with their source."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import SavedFirst, UnknownRecord, say
from equipoise.forms.verification import to_verify
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger
from equipoise_server.store.models import Record, User, Verification
from equipoise_server.store.save import Place, Standing, standing

VERB = "verify source"


def verify_source(
    *,
    participant: str,
    form: str,
    visit: str,
    items: Collection[str],
    expected: int,
    by: User,
    at: datetime,
    key: str,
    number: int = 0,
) -> int:
    """Mark answers as verified; how many were not before.

    `items`: of those that the plan asks to verify. `expected`: the version that was compared.

    Raises:
        SavedFirst: the record has a newer version; compare that one.
        UnknownRecord: no such record, or an item that is not to be verified.
        NotPermitted, Locked, KeyReused.

    """
    place = Place(participant=participant, form=form, visit=visit, number=number)
    wanted = sorted(set(items))
    body = {"place": place, "items": wanted, "expected": expected}
    request = Request(verb=VERB, by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _verify(request, place, wanted, expected))
    return int(answer["verified"])


def _verify(request: Request, place: Place, items: list[str], expected: int) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, place.participant)
        found = standing(cursor, place, step=VERB)
        permissions.require(cursor, VERB, by=by, at=at, site=found.site)
        record = _record(place, expected)
        _require_planned(found, items)
        new = _new(record, items)
        Verification.objects.bulk_create(
            Verification(record=record, item=item, version=expected, by=by.username, at=at)
            for item in new
        )
        if new:
            _note(cursor, place, new, expected, by=by, at=at)
    return {"verified": len(new)}


def _record(place: Place, expected: int) -> Record:
    record = Record.objects.filter(
        participant=place.participant, form=place.form, visit=place.visit, number=place.number
    ).first()
    if record is None:
        raise UnknownRecord(say("saved record {place}", place=place))
    if record.version != expected:
        raise SavedFirst(str(place))
    return record


def _require_planned(found: Standing, items: list[str]) -> None:
    place = found.place
    planned = to_verify(
        found.study.cleaning,
        found.form,
        participant=place.participant,
        visit=place.visit,
        number=place.number,
    )
    for item in items:
        if item not in planned:
            raise UnknownRecord(
                say("item {item} to verify on {form}", item=item[:40], form=place.form)
            )


def _new(record: Record, items: list[str]) -> list[str]:
    known = set(
        Verification.objects.filter(record=record, undone_at__isnull=True).values_list(
            "item", flat=True
        )
    )
    return [item for item in items if item not in known]


def _note(
    cursor: Any, place: Place, items: list[str], version: int, *, by: User, at: datetime
) -> None:
    said = {
        "form": place.form,
        "visit": place.visit,
        "number": place.number,
        "version": version,
        "items": items,
    }
    ledger.append(
        cursor,
        chain=place.participant,
        what="source-verified",
        by=by.username,
        at=at,
        payload=said,
    )
