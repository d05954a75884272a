"""Queries over the wire: what is asked, what was said, and asking, answering, closing, reopening."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path
from pydantic import Field

from equipoise.errors import UnknownRecord, say
from equipoise_server.services.access.permissions import ALLOWED
from equipoise_server.services.cleaning.answer_query import answer_query
from equipoise_server.services.cleaning.close_query import close_query
from equipoise_server.services.cleaning.open_query import open_query
from equipoise_server.services.cleaning.reopen_query import reopen_query
from equipoise_server.store.queries import cleaning
from equipoise_server.store.queries.cleaning import Query as Asked
from equipoise_server.store.queries.cleaning import Wanted
from equipoise_server.web.api import shapes
from equipoise_server.web.api.reading import MOST, Limit, SiteWord, caller
from equipoise_server.web.api.routes import looking, router, sending
from equipoise_server.web.api.token import Caller
from equipoise_server.web.api.writing import Key

QueryNumber = Annotated[
    int, shapes.Said("Number of a query"), Path(ge=1, le=2_000_000_000), Field(examples=[1])
]
AfterQuery = Annotated[
    int, Field(ge=0, le=2_000_000_000), shapes.Said("Only queries that come after this number")
]
StateWord = Annotated[
    shapes.QueryState,
    shapes.Said("`open` has those that wait for an answer and those that have one"),
]
ParticipantWord = Annotated[shapes.Code, shapes.Said("Only of this participant")]
FormWord = Annotated[shapes.Code, shapes.Said("Only on this form")]
ACTS: dict[str, Callable[..., None]] = {
    "answer": answer_query,
    "close": close_query,
    "reopen": reopen_query,
}


@router.get(
    "/queries",
    url_name="queries",
    response=looking(list[shapes.Query]),
    summary="Queries, by number",
)
def queries(
    request: HttpRequest,
    site: SiteWord = "",
    state: StateWord = "open",
    participant: ParticipantWord = "",
    form: FormWord = "",
    after: AfterQuery = 0,
    limit: Limit = MOST,
) -> list[dict[str, Any]]:
    """What is asked about records that the token may read, the first asked first.

    `limit` of them; the number of the last goes into `after` of the next call.
    """
    who = caller(request)
    who.require("read records")
    wanted = Wanted(
        state="" if state == "all" else state, site=site, participant=participant, form=form
    )
    found = cleaning.queries_after(
        after, who.sites, who.ever(), wanted, now=timezone.now(), limit=limit
    )
    return [_told(one) for one in found]


@router.get(
    "/queries/{number}", response=looking(shapes.Conversation), summary="A query and what was said"
)
def query(request: HttpRequest, number: QueryNumber) -> dict[str, Any]:
    """The turns from the first to the last; `text` is null where it was removed."""
    who = caller(request)
    who.require("read records")
    found = _seen(who, number)
    turns = [
        {"what": one.what, "by": one.by, "at": one.at, "text": one.text}
        for one in cleaning.thread(number)
    ]
    return {**_told(found), "turns": turns}


@router.post(
    "/queries", url_name="queries", response=sending(shapes.Opened), summary="Open a query"
)
def ask(request: HttpRequest, given: shapes.Ask, key: Key) -> dict[str, Any]:
    """Ask about an item of a saved record, or about the whole of it; `item` is then empty."""
    who = caller(request)
    who.require_writing("open a query")
    who.require_participant(given.participant)
    who.require_form(given.form)
    number = open_query(
        participant=given.participant,
        form=given.form,
        visit=given.visit,
        number=given.number,
        item=given.item,
        text=given.text,
        confirmed=given.confirmed,
        by=who.holder.user,
        at=timezone.now(),
        key=who.key(key),
    )
    return {"query": number}


@router.post(
    "/queries/{number}/turns", response=sending(shapes.Query), summary="Answer, close or reopen"
)
def turn(
    request: HttpRequest, number: QueryNumber, given: shapes.GivenTurn, key: Key
) -> dict[str, Any]:
    """One step of a query, by the rules of the pages; the query as it stands then."""
    who, step = caller(request), f"{given.act} a query"
    assert step in ALLOWED
    who.require_writing(step)
    _seen(who, number)
    ACTS[given.act](
        query=number,
        text=given.text,
        confirmed=given.confirmed,
        by=who.holder.user,
        at=timezone.now(),
        key=who.key(key),
    )
    return _told(_seen(who, number))


def _seen(who: Caller, number: int) -> Asked:
    """A query that the token may read.

    Raises:
        UnknownRecord: there is none here; that of another site or form counts as none.

    """
    found = cleaning.query(number)
    visible = found is not None and found.form in who.ever()
    if found is None or not visible or not (who.sites is None or found.site in who.sites):
        raise UnknownRecord(say("query {query}", query=number))
    return found


def _told(one: Asked) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.standing,
        "participant": one.participant,
        "site": one.site,
        "form": one.form,
        "visit": one.visit,
        "number": one.number,
        "item": one.item,
        "code": one.code,
        "message": dict(one.message),
        "opened_by": one.opened_by,
        "opened_at": one.opened_at,
        "answered_at": one.answered_at,
        "closed_at": one.closed_at,
    }
