"""Versions of records in the order in which they were saved, for programs that keep a copy."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from equipoise_server.store.models import RecordVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One version of a record, without its answers."""

    participant: str
    form: str
    visit: str
    number: int
    version: int
    on: date
    saved_by: str
    saved_at: datetime
    digest: str


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
    columns = ("participant_id", "form", "visit", "number")
    found = [
        Saved(
            participant=code,
            form=form,
            visit=visit,
            number=number,
            version=version,
            on=on,
            saved_by=by,
            saved_at=at,
            digest=digest,
        )
        for version, on, by, at, digest, code, form, visit, number in rows.order_by(
            "at", "digest"
        ).values_list(
            "version", "on", "by", "at", "digest", *(f"record__{one}" for one in columns)
        )[: limit + 1]
    ]
    return tuple(found[:limit]), len(found) > limit
