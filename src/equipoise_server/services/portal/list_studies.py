"""Put studies on the list that the public searches: registry records in bulk, and our own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from equipoise.exchange.listing import Listed, of_record
from equipoise.exchange.registry.record import Record, records_in
from equipoise_server.store.models import Listing

BATCH = 500
_OPEN = {"recruiting": 3, "invitation": 2, "not-yet": 2}
_CHANGED = (
    "status", "weight", "title", "summary", "sponsor", "sex", "minimum_age", "maximum_age",
    "topics", "places", "words", "document", "updated_on",
)  # fmt: skip


def list_records(files: Iterable[Path], *, at: datetime) -> int:
    """List every registry record of these files, anew where it is known; how many there were.

    Raises:
        StudyUnreadable: a file is no registry record; files before it have been listed.

    """
    done = 0
    for batch in _batches(record for path in files for record in records_in(path)):
        rows = {record.nct: _row(of_record(record), at, _document(record)) for record in batch}
        put(rows.values())
        done += len(rows)
    return done


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(records, BATCH)):
        yield batch


def _document(record: Record) -> str:
    return json.dumps(record.section, ensure_ascii=False)


def put(rows: Iterable[Listing]) -> None:
    """Write listings, replacing what was known of the same studies; our own is never replaced."""
    own = set(Listing.objects.filter(own=True).values_list("study", flat=True))
    Listing.objects.bulk_create(
        [row for row in rows if row.study not in own],
        update_conflicts=True,
        unique_fields=["study"],
        update_fields=list(_CHANGED),
    )


def _row(listed: Listed, at: datetime, document: str) -> Listing:
    return Listing(**columns(listed), document=document, posted_at=at)


def columns(listed: Listed) -> dict[str, Any]:
    """The columns that say what a study is."""
    day = listed.updated_on
    recent = int(day.strftime("%Y%m%d")) if day else 0
    return {
        "study": listed.study,
        "status": listed.status,
        "weight": _OPEN.get(listed.status, 0) * 100_000_000 + recent,
        "title": dict(listed.title),
        "summary": listed.summary,
        "sponsor": listed.sponsor,
        "sex": listed.sex,
        "minimum_age": listed.minimum_age,
        "maximum_age": listed.maximum_age,
        "topics": list(listed.topics),
        "places": list(listed.places),
        "words": listed.words,
        "updated_on": day,
    }
