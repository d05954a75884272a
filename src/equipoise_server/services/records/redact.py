"""Remove an identifier that was typed by mistake: the one door through which stored text goes.

The items named are taken out of a record, and the reasons of the versions named. Where the newest
version holds one, a new version without it is saved first. Then the payload, with its salt, of
every version that held one is deleted; the ledger keeps an entry for each, with what is left of its
answers. What was written beside it goes in the same way (`redact_texts`): its entry stays, without.
Digests stay, so the chains still verify; nothing can be computed back from them without the salt.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import UnknownRecord, say
from equipoise.forms import prepare, status
from equipoise_server.services.access import permissions
from equipoise_server.services.access.two_persons import Agreed, require_both
from equipoise_server.services.records.redact_texts import STEP, holding, redact_texts, silence
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger, lenses, life
from equipoise_server.store import study as studies
from equipoise_server.store.models import (
    Draft,
    IdempotencyKey,
    Record,
    RecordPayload,
    RecordVersion,
)
from equipoise_server.store.save import Place, Standing, save_redacted


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """What was done: versions whose answers were removed, and the version that is left.

    `turns`: how many texts beside it were removed.
    """

    removed: tuple[int, ...]
    version: int
    turns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """What is to go: answers by item, reasons by version, texts by digest of their entry."""

    items: frozenset[str] = frozenset()
    reasons: frozenset[int] = frozenset()
    turns: frozenset[str] = frozenset()

    def __str__(self) -> str:
        named = [*sorted(self.items), *(f"reason of version {one}" for one in sorted(self.reasons))]
        return ", ".join([*named, *(f"text {one[:12]}" for one in sorted(self.turns))]) or "nothing"


def redact(
    place: Place,
    *,
    items: Collection[str] = (),
    reasons: Collection[int] = (),
    turns: Collection[str] = (),
    first: Agreed,
    second: Agreed,
    at: datetime,
    key: str,
) -> Redacted:
    """Remove some answers from every version of a record. It also works on locked data.

    A place without a form stands for a chain of the ledger, of which texts alone go.

    `reasons`: the versions whose reason for the change goes too. `turns`: digests of entries of
    the participant whose text goes: what was said in queries, why a file was withdrawn. The reasons of the two persons stay for ever: they
    must not repeat what is removed. Copies outside the database (backups, exports, mails) are
    not reached, nor reasons that were saved before they could be removed.

    Raises:
        UnknownRecord: there is no such record, or nothing of it holds what is to go.
        TwoPersonsRequired, NotPermitted, KeyReused.

    """
    if not place.form:
        texts = redact_texts(
            place.participant, entries=turns, first=first, second=second, at=at, key=key
        )
        return Redacted(removed=(), version=0, turns=texts)
    what = What(items=frozenset(items), reasons=frozenset(reasons), turns=frozenset(turns))
    body = {
        "place": place,
        "items": sorted(what.items),
        "of versions": sorted(what.reasons),
        "turns": sorted(what.turns),
        "reasons": {one.by.username: one.reason for one in (first, second)},
    }
    request = Request(verb=STEP, by=first.by, at=at, key=key, body=body)
    answer = perform(request, lambda: _redact(request, place, what, first, second))
    return Redacted(
        removed=tuple(answer["removed"]), version=answer["version"], turns=answer.get("turns", 0)
    )


def _redact(request: Request, place: Place, what: What, first: Agreed, second: Agreed) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, place.participant)
        site = life.site_of(place.participant)
        permissions.require(cursor, "order a redaction", by=by, at=at, site=site)
        persons = require_both(cursor, STEP, first, second, at=at, site=site)
        record = _record(place)
        kept, said = _holding(record, what), holding(place.participant, what.turns)
        if not kept and not said:
            raise UnknownRecord(say("answer or text ({what}) in {place}", what=what, place=place))
        newest = next((one for one in kept if one.pk == record.current), None)
        version = record.version
        if newest is not None:
            version = _without(cursor, place, site, newest, what.items, request)
        for one in kept:
            _remove(cursor, place, one, what, persons, request)
        _forget_typed(place, what.items)
        silence(cursor, place.participant, said, persons, request)
    removed = [one.version for one in kept]
    return {"removed": removed, "version": version, "turns": len(said)}


def _record(place: Place) -> Record:
    found = Record.objects.filter(
        participant=place.participant, form=place.form, visit=place.visit, number=place.number
    ).first()
    if found is None:
        raise UnknownRecord(say("record {place}", place=place))
    return found


def _forget_typed(place: Place, items: frozenset[str]) -> None:
    """Drafts of the record, whoever's, lose what was typed for the items; the rest waits on."""
    drafts = Draft.objects.filter(
        participant=place.participant, form=place.form, visit=place.visit, number=place.number
    )
    for one in drafts:
        said = json.loads(one.said)
        left = {name: typed for name, typed in said.items() if not items & {*name.split(".")}}
        Draft.objects.filter(pk=one.pk).update(said=json.dumps(left))


def _holding(record: Record, what: What) -> list[RecordVersion]:
    """The versions, oldest first, in which one of the items stands, or a reason that is to go.

    Versions saved under an older definition may have an item under another name.
    """
    rows = record.versions.filter(payload__isnull=False).select_related("payload")
    reading = RecordVersion.objects.get(pk=record.current).study
    return [
        row
        for row in rows.order_by("version")
        if _named(row, record.form, reading) & what.items
        or (row.version in what.reasons and row.payload.reason)
    ]


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
    what: What,
    persons: Mapping[str, str],
    request: Request,
) -> None:
    """The entry that opens the door, the deletion, and the request that could be guessed from."""
    reason = row.payload.reason
    told = {"reason": "" if row.version in what.reasons else reason} if reason else {}
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
            "items": sorted(what.items),
            "persons": dict(persons),
            "remains": _left(row, place.form, what.items),
            **told,
        },
    )
    RecordPayload.objects.filter(pk=row.pk).delete()
    # The stored digest of the request covers the typed answers without a salt.
    IdempotencyKey.objects.filter(pk=row.key).update(request=secrets.token_hex(32))
