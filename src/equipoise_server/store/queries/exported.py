"""Tables of an export beside records: queries, codings, deviations, verifications, files, readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from equipoise_server.store.fields import instant_text
from equipoise_server.store.models import Coding, Finding, Verification
from equipoise_server.store.queries.cleaning import openings
from equipoise_server.store.queries.deviating import departures
from equipoise_server.store.queries.imaging import imaging_tables

Cell = str | int | float | None
Table = tuple[tuple[str, ...], Iterable[tuple[Cell, ...]]]
_PLACE = ("record__participant_id", "record__form", "record__visit", "record__number", "item")
_WHERE = ("participant", "form", "visit", "number", "item")


def cleaning_tables() -> dict[str, Table]:
    """Path of each table to its header and rows; rows are read when they are asked for."""
    return {
        "queries.csv": (
            (*_WHERE, "origin", "code", "question", "opened_by", "opened_at", "answered_at",
             "closed_at", "state"),
            _queries(),
        ),
        "codings.csv": (
            (*_WHERE, "coding", "record_version", "dictionary", "dictionary_version", "code",
             "term", "path", "reason", "by", "at"),
            _codings(),
        ),
        "deviations.csv": (
            ("participant", "site", "on", "kind", "rule", "form", "visit", "number", "what",
             "status", "class", "raised_by", "raised_at", "classified_by", "classified_at"),
            _deviations(),
        ),
        "verifications.csv": (
            (*_WHERE, "version", "by", "at", "undone_version", "undone_at"),
            _verifications(),
        ),
        **imaging_tables(),
    }  # fmt: skip


def _queries() -> Iterator[tuple[Cell, ...]]:
    people = Finding.objects.filter(origin="person").values_list("pk", flat=True)
    texts = openings(list(people))
    columns = ("pk", *_PLACE, "origin", "code", "message", "opened_by", "opened_at")
    rows = Finding.objects.order_by("record__participant", "opened_at", "pk")
    for pk, *row in rows.values_list(*columns, "answered_at", "closed_at", "state").iterator():
        row[7] = texts.get(pk, "") if row[5] == "person" else (row[7] or {}).get("en", "")
        yield tuple(_cell(one) for one in row)


def _codings() -> Iterator[tuple[Cell, ...]]:
    columns = ("number", "record_version", "dictionary", "dictionary_version", "code", "term")
    rows = Coding.objects.order_by(*_PLACE, "number")
    for row in rows.values_list(*_PLACE, *columns, "path", "reason", "by", "at").iterator():
        cells = list(row)
        cells[10] = cells[10].get("en", "")
        yield tuple(_cell(one) for one in cells)


def _deviations() -> Iterator[tuple[Cell, ...]]:
    for one in departures(None):
        yield (
            one.participant,
            one.site,
            one.on.isoformat(),
            one.kind,
            one.rule,
            one.form,
            one.visit,
            one.number,
            one.message.get("en", ""),
            one.status,
            one.classification,
            one.raised_by,
            _cell(one.raised_at),
            one.classified_by,
            _cell(one.classified_at),
        )


def _verifications() -> Iterator[tuple[Cell, ...]]:
    rows = Verification.objects.order_by(*_PLACE, "at")
    columns = ("version", "by", "at", "undone_version", "undone_at")
    for row in rows.values_list(*_PLACE, *columns).iterator():
        yield tuple(_cell(one) for one in row)


def _cell(value: object) -> Cell:
    """Instants as the export writes them; numbers and text as they are."""
    if value is None or isinstance(value, int):
        return value
    return instant_text(value) if isinstance(value, datetime) else str(value)
