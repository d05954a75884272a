"""Free text in the ledger: where it stands, and how an entry reads once its text was removed.

People write reasons, notes and messages under these names and no others, whatever the kind of
entry; the same text stands in a life-cycle's state, which replaying gives again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from equipoise import participant
from equipoise.participant.events import KINDS
from equipoise_server.store import ledger, life, rows
from equipoise_server.store.models import LedgerEntry, Participant

EVENTS = frozenset(kind.what for kind in KINDS)
NAMES = frozenset({"reason", "text", "note", "words", "why"})
PERSONS = "persons"
"""Under it, what each of two persons wrote."""
REMOVED = "[removed]"
FIXED = frozenset({ledger.REDACTED, "signature-voided", "board-decided"})
"""Entries whose words are not removed: why something was removed, what a program wrote, and the
minutes of the board, which a table of its own repeats."""


def texts(payload: object) -> tuple[str, ...]:
    """Everything that somebody may have written in a payload."""
    return tuple(_texts(payload))


def _texts(payload: object) -> Iterator[str]:
    if isinstance(payload, Mapping):
        for name, value in payload.items():
            if name in NAMES and isinstance(value, str) and value not in ("", REMOVED):
                yield value
            elif name == PERSONS and isinstance(value, Mapping):
                yield from (str(one) for one in value.values() if one != REMOVED)
            else:
                yield from _texts(value)
    elif isinstance(payload, list):
        for one in payload:
            yield from _texts(one)


def without(payload: Any) -> Any:
    """The payload with every such text removed; everything else stands."""
    if isinstance(payload, Mapping):
        return {name: _without(name, value) for name, value in payload.items()}
    return [without(one) for one in payload] if isinstance(payload, list) else payload


def _without(name: str, value: Any) -> Any:
    if name in NAMES and isinstance(value, str):
        return REMOVED if value else value
    if name == PERSONS and isinstance(value, Mapping):
        return dict.fromkeys(value, REMOVED)
    return without(value)


def payload_of(row: LedgerEntry) -> Any:
    """What an entry says; None where it says nothing, or its payload was removed."""
    return json.loads(row.payload.data) if hasattr(row, "payload") else None


def remains(chain: str) -> dict[str, Any]:
    """By digest, what is left of the entries of a chain whose texts were removed."""
    gone = LedgerEntry.objects.filter(chain=chain, what=ledger.REDACTED)
    said = {row.subject: payload_of(row) for row in gone.select_related("payload")}
    return {digest: one["remains"] for digest, one in said.items() if one and "of" in one}


def told(chain: str, what: str) -> Iterator[Any]:
    """What the entries of one kind say on a chain, as far as it still stands, oldest first."""
    left = remains(chain)
    rows = LedgerEntry.objects.filter(chain=chain, what=what).select_related("payload")
    said = (left.get(row.pk, payload_of(row)) for row in rows.order_by("sequence"))
    return (one for one in said if one is not None)


def retell(cursor: Any, code: str) -> None:
    """Write a participant's state anew, as the ledger now tells it. The chain is held."""
    left = remains(code)
    events = []
    for row in (
        LedgerEntry.objects.filter(chain=code).select_related("payload").order_by("sequence")
    ):
        said = left.get(row.pk, payload_of(row))
        if row.what in EVENTS and said is not None:
            events.append(participant.from_payload(row.what, said))
    state = participant.replay(events)
    rows.put(cursor, Participant, code, life.columns(state))
