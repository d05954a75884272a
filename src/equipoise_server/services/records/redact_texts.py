"""Remove what somebody wrote in an entry of the ledger: a reason, a note, a message.

The other half of the door in `redact`: there the answers of a record go, here the words beside
them, on whatever chain. The entry stays, with who, what and when; an entry after it keeps what is
left of it. Where the text was part of somebody's state, the state is told anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.access.two_persons import Agreed, require_both
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger, life, supplies, texts
from equipoise_server.store.models import IdempotencyKey, LedgerEntry, LedgerPayload

STEP = "redact"


def redact_texts(
    chain: str,
    *,
    entries: Collection[str],
    first: Agreed,
    second: Agreed,
    at: datetime,
    key: str,
) -> int:
    """Remove the free text of some entries; returns of how many. It also works on locked data.

    `chain`: a participant's code, `kit/CODE`, or `study`. `entries`: their digests.

    Raises:
        UnknownRecord: none of the entries holds a text that can go.
        TwoPersonsRequired, NotPermitted, KeyReused.

    """
    reasons = {one.by.username: one.reason for one in (first, second)}
    body = {"chain": chain, "entries": sorted(entries), "reasons": reasons}
    request = Request(verb=STEP, by=first.by, at=at, key=key, body=body)
    done = perform(request, lambda: _redact(request, chain, entries, first, second))
    return int(done["turns"])


def _redact(
    request: Request, chain: str, entries: Collection[str], first: Agreed, second: Agreed
) -> Answer:
    site = _site(chain)
    with connection.cursor() as cursor:
        ledger.hold(cursor, chain)
        permissions.require(cursor, "order a redaction", by=request.by, at=request.at, site=site)
        persons = require_both(cursor, STEP, first, second, at=request.at, site=site)
        said = holding(chain, entries)
        if not said:
            raise UnknownRecord(say("text that can be removed in {chain}", chain=chain))
        silence(cursor, chain, said, persons, request)
    return {"turns": len(said)}


def _site(chain: str) -> str | None:
    """The site whose people may decide; None: those who may everywhere."""
    if chain == ledger.STUDY_CHAIN:
        return None
    if chain.startswith(supplies.CHAIN):
        return supplies.state_of(chain.removeprefix(supplies.CHAIN)).site
    return life.site_of(chain)


def holding(chain: str, entries: Collection[str]) -> list[LedgerEntry]:
    """Those of the entries in which a text stands that can be removed, oldest first."""
    rows = LedgerEntry.objects.filter(pk__in=entries, chain=chain, payload__isnull=False)
    found = rows.exclude(what__in=texts.FIXED).select_related("payload").order_by("sequence")
    return [row for row in found if texts.texts(texts.payload_of(row))]


def silence(
    cursor: Any,
    chain: str,
    rows: Collection[LedgerEntry],
    persons: Mapping[str, str],
    request: Request,
) -> None:
    """Take the texts out of entries: who wrote something, and when, stays. The chain is held."""
    for row in rows:
        remains = texts.without(texts.payload_of(row))
        ledger.append(
            cursor,
            chain=chain,
            what=ledger.REDACTED,
            by=request.by.username,
            at=request.at,
            subject=row.pk,
            payload={"of": row.what, "persons": dict(persons), "remains": remains},
        )
        LedgerPayload.objects.filter(pk=row.pk).delete()
        # The request of that moment covers the text without a salt.
        for key in IdempotencyKey.objects.filter(at=row.at):
            IdempotencyKey.objects.filter(pk=key.pk).update(request=secrets.token_hex(32))
    if any(row.what in texts.EVENTS for row in rows):
        texts.retell(cursor, chain)
