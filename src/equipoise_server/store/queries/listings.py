"""Studies that the public can find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from equipoise.exchange.search_words import facet, question
from equipoise.exchange.topics import topics
from equipoise_server.store.listing_index import matching
from equipoise_server.store.models import Listing

PAGE = 20
COUNTED = 1000
"""Up to here results are counted; above, the page says "more than"."""

_SHOWN = (
    "study", "own", "status", "title", "sponsor", "sex", "minimum_age", "maximum_age", "topics",
    "places", "updated_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader looks for; empty values do not narrow. `age` in years."""

    text: str = ""
    topic: str = ""
    status: str = ""
    place: str = ""
    sex: str = ""
    age: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One study in a list."""

    study: str
    own: bool
    status: str
    title: Mapping[str, str]
    sponsor: str
    sex: str
    minimum_age: float | None
    maximum_age: float | None
    topics: tuple[str, ...]
    places: tuple[str, ...]
    updated_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page. `total` counts up to `COUNTED` + 1; `more`: there is a next page."""

    rows: tuple[Row, ...]
    total: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Everything that is kept of one listing."""

    row: Row
    summary: str
    document: str
    posted: bool
    posted_at: datetime


def search(wanted: Wanted, *, page: int = 1) -> Results:
    """The studies that fit all that was asked, recruiting ones first, then the newest."""
    condition, values = _condition(wanted)
    first = (max(1, page) - 1) * PAGE
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM store_listing WHERE {condition} "  # noqa: S608 - our own words
            "ORDER BY weight DESC, id DESC LIMIT %s OFFSET %s",
            [*values, PAGE + 1, first],
        )
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM store_listing WHERE {condition} LIMIT %s) AS fitting",  # noqa: S608
            [*values, COUNTED + 1],
        )
        total = int(cursor.fetchone()[0])
    return Results(rows=_rows(found[:PAGE]), total=total, more=len(found) > PAGE)


def _condition(wanted: Wanted) -> tuple[str, list[Any]]:
    asked = list(question(wanted.text))
    asked += [facet("t", wanted.topic)] if wanted.topic in topics() else []
    asked += [facet("s", wanted.status)] if wanted.status else []
    asked += [facet("x", wanted.sex)] if wanted.sex in ("f", "m") else []
    asked += [facet("p", wanted.place)] if question(wanted.place) else []
    parts: list[str] = ["posted"]
    values: list[Any] = []
    if asked:
        part, values = matching(connection.vendor, asked)
        parts.append(part)
    if wanted.age is not None:
        parts.append("(minimum_age IS NULL OR minimum_age <= %s)")
        parts.append("(maximum_age IS NULL OR maximum_age + 1 > %s)")
        values = [*values, wanted.age, wanted.age]
    return " AND ".join(parts), values


def _rows(ids: list[int]) -> tuple[Row, ...]:
    found = {one["id"]: one for one in Listing.objects.filter(pk__in=ids).values("id", *_SHOWN)}
    return tuple(_row(found[one]) for one in ids)


def _row(values: Mapping[str, object]) -> Row:
    kept = {name: values[name] for name in _SHOWN}
    return Row(**{**kept, "topics": tuple(kept["topics"]), "places": tuple(kept["places"])})  # type: ignore[arg-type]


def find(study: str) -> Detail | None:
    """One posted study by its identifier, whatever the case of its letters."""
    shown = ("summary", "document", "posted", "posted_at")
    found = Listing.objects.filter(study__iexact=study, posted=True).values(*_SHOWN, *shown).first()
    if found is None:
        return None
    return Detail(row=_row(found), **{name: found[name] for name in shown})


def own() -> Detail | None:
    """The listing of this server's own trial, posted or not."""
    shown = ("summary", "document", "posted", "posted_at")
    found = Listing.objects.filter(own=True).values(*_SHOWN, *shown).first()
    return None if found is None else Detail(row=_row(found), **{one: found[one] for one in shown})


def identifiers(most: int = 50_000) -> tuple[tuple[str, date | None], ...]:
    """Identifiers and dates for a sitemap, the best first."""
    found = Listing.objects.filter(posted=True).order_by("-weight", "-id")
    return tuple(found.values_list("study", "updated_on")[:most])


def count() -> int:
    """How many studies are listed."""
    return Listing.objects.filter(posted=True).count()
