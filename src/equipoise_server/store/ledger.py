"""Appending to the ledger, and the digests that hold it together.

An entry's digest is the SHA-256 of the canonical JSON list of its columns, in the order of
`entry_digest`. What an entry says beyond its columns lies beside it as canonical JSON under
a salted digest. A record version is an entry's `subject`: its own digest covers all its
columns, the record's identity and the salted digest of the answers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise.digest import canonical_json, salted, sha256
from equipoise_server.store.fields import instant_text

STUDY_CHAIN = "study"
RECORDED = "recorded"
REDACTED = "redacted"

_LAST = (
    "SELECT sequence, digest FROM store_ledgerentry WHERE chain = %s ORDER BY sequence DESC LIMIT 1"
)
_ENTRY = (
    'INSERT INTO store_ledgerentry (digest, chain, sequence, previous, what, "by", at, subject, '
    "payload_digest) VALUES "
)
ONE_ENTRY = f"{_ENTRY}(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
"""The statement that writes one entry without a payload: its digest, then its row."""
_PAYLOAD = "INSERT INTO store_ledgerpayload (entry_id, salt, data) VALUES "
_HOLD = "pg_advisory_xact_lock(hashtextextended(%s, 0))"

Head = tuple[int, str]
"""Length and newest digest of a chain: as long as they stay, nothing was appended to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry that is ready to be written; `data` is empty where it has no payload."""

    digest: str
    row: tuple[str, int, str, str, str, str, str, str]
    salt: str
    data: str

    @property
    def head(self) -> Head:
        """What the head of its chain is once it is written."""
        return self.row[1], self.digest


def hold(cursor: Any, *chains: str) -> None:
    """Let nobody else append to the chains until this transaction ends.

    SQLite has one writer at a time (BEGIN IMMEDIATE). PostgreSQL takes a transaction-level
    advisory lock per chain, so that participants do not wait for each other. Several are taken
    in the order given: a participant's before a kit's.
    """
    if cursor.db.vendor == "postgresql":
        held = ", ".join([_HOLD] * len(chains))
        cursor.execute(f"SELECT {held}", [f"chain/{chain}" for chain in chains])


def append(
    cursor: Any,
    *,
    chain: str,
    what: str,
    by: str,
    at: datetime,
    payload: object = None,
    subject: str = "",
) -> str:
    """Add one entry to a chain; returns its digest. Call inside a transaction.

    `payload` is anything with a canonical JSON form; None leaves the entry without one.
    """
    hold(cursor, chain)
    after = head(cursor, chain)
    made = entry(after, chain=chain, what=what, by=by, at=at, payload=payload, subject=subject)
    write(cursor, [made])
    return made.digest


def entry(
    after: Head,
    *,
    chain: str,
    what: str,
    by: str,
    at: datetime,
    payload: object = None,
    subject: str = "",
) -> Entry:
    """The entry that follows the head `after` of a chain. Nothing is written yet."""
    length, previous = after
    data, salt, payload_digest = _sealed(payload)
    row = (chain, length + 1, previous, what, by, instant_text(at), subject, payload_digest)
    return Entry(digest=entry_digest(*row), row=row, salt=salt, data=data)


def entries(
    after: Head, said: Iterable[tuple[str, object]], *, chain: str, by: str, at: datetime
) -> list[Entry]:
    """Entries that follow each other: `said` gives what and payload of each."""
    made: list[Entry] = []
    for what, payload in said:
        made.append(entry(after, chain=chain, what=what, by=by, at=at, payload=payload))
        after = made[-1].head
    return made


def write(cursor: Any, entries: Sequence[Entry]) -> None:
    """Write entries, of one chain or several, whose chains are held."""
    if not entries:
        return
    rows = [(one.digest, *one.row) for one in entries]
    cursor.execute(_ENTRY + _rows(rows), [value for row in rows for value in row])
    payloads = [(one.digest, one.salt, one.data) for one in entries if one.data]
    if payloads:
        cursor.execute(_PAYLOAD + _rows(payloads), [value for row in payloads for value in row])


def _rows(rows: Sequence[tuple[object, ...]]) -> str:
    one = f"({', '.join(['%s'] * len(rows[0]))})"
    return ", ".join([one] * len(rows))


def head(cursor: Any, chain: str) -> Head:
    """The head of a chain as it is now."""
    cursor.execute(_LAST, [chain])
    return head_of(cursor.fetchone(), chain)


def head_of(found: Sequence[Any] | None, chain: str) -> Head:
    """The head of a chain, from its last row as it was read: sequence and digest."""
    return (found[0], found[1]) if found and found[0] is not None else (0, genesis(chain))


def _sealed(payload: object) -> tuple[str, str, str]:
    if payload is None:
        return "", "", ""
    data = canonical_json(payload).decode()
    salt = new_salt()
    return data, salt, payload_digest_of(data, salt)


def genesis(chain: str) -> str:
    """What the first entry of a chain has as `previous`."""
    return sha256(["equipoise/chain", chain])


def entry_digest(
    chain: str,
    sequence: int,
    previous: str,
    what: str,
    by: str,
    at: str,
    subject: str,
    payload_digest: str,
) -> str:
    """The digest of one entry over all its columns; `at` as stored."""
    return sha256([chain, sequence, previous, what, by, at, subject, payload_digest])


def version_digest(identity: tuple[str, str, str, int], columns: tuple[object, ...]) -> str:
    """The digest of one record version.

    Args:
        identity: participant, form, visit and number of the record.
        columns: version, study, form digest, on, by, at, reason, key and payload digest, as
            stored. The record id is covered too: it is what leads to the identity.

    """
    return sha256([*identity, *columns])


def new_salt() -> str:
    """Sixteen random bytes as hexadecimal text; the text itself is the key of the digest."""
    return os.urandom(16).hex()


def payload_digest_of(data: str, salt: str, reason: str = "") -> str:
    """The salted digest of a payload as stored; of answers with why they changed, of both."""
    whole = canonical_json([data, reason]) if reason else data.encode()
    return salted(whole, salt.encode())
