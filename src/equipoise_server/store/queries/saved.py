"""Versions of records in the order in which they were saved, for programs that keep a copy."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from equipoise_server.store.models import RecordVersion

SETTLED = timedelta(seconds=30)
"""Between the moment that a save names and the one at which others can see it, at the most."""
_UNDER_WAY = (
    "SELECT MIN(xact_start) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One version of a record. `answers` is None where they were removed."""

    participant: str
    site: str
    form: str
    visit: str
    number: int
    version: int
    on: date
    answers: Mapping[str, Any] | None
    saved_by: str
    saved_at: datetime
    reason: str
    digest: str
    study: str


_COLUMNS = (
    "record__participant_id", "record__participant__site_id", "record__form", "record__visit",
    "record__number", "version", "on", "payload__data", "by", "at", "payload__reason", "reason",
    "digest", "study",
)  # fmt: skip


def settled(now: datetime) -> datetime:
    """Up to here no version will come in between any more.

    On SQLite nobody saves while somebody else does. On PostgreSQL they do, and a long
    transaction (an import) shows what it saved only when it ends.
    """
    if connection.vendor != "postgresql":
        return now - SETTLED
    with connection.cursor() as cursor:
        cursor.execute(_UNDER_WAY)
        began = cursor.fetchone()[0]
    return min(now, began or now) - SETTLED


def saved_since(
    since: datetime | None,
    *,
    after: str,
    until: datetime,
    sites: Collection[str] | None,
    forms: Collection[str],
    limit: int,
) -> tuple[tuple[Saved, ...], bool]:
    """Versions from `since` on, oldest first, and whether more follow.

    `after`: the digest of the last one that is known of those saved at `since`. `until`: an
    instant, not included.
    """
    rows = RecordVersion.objects.filter(record__form__in=forms, at__lt=until)
    if sites is not None:
        rows = rows.filter(record__participant__site__in=sites)
    if since is not None:
        rows = rows.filter(Q(at__gt=since) | Q(at=since, digest__gt=after))
    page = rows.order_by("at", "digest").values_list(*_COLUMNS)[: limit + 1]
    found = [_saved(*row) for row in page]
    return tuple(found[:limit]), len(found) > limit


def _saved(
    code: str,
    site: str,
    form: str,
    visit: str,
    number: int,
    version: int,
    on: date,
    data: str | None,
    by: str,
    at: datetime,
    *said: str,
) -> Saved:
    beside, reason, digest, study = said
    return Saved(
        participant=code,
        site=site,
        form=form,
        visit=visit,
        number=number,
        version=version,
        on=on,
        answers=None if data is None else json.loads(data),
        saved_by=by,
        saved_at=at,
        reason=beside or reason,
        digest=digest,
        study=study,
    )
