"""Remove an identifier that was typed by mistake: the one door through which stored text goes.

The items named are taken out of a record. Where its newest version holds one, a new version
without it is saved first. Then the payload, with its salt, of every version that held one is
deleted; the ledger keeps an entry for each, with what is left of its answers. Digests stay,
so the chains still verify; nothing can be computed back from them without the salt.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import UnknownRecord
from equipoise.forms import prepare, status
from equipoise_server.services import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.two_persons import Agreed, require_both
from equipoise_server.store import ledger, lenses, life
from equipoise_server.store import study as studies
from equipoise_server.store.models import IdempotencyKey, Record, RecordPayload, RecordVersion
from equipoise_server.store.save import Place, Standing, save_redacted

STEP = "redact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """What was done: versions whose answers were removed, and the version that is left."""

    removed: tuple[int, ...]
    version: int


def redact(
    place: Place,
    *,
    items: tuple[str, ...],
    first: Agreed,
    second: Agreed,
    at: datetime,
    key: str,
) -> Redacted:
    """Remove some answers from every version of a record. It also works on locked data.

    The reasons stay for ever: they must not repeat what is removed. Copies outside the
    database (backups, exports, mails) are not reached.

    Raises:
        UnknownRecord: there is no such record, or none of its versions holds such an answer.
        TwoPersonsRequired, NotPermitted, KeyReused.

    """
    body = {
        "place": place,
        "items": sorted(items),
        "reasons": {one.by.username: one.reason for one in (first, second)},
    }
    request = Request(verb=STEP, by=first.by, at=at, key=key, body=body)
    answer = perform(request, lambda: _redact(request, place, frozenset(items), first, second))
    return Redacted(removed=tuple(answer["removed"]), version=answer["version"])


def _redact(
    request: Request, place: Place, items: frozenset[str], first: Agreed, second: Agreed
) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, place.participant)
        site = life.site_of(place.participant)
        permissions.require(cursor, "order a redaction", by=by, at=at, site=site)
        persons = require_both(cursor, STEP, first, second, at=at, site=site)
        record = _record(place)
        holding = _holding(record, items)
        if not holding:
            raise UnknownRecord(f"answer to {', '.join(sorted(items))} in {place}")
        newest = next((one for one in holding if one.pk == record.current), None)
        version = record.version
        if newest is not None:
            version = _without(cursor, place, site, newest, items, request)
        for one in holding:
            _remove(cursor, place, one, items, persons, request)
    return {"removed": [one.version for one in holding], "version": version}


def _record(place: Place) -> Record:
    found = Record.objects.filter(
        participant=place.participant, form=place.form, visit=place.visit, number=place.number
    ).first()
    if found is None:
        raise UnknownRecord(f"record {place}")
    return found


def _holding(record: Record, items: frozenset[str]) -> list[RecordVersion]:
    """The versions, oldest first, in whose stored answers one of the items stands.

    Versions saved under an older definition may have it under another name.
    """
    rows = record.versions.filter(payload__isnull=False).select_related("payload")
    reading = RecordVersion.objects.get(pk=record.current).study
    return [row for row in rows.order_by("version") if _named(row, record.form, reading) & items]


def _named(row: RecordVersion, form: str, reading: str) -> set[str]:
    stored = _answers(row)
    seen = lenses.seen(stored, form, saved=row.study, reading=reading)
    return {name for one in (stored, seen) for name, value in one.items() if value is not None}


def _answers(row: RecordVersion) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.payload.data)
    return found


def _left(row: RecordVersion, form: str, items: frozenset[str]) -> dict[str, Any]:
    """The stored answers of a version without the items, under old and new names."""
    stored = _answers(row)
    reading = RecordVersion.objects.get(pk=row.record.current).study
    kept = {}
    for name, value in stored.items():
        alone = lenses.seen({name: value}, form, saved=row.study, reading=reading)
        if name not in items and not items & alone.keys():
            kept[name] = value
    return kept


def _without(
    cursor: Any,
    place: Place,
    site: str,
    newest: RecordVersion,
    items: frozenset[str],
    request: Request,
) -> int:
    """Save a version that is as the newest one, without the items and under its definition."""
    study = studies.of_digest(newest.study)
    form = study.forms[place.form]
    left = _left(newest, place.form, items)
    prepared = prepare(study.protocol, form, left)
    found = Standing(place=place, study=study, form=form, site=site, timezone="UTC")
    return save_redacted(
        cursor,
        found,
        on=newest.on,
        data=canonical_json(left).decode(),
        how_far=status(form, prepared.values, prepared.findings),
        reason="redacted",
        by=request.by.username,
        at=request.at,
        key=request.key,
    )


def _remove(
    cursor: Any,
    place: Place,
    row: RecordVersion,
    items: frozenset[str],
    persons: Mapping[str, str],
    request: Request,
) -> None:
    """The entry that opens the door, the deletion, and the request that could be guessed from."""
    ledger.append(
        cursor,
        chain=place.participant,
        what=ledger.REDACTED,
        by=request.by.username,
        at=request.at,
        subject=row.pk,
        payload={
            "form": place.form,
            "visit": place.visit,
            "number": place.number,
            "version": row.version,
            "items": sorted(items),
            "persons": dict(persons),
            "remains": _left(row, place.form, items),
        },
    )
    RecordPayload.objects.filter(pk=row.pk).delete()
    # The stored digest of the request covers the typed answers without a salt.
    IdempotencyKey.objects.filter(pk=row.key).update(request=secrets.token_hex(32))
