"""What every step of a query has in common: find it, hold its chain, check who asks, write it down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import MayUnblind, ReasonRequired, UnknownRecord, say
from equipoise.protocol.lexicon import may_unblind
from equipoise.protocol.model import Study
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, locks
from equipoise_server.store.models import Finding, User

LONGEST = 1000


def step(
    verb: str,
    query: int,
    text: str,
    *,
    by: User,
    at: datetime,
    key: str,
    confirmed: bool,
    act: Callable[[Finding], None],
    needs_text: bool = True,
) -> None:
    """One step of one query, whole: permission, act, ledger entry with the text."""
    said = text.strip()
    request = Request(verb=verb, by=by, at=at, key=key, body={"query": query, "text": said})

    def work() -> Answer:
        with connection.cursor() as cursor:
            study = require_unlocked(cursor, verb)
            found = held(cursor, query)
            site = found.record.participant.site_id
            locks.require_unlocked(cursor, **place_of(found), site=site, step=verb)
            permissions.require(cursor, verb, by=by, at=at, site=site)
            require_text(study, said, verb, confirmed=confirmed, needed=needs_text)
            act(found)
            write(cursor, found, verb, said, by=by, at=at)
        return {}

    perform(request, work)


def place_of(found: Finding) -> dict[str, Any]:
    """Where the record of a query stands."""
    record = found.record
    return {
        "participant": record.participant_id,
        "visit": record.visit,
        "form": record.form,
        "number": record.number,
    }


def held(cursor: Any, query: int) -> Finding:
    """The query, with its participant's chain held.

    Raises:
        UnknownRecord: there is none of this number.

    """
    rows = Finding.objects.select_related("record__participant")
    found = rows.filter(pk=query).first()
    if found is None:
        raise UnknownRecord(say("query {query}", query=query))
    ledger.hold(cursor, found.record.participant_id)
    return rows.get(pk=query)


def require_text(study: Study, text: str, verb: str, *, confirmed: bool, needed: bool) -> None:
    """Refuse an empty text where one is needed, and one that may unblind.

    Raises:
        ReasonRequired, MayUnblind.

    """
    if needed and not text:
        raise ReasonRequired(say("To {verb}", verb=verb))
    if len(text) > LONGEST:
        raise ReasonRequired(
            say("To {verb} in at most {longest} characters", verb=verb, longest=LONGEST)
        )
    if not confirmed and may_unblind(study.protocol, text):
        raise MayUnblind


_WHAT = {
    "open a query": "query-opened",
    "answer a query": "query-answered",
    "close a query": "query-closed",
    "reopen a query": "query-reopened",
}


def write(cursor: Any, found: Finding, verb: str, text: str, *, by: User, at: datetime) -> None:
    """The ledger entry of a step: the text stands here and nowhere else."""
    record = found.record
    said = {
        "form": record.form,
        "visit": record.visit,
        "number": record.number,
        "item": found.item,
        "text": text,
    }
    ledger.append(
        cursor,
        chain=record.participant_id,
        what=_WHAT[verb],
        by=by.username,
        at=at,
        payload=said,
        subject=subject(found.pk),
    )


def subject(query: int) -> str:
    """Under which the ledger keeps what was said in a query."""
    return f"query/{query}"
