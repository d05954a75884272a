"""Queries that rules open and close: what checks say about the newest version of a record.

A rule's query is open while the data disagree. Where a person closed it although they do,
it stays closed until the check says something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from equipoise.forms import Prepared
from equipoise_server.store import ledger
from equipoise_server.store.models import Finding, Record

FOLLOWED = "queries-followed"
Key = tuple[int, str, str]
"""Record, item and code of a query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a rule says about one record now."""

    record: int
    item: str
    code: str
    message: Mapping[str, str]
    version: int

    @property
    def key(self) -> Key:
        """What tells it from what other rules say."""
        return self.record, self.item, self.code


@dataclass(slots=True, kw_only=True)
class Followed:
    """Which queries were opened and closed."""

    opened: list[Finding]
    closed: list[Finding]


def follow(record: Record, prepared: Prepared, version: int, at: datetime) -> Followed:
    """Close what the newest version no longer shows, open what it shows for the first time."""
    now = [
        Said(
            record=record.pk,
            item=one.item or "",
            code=one.code,
            message=dict(one.message),
            version=version,
        )
        for one in prepared.queries
    ]
    before = Finding.objects.filter(record=record, origin="check")
    return reconcile(before, now, origin="check", version=version, at=at)


def reconcile(
    before: Any, now: Iterable[Said], *, origin: str, version: int | None, at: datetime
) -> Followed:
    """Make the queries of `before` (a queryset) agree with what the rules say now."""
    said = {one.key: one for one in now}
    closed: list[Finding] = []
    for old in before.filter(Q(state="open") | Q(accepted=True)):
        one = said.get((old.record_id, old.item, old.code))
        if old.state == "open":
            if one is None:
                closed.append(_close(old, version, at))
            else:
                del said[one.key]
        elif one is not None and dict(one.message) == old.message:
            del said[one.key]
        else:
            old.accepted = False
            old.save(update_fields=["accepted"])
    opened = [_opened(one, origin, at) for one in said.values()]
    if opened:
        Finding.objects.bulk_create(opened)
    return Followed(opened=opened, closed=closed)


def note(cursor: Any, chain: str, followed: Followed, *, by: str, at: datetime) -> None:
    """Put into the ledger what rules opened and closed, in one entry. Nothing: no entry."""
    if not followed.opened and not followed.closed:
        return
    said = {
        name: [[one.record_id, one.item, one.code] for one in some]
        for name, some in (("opened", followed.opened), ("closed", followed.closed))
        if some
    }
    ledger.append(cursor, chain=chain, what=FOLLOWED, by=by, at=at, payload=said)


def _close(old: Finding, version: int | None, at: datetime) -> Finding:
    old.state, old.closed_at = "closed", at
    old.closed_version = version if version is not None else old.record.version
    old.save(update_fields=["state", "closed_version", "closed_at"])
    return old


def _opened(one: Said, origin: str, at: datetime) -> Finding:
    return Finding(
        record_id=one.record,
        item=one.item,
        code=one.code,
        message=dict(one.message),
        opened_version=one.version,
        opened_at=at,
        origin=origin,
    )
