"""Appending to the ledger, and the digests that hold it together.

An entry's digest is the SHA-256 of the canonical JSON list of its columns, in the order of
`entry_digest`. What an entry says beyond its columns lies beside it as canonical JSON under
a salted digest. A record version is an entry's `subject`: its own digest covers all its
columns, the record's identity and the salted digest of the answers.
"""

from __future__ import annotations

import os
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
    "payload_digest) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_PAYLOAD = "INSERT INTO store_ledgerpayload (entry_id, salt, data) VALUES (%s, %s, %s)"


def hold(cursor: Any, chain: str) -> None:
    """Let nobody else append to `chain` until this transaction ends.

    SQLite has one writer at a time (BEGIN IMMEDIATE). PostgreSQL takes a transaction-level
    advisory lock per chain, so that participants do not wait for each other.
    """
    if cursor.db.vendor == "postgresql":
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"chain/{chain}"])


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
    cursor.execute(_LAST, [chain])
    last = cursor.fetchone()
    sequence, previous = (last[0] + 1, last[1]) if last else (1, genesis(chain))
    data, salt, payload_digest = _sealed(payload)
    row = (chain, sequence, previous, what, by, instant_text(at), subject, payload_digest)
    digest = entry_digest(*row)
    cursor.execute(_ENTRY, [digest, *row])
    if data:
        cursor.execute(_PAYLOAD, [digest, salt, data])
    return digest


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


def payload_digest_of(data: str, salt: str) -> str:
    """The salted digest of a payload as stored."""
    return salted(data.encode(), salt.encode())
