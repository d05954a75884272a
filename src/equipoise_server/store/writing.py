"""The rows of one save: head, version, answers, ledger entry, request key.

On PostgreSQL they are one statement; each way between the two processes costs as much as the
rows themselves. SQLite has no way to go, and no statement that writes to several tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise_server.store import ledger

_HEAD_COLUMNS = 'participant_id, form, visit, number, version, current, "on", status'
_NEW = f"INSERT INTO store_record ({_HEAD_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"  # noqa: S608
_MOVE = (
    'UPDATE store_record SET version = %s, current = %s, "on" = %s, status = %s '
    "WHERE id = %s RETURNING id"
)
_VERSION = (
    'INSERT INTO store_recordversion (digest, record_id, version, study, form, "on", "by", at, '
    "reason, key, payload_digest) "
)
_TEN = "%s, %s, %s, %s, %s, %s, %s, %s, %s"
_PAYLOAD = (
    "INSERT INTO store_recordpayload (version_id, salt, data, reason) VALUES (%s, %s, %s, %s)"
)
KEY = "INSERT INTO store_idempotencykey (key, request, answer, at) VALUES (%s, %s, %s, %s)"
_TOGETHER = (
    "WITH h AS ({head}), "  # noqa: S608
    f"v AS ({_VERSION} SELECT %s, h.id, {_TEN} FROM h), "
    f"p AS ({_PAYLOAD}), e AS ({ledger.ONE_ENTRY})"
    "{key} SELECT id FROM h"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Everything that one save writes. `record` is None for a new one.

    `columns`: version, study, form digest, on, by, at, "", key and payload digest: the reason
    lies beside the answers, where it can be removed. `key`:
    the row of the request and its answer, or empty where the caller keeps it.
    """

    identity: tuple[str, str, str, int]
    record: int | None
    status: str
    digest: str
    columns: tuple[Any, ...]
    salt: str
    data: str
    reason: str
    entry: ledger.Entry
    key: Sequence[Any] = ()

    @property
    def head(self) -> list[Any]:
        """The values of the head's statement."""
        moved = [self.columns[0], self.digest, self.columns[3], self.status]
        return [*self.identity, *moved] if self.record is None else [*moved, self.record]


def write(cursor: Any, rows: Rows) -> int:
    """Write one version; returns the id of its record. The chain is held."""
    head = _NEW if rows.record is None else _MOVE
    payload = [rows.digest, rows.salt, rows.data, rows.reason]
    entry = [rows.entry.digest, *rows.entry.row]
    if cursor.db.vendor == "postgresql":
        key = f", k AS ({KEY})" if rows.key else ""
        version = [rows.digest, *rows.columns]
        values = [*rows.head, *version, *payload, *entry, *rows.key]
        cursor.execute(_TOGETHER.format(head=head, key=key), values)
        return int(cursor.fetchone()[0])
    cursor.execute(head, rows.head)
    record = int(cursor.fetchone()[0])
    cursor.execute(f"{_VERSION} VALUES (%s, %s, {_TEN})", [rows.digest, record, *rows.columns])
    cursor.execute(_PAYLOAD, payload)
    cursor.execute(ledger.ONE_ENTRY, entry)
    if rows.key:
        cursor.execute(KEY, rows.key)
    return record
