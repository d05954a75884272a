"""Open a query: ask the site about an answer."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise.errors import OutOfOrder, UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.cleaning.query_step import require_text, write
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger
from equipoise_server.store.models import Finding, Record, User
from equipoise_server.store.save import Place, standing

VERB = "open a query"


def open_query(
    *,
    participant: str,
    form: str,
    visit: str,
    item: str,
    text: str,
    by: User,
    at: datetime,
    key: str,
    number: int = 0,
    confirmed: bool = False,
) -> int:
    """Ask about `item` ("" for the whole record) of a saved record; the number of the query.

    `confirmed`: the person has looked at a text that may unblind and says that it does not.

    Raises:
        MayUnblind, ReasonRequired: of the text. UnknownRecord: no such record or item.
        OutOfOrder: a person's query on this item is still open.
        NotPermitted, Locked, KeyReused.

    """
    place = Place(participant=participant, form=form, visit=visit, number=number)
    said = text.strip()
    request = Request(
        verb=VERB, by=by, at=at, key=key, body={"place": place, "item": item, "text": said}
    )
    answer = perform(request, lambda: _open(request, place, item, said, confirmed))
    return int(answer["query"])


def _open(request: Request, place: Place, item: str, text: str, confirmed: bool) -> Answer:
    with connection.cursor() as cursor:
        ledger.hold(cursor, place.participant)
        found = standing(cursor, place, step=VERB)
        permissions.require(cursor, VERB, by=request.by, at=request.at, site=found.site)
        require_text(found.study, text, VERB, confirmed=confirmed, needed=True)
        if item and found.form.item(item) is None:
            raise UnknownRecord(say("item {item} on {form}", item=item[:40], form=place.form))
        record = _record(place)
        if Finding.objects.filter(record=record, item=item, origin="person", state="open").exists():
            raise OutOfOrder("The query", "one by a person is open here; answer in that one")
        query = Finding.objects.create(
            record=record,
            item=item,
            code="person",
            message={},
            opened_version=record.version,
            opened_at=request.at,
            origin="person",
            opened_by=request.by.username,
        )
        write(cursor, query, VERB, text, by=request.by, at=request.at)
    return {"query": query.pk}


def _record(place: Place) -> Record:
    """The record as it is saved.

    Raises:
        UnknownRecord: nothing is saved there.

    """
    found = Record.objects.filter(
        participant=place.participant, form=place.form, visit=place.visit, number=place.number
    ).first()
    if found is None:
        raise UnknownRecord(say("saved record {place}", place=place))
    return found
