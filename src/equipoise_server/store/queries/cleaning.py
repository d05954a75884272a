"""Queries as lists and conversations."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from equipoise_server.store.models import Finding, LedgerEntry, User
from equipoise_server.store.queries.placed import Placed

Sites = Collection[str] | None
AGES = (7, 14, 30)
"""Days at which an open query gets older by a band: up to 7, to 14, to 30, above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One step of a conversation. `text` is "" where nothing was said, None where removed."""

    what: str
    by: str
    at: datetime
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Placed):
    """One query. `message` of a rule has a text per language, of a person the text itself."""

    id: int
    item: str
    code: str
    origin: str
    state: str
    message: Mapping[str, str]
    opened_by: str
    opened_at: datetime
    opened_version: int
    answered_at: datetime | None
    closed_at: datetime | None
    closed_version: int | None
    accepted: bool

    @property
    def standing(self) -> str:
        """open, answered or closed."""
        return "answered" if self.state == "open" and self.answered_at else self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list of queries is narrowed to; "" does not narrow."""

    state: str = "open"
    site: str = ""
    origin: str = ""
    by: str = ""
    older: int = 0
    participant: str = ""
    form: str = ""


def queries(
    sites: Sites,
    forms: Collection[str],
    wanted: Wanted,
    *,
    now: datetime,
    after: int = 0,
    limit: int = 50,
    cut: datetime | None = None,
) -> tuple[tuple[Query, ...], int, bool]:
    """A page of queries on some forms, oldest first; how many in all; whether more follow."""
    rows = _narrowed(_seen(sites, forms, cut), wanted, now, cut)
    page = list(rows.order_by("opened_at", "pk")[after : after + limit + 1])
    return _queries(page[:limit], cut), rows.count(), len(page) > limit


def queries_after(
    number: int,
    sites: Sites,
    forms: Collection[str],
    wanted: Wanted,
    *,
    now: datetime,
    limit: int,
) -> tuple[Query, ...]:
    """The first `limit` queries after a number, by number: none moves while somebody reads on."""
    rows = _narrowed(_seen(sites, forms, None), wanted, now, None)
    return _queries(list(rows.filter(pk__gt=number).order_by("pk")[:limit]), None)


def query(number: int, *, cut: datetime | None = None) -> Query | None:
    """One query, or None."""
    rows = Finding.objects.filter(pk=number).select_related("record__participant")
    found = _queries(list(rows if cut is None else rows.filter(opened_at__lte=cut)), cut)
    return found[0] if found else None


def of_record(
    code: str, form: str, visit: str, number: int, *, cut: datetime | None = None
) -> tuple[Query, ...]:
    """Every query on one record, open ones first."""
    rows = Finding.objects.filter(
        record__participant=code, record__form=form, record__visit=visit, record__number=number
    ).select_related("record__participant")
    if cut is not None:
        rows = rows.filter(opened_at__lte=cut)
    found = _queries(list(rows.order_by("opened_at", "pk")), cut)
    return tuple(sorted(found, key=lambda one: one.state != "open"))


def thread(number: int, *, cut: datetime | None = None) -> tuple[Turn, ...]:
    """What was said in a query, oldest first."""
    rows = LedgerEntry.objects.filter(subject=f"query/{number}").select_related("payload")
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    return tuple(
        Turn(what=row.what, by=row.by, at=row.at, text=_text(row))
        for row in rows.order_by("sequence")
    )


def _text(row: LedgerEntry) -> str | None:
    if not hasattr(row, "payload"):
        return None
    return str(json.loads(row.payload.data).get("text", ""))


def _seen(sites: Sites, forms: Collection[str], cut: datetime | None) -> QuerySet[Finding]:
    rows = Finding.objects.filter(record__form__in=forms).select_related("record__participant")
    if sites is not None:
        rows = rows.filter(record__participant__site__in=sites)
    return rows if cut is None else rows.filter(opened_at__lte=cut)


def is_open(cut: datetime | None) -> Q:
    """That a query is open, or was at `cut`."""
    if cut is None:
        return Q(state="open")
    return Q(opened_at__lte=cut) & (Q(state="open") | Q(closed_at__gt=cut))


def _answered(cut: datetime | None) -> Q:
    return Q(answered_at__isnull=False) if cut is None else Q(answered_at__lte=cut)


