"""The newest version of a record, and everything that a save of the next one has to know of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from equipoise.digest import canonical_json
from equipoise.errors import Sentence, say
from equipoise.protocol.model import Study
from equipoise_server.store import ledger, lenses

_SIGNED = (
    "SELECT COUNT(*) FROM store_signature n LEFT JOIN store_signaturevoid w "
    "ON w.signature_id = n.id WHERE n.version_id = r.current AND w.signature_id IS NULL"
)
_HEAD = (
    f'SELECT l.sequence, l.digest, r.id, r.version, v."on", p.data, v.study, r.current, ({_SIGNED}), '  # noqa: S608
    "EXISTS (SELECT 1 FROM store_finding f WHERE f.record_id = r.id), "
    "EXISTS (SELECT 1 FROM store_verification c WHERE c.record_id = r.id AND c.undone_at IS NULL), "
    "EXISTS (SELECT 1 FROM store_deviation d WHERE d.participant_id = w.code AND d.origin = 'rule') "
    "FROM store_participant w "
    "LEFT JOIN store_ledgerentry l ON l.chain = w.code AND l.sequence = "
    "(SELECT MAX(x.sequence) FROM store_ledgerentry x WHERE x.chain = w.code) "
    "LEFT JOIN store_record r ON r.participant_id = w.code AND r.form = %s AND r.visit = %s "
    "AND r.number = %s "
    "LEFT JOIN store_recordversion v ON v.digest = r.current "
    "LEFT JOIN store_recordpayload p ON p.version_id = r.current WHERE w.code = %s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which record: one form of one participant at one visit; `number` 0 where it does not repeat."""

    participant: str
    form: str
    visit: str
    number: int = 0

    def __str__(self) -> str:
        return place_words(self.participant, self.form, self.visit, self.number)


def place_words(participant: str, form: str, visit: str, number: int) -> Sentence:
    """Which record, in words that can be said in another language."""
    facts = {"form": form, "participant": participant, "visit": visit}
    if number:
        return say("{form} {number} of {participant} at {visit}", number=number, **facts)
    return say("{form} of {participant} at {visit}", **facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest version of a record; `id` None where there is no record yet.

    `data` is seen under the version that the participant is under now. `signed` is how many
    signatures hold on it; `asked`, `verified`, `deviated`: whether anything hangs on it that a
    save may change. `after` is the head of the participant's chain.
    """

    after: ledger.Head
    id: int | None = None
    version: int = 0
    on: str = ""
    data: str = "{}"
    digest: str = ""
    signed: int = 0
    asked: bool = False
    verified: bool = False
    deviated: bool = False


def read_head(cursor: Any, place: Place, running: Study) -> Head:
    """One statement, whether there is a record or not. The chain is held."""
    cursor.execute(_HEAD, [place.form, place.visit, place.number, place.participant])
    sequence, last, record, version, on, data, saved, digest, signed, *hanging = cursor.fetchone()
    after = ledger.head_of((sequence, last), place.participant)
    asked, verified, deviated = map(bool, hanging)
    if record is None:
        return Head(after=after, deviated=deviated)
    if data and saved != running.digest:
        older = lenses.seen(json.loads(data), place.form, saved=saved, reading=running.digest)
        data = canonical_json(dict(older)).decode()
    return Head(
        after=after,
        id=record,
        version=version,
        on=on,
        data=data or "{}",
        digest=digest,
        signed=signed,
        asked=asked,
        verified=verified,
        deviated=deviated,
    )
