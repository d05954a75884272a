"""Code a free text by a term of a dictionary."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import OutOfOrder, ReasonRequired, UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger
from equipoise_server.store.dictionaries import Candidate, term_of
from equipoise_server.store.models import Coding, Record, User
from equipoise_server.store.save import Place, Standing, standing

VERB = "code a term"


def code_term(
    *,
    participant: str,
    form: str,
    visit: str,
    item: str,
    code: str,
    expected: int,
    by: User,
    at: datetime,
    key: str,
    number: int = 0,
    reason: str = "",
) -> int:
    """Code the text of `item`; the number of this coding, 1 for the first.

    `code`: of the newest version of the dictionary that the plan names for the item.
    `expected`: the version of the record whose text was read. `reason`: needed where the
    same text was coded before and gets another term.

    Raises:
        UnknownRecord: no such record, coded item or term. OutOfOrder: the record has changed
            since. ReasonRequired, NotPermitted, Locked, KeyReused.

    """
    place = Place(participant=participant, form=form, visit=visit, number=number)
    body = {"place": place, "item": item, "code": code, "expected": expected, "reason": reason}
    request = Request(verb=VERB, by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _code(request, place, item, code, expected, reason.strip()))
    return int(answer["number"])


def _code(
    request: Request, place: Place, item: str, code: str, expected: int, reason: str
) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, place.participant)
        found = standing(cursor, place, step=VERB)
        permissions.require(cursor, VERB, by=by, at=at, site=found.site)
        term = _term(found, item, code)
        record = _record(place, expected)
        last = Coding.objects.filter(record=record, item=item).order_by("-number").first()
        if last is not None and (last.dictionary, last.dictionary_version, last.code) == (
            term.dictionary,
            term.version,
            term.code,
        ):
            if last.record_version == expected:
                return {"number": last.number}
        elif last is not None and not reason:
            raise ReasonRequired("Another term for a coded text")
        coding = Coding.objects.create(
            record=record,
            item=item,
            number=last.number + 1 if last else 1,
            record_version=expected,
            dictionary=term.dictionary,
            dictionary_version=term.version,
            code=term.code,
            term=dict(term.text),
            path=term.path,
            by=by.username,
            at=at,
        )
        _note(cursor, place, coding, reason)
    return {"number": coding.number}


def _note(cursor: Any, place: Place, coding: Coding, reason: str) -> None:
    """Why stands in the ledger alone, where it can be removed should it name somebody."""
    said = {
        "form": place.form,
        "visit": place.visit,
        "number": place.number,
        "item": coding.item,
        "version": coding.record_version,
        "coding": coding.number,
        "dictionary": f"{coding.dictionary} {coding.dictionary_version}",
        "code": coding.code,
        "reason": reason,
    }
    ledger.append(
        cursor,
        chain=place.participant,
        what="term-coded",
        by=coding.by,
        at=coding.at,
        payload=said,
    )


def _term(found: Standing, item: str, code: str) -> Candidate:
    plan = found.study.cleaning.coding
    named = next((one for one in plan if (one.form, one.item) == (found.form.id, item)), None)
    if named is None:
        raise UnknownRecord(say("coded item {item} on {form}", item=item[:40], form=found.form.id))
    term = term_of(named.dictionary, code)
    if term is None:
        raise UnknownRecord(
            say("term {code} in {dictionary}", code=code[:40], dictionary=named.dictionary)
        )
    return term


def _record(place: Place, expected: int) -> Record:
    record = Record.objects.filter(
        participant=place.participant, form=place.form, visit=place.visit, number=place.number
    ).first()
    if record is None:
        raise UnknownRecord(say("saved record {place}", place=place))
    if record.version != expected:
        raise OutOfOrder("The coding", "the record has been changed; read the text again")
    return record