def _narrowed(
    rows: QuerySet[Finding], wanted: Wanted, now: datetime, cut: datetime | None
) -> QuerySet[Finding]:
    match wanted.state:
        case "open":
            rows = rows.filter(is_open(cut))
        case "waiting":
            rows = rows.filter(is_open(cut)).exclude(_answered(cut))
        case "answered":
            rows = rows.filter(is_open(cut) & _answered(cut))
        case "closed":
            rows = rows.exclude(is_open(cut))
    if wanted.site:
        rows = rows.filter(record__participant__site=wanted.site)
    if wanted.origin:
        rows = rows.filter(origin=wanted.origin)
    if wanted.by:
        rows = rows.filter(opened_by=wanted.by)
    if wanted.older:
        rows = rows.filter(opened_at__lt=now - timedelta(days=wanted.older))
    if wanted.participant:
        rows = rows.filter(record__participant__pk__icontains=wanted.participant)
    return rows.filter(record__form=wanted.form) if wanted.form else rows


def _queries(rows: list[Finding], cut: datetime | None) -> tuple[Query, ...]:
    texts = openings([row.pk for row in rows if row.origin == "person"])
    return tuple(_query(row, texts.get(row.pk, ""), cut) for row in rows)


def openings(numbers: Collection[int]) -> dict[int, str]:
    """What people wrote when they opened some queries."""
    if not numbers:
        return {}
    rows = LedgerEntry.objects.filter(
        subject__in=[f"query/{one}" for one in sorted(numbers)], what="query-opened"
    ).select_related("payload")
    return {int(row.subject.removeprefix("query/")): _text(row) or "" for row in rows}


def _query(row: Finding, text: str, cut: datetime | None) -> Query:
    reopened = cut is not None and row.closed_at is not None and row.closed_at > cut
    answered = row.answered_at
    return Query(
        id=row.pk,
        participant=row.record.participant_id,
        site=row.record.participant.site_id,
        form=row.record.form,
        visit=row.record.visit,
        number=row.record.number,
        item=row.item,
        code=row.code,
        origin=row.origin,
        state="open" if reopened else row.state,
        message=dict(row.message) if row.origin != "person" else {"en": text},
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        opened_version=row.opened_version,
        answered_at=answered if cut is None or not answered or answered <= cut else None,
        closed_at=None if reopened else row.closed_at,
        closed_version=None if reopened else row.closed_version,
        accepted=row.accepted,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many queries are open for a site or a person: waiting, answered, per age band."""

    name: str
    waiting: int
    answered: int
    ages: tuple[int, ...]

    @property
    def open(self) -> int:
        """All that are open."""
        return self.waiting + self.answered


def by_site(
    sites: Sites, forms: Collection[str], *, now: datetime, cut: datetime | None = None
) -> tuple[Load, ...]:
    """Open queries per site."""
    return _loads("record__participant__site", sites, forms, now, cut)


def by_person(
    sites: Sites, forms: Collection[str], *, now: datetime, cut: datetime | None = None
) -> tuple[Load, ...]:
    """Open queries per person who opened them; "" for rules."""
    return _loads("opened_by", sites, forms, now, cut)


def _loads(
    column: str, sites: Sites, forms: Collection[str], now: datetime, cut: datetime | None
) -> tuple[Load, ...]:
    rows = _seen(sites, forms, cut).filter(is_open(cut)).select_related(None)
    edges = [now - timedelta(days=one) for one in AGES]
    counted = rows.values(column).annotate(
        n=Count("pk"),
        answered=Count("pk", filter=_answered(cut)),
        **{f"over{at}": Count("pk", filter=Q(opened_at__lt=edge)) for at, edge in enumerate(edges)},
    )
    return tuple(_load(row, column) for row in counted.order_by(column))


def _load(row: Mapping[str, Any], column: str) -> Load:
    over = [row["n"], *(row[f"over{at}"] for at in range(len(AGES)))]
    return Load(
        name=row[column],
        waiting=row["n"] - row["answered"],
        answered=row["answered"],
        ages=tuple(one - two for one, two in zip(over, [*over[1:], 0], strict=True)),
    )


def full_name(username: str) -> str:
    """A person's name, or the user name."""
    return User.objects.filter(username=username).values_list("full_name", flat=True).first() or (
        username
    )
