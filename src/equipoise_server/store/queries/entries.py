"""The ledger of one participant, as pages tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise_server.store import texts
from equipoise_server.store.models import LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act. `payload` is empty where there is none; of a removed text, what is left of it."""

    sequence: int
    what: str
    by: str
    at: datetime
    subject: str
    digest: str
    payload: Mapping[str, Any]


def entries(chain: str, *, cut: datetime | None = None) -> tuple[Entry, ...]:
    """Everything on a chain, newest first."""
    rows = LedgerEntry.objects.filter(chain=chain).select_related("payload")
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    left = texts.remains(chain)
    return tuple(
        Entry(
            sequence=row.sequence,
            what=row.what,
            by=row.by,
            at=row.at,
            subject=row.subject,
            digest=row.digest,
            payload=_mapping(left.get(row.digest, texts.payload_of(row))),
        )
        for row in rows.order_by("-sequence")
    )


def _mapping(said: object) -> Mapping[str, Any]:
    return said if isinstance(said, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What somebody wrote in an entry, under its digest; it can be removed."""

    digest: str
    what: str
    by: str
    at: datetime
    text: str


def written(chain: str, place: tuple[str, str, int] | None = None) -> tuple[Written, ...]:
    """Every text in the ledger of one chain that can be removed, oldest first.

    `place`: form, visit and number of the record that the entries are about; None: all.
    """
    rows = LedgerEntry.objects.filter(chain=chain, payload__isnull=False)
    rows = rows.exclude(what__in=texts.FIXED).select_related("payload")
    found = []
    for row in rows.order_by("sequence"):
        said = texts.payload_of(row)
        text = " · ".join(texts.texts(said))
        if text and (place is None or _about(said) == place):
            found.append(Written(digest=row.pk, what=row.what, by=row.by, at=row.at, text=text))
    return tuple(found)


def _about(said: Mapping[str, Any]) -> tuple[str, str, int]:
    return (
        str(said.get("form", "")), str(said.get("visit", "")), int(said.get("number", 0) or 0)
    )  # fmt: skip
