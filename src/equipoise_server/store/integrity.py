"""Recomputing every digest of ledger and record versions, and naming what does not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection

from equipoise.digest import sha256
from equipoise_server.store import append_only, ledger
from equipoise_server.store.finished import read_finished

_ENTRIES = (
    'SELECT e.chain, e.sequence, e.previous, e.what, e."by", e.at, e.subject, e.payload_digest, '
    "e.digest, p.salt, p.data FROM store_ledgerentry e LEFT JOIN store_ledgerpayload p "
    "ON p.entry_id = e.digest ORDER BY e.chain, e.sequence, e.digest"
)
_VERSIONS = (
    "SELECT r.participant_id, r.form, r.visit, r.number, v.record_id, r.version, r.current, "
    'v.version, v.study, v.form, v."on", v."by", v.at, v.reason, v.key, v.payload_digest, v.digest, '
    "p.salt, p.data, p.reason FROM store_recordversion v LEFT JOIN store_record r ON r.id = v.record_id "
    "LEFT JOIN store_recordpayload p ON p.version_id = v.digest ORDER BY v.record_id, v.version"
)
_STRAY = {
    "store_ledgerpayload": "SELECT p.entry_id FROM store_ledgerpayload p LEFT JOIN "
    "store_ledgerentry e ON e.digest = p.entry_id WHERE e.digest IS NULL",
    "store_recordpayload": "SELECT p.version_id FROM store_recordpayload p LEFT JOIN "
    "store_recordversion v ON v.digest = p.version_id WHERE v.digest IS NULL",
}
_EMPTY_HEADS = (
    "SELECT r.id FROM store_record r LEFT JOIN store_recordversion v ON v.record_id = r.id "
    "WHERE v.digest IS NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One row that contradicts the rest, and why."""

    table: str
    row: str
    why: str


@dataclass(slots=True, kw_only=True)
class Chain:
    """One chain as read: where it ends, and its entries that carry a payload."""

    name: str
    length: int = 0
    head: str = ""
    entries: list[tuple[str, str]] = field(default_factory=list)  # (what, payload JSON)


@dataclass(slots=True)
class Findings:
    """What reading the whole store found."""

    broken: list[Broken] = field(default_factory=list)
    chains: dict[str, Chain] = field(default_factory=dict)
    entries: int = 0
    versions: int = 0
    _recorded: dict[str, str] = field(default_factory=dict)  # version digest -> chain
    _redacted: set[str] = field(default_factory=set)
    _gaps: dict[str, tuple[Chain, int]] = field(default_factory=dict)  # digest -> where it stood
    _bare: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # table, digest, name of the row

    def add(self, table: str, row: str, why: str) -> None:
        """Note one bad row."""
        self.broken.append(Broken(table=table, row=row, why=why))


def read_everything() -> Findings:
    """Read ledger, record versions and payloads once, recomputing every digest."""
    found = Findings()
    for name in append_only.missing(connection):
        found.add(name.partition("_no_")[0], name, "the trigger that guards this table is missing")
    with _tolerant() as cursor:
        for part in (_read_entries, _read_versions, _read_strays, _read_studies, _read_finished):
            try:
                part(cursor, found)
            except (DatabaseError, UnicodeError) as problem:
                found.add(
                    "store", part.__name__.removeprefix("_read_"), f"cannot be read: {problem}"
                )
    _settle(found)
    return found


@contextmanager
def _tolerant() -> Iterator[Any]:
    """A cursor that also reads text which is no longer UTF-8, so that the row can be named."""
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            yield cursor
            return
        raw = connection.connection
        usual = raw.text_factory
        raw.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        try:
            yield cursor
        finally:
            raw.text_factory = usual


def _read_entries(cursor: Any, found: Findings) -> None:
    cursor.execute(_ENTRIES)
    chain = Chain(name="")
    expected: str | None = ""
    for row in _rows(cursor):
        *columns, digest, salt, data = row
        name, sequence, previous, what, _by, _at, subject, payload_digest = columns
        if name != chain.name or not found.chains:
            chain = found.chains.setdefault(str(name), Chain(name=str(name)))
            expected = _digest(ledger.genesis, name)
        found.entries += 1
        chain.length += 1
        where = f"{name} {sequence}"
        if sequence != chain.length:
            found.add("store_ledgerentry", where, f"entry {chain.length} of its chain is missing")
            chain.length = sequence if isinstance(sequence, int) else chain.length
        elif previous != expected:
            found.add("store_ledgerentry", where, "it does not follow the entry before it")
        if _digest(ledger.entry_digest, *columns) != digest:
            found.add("store_ledgerentry", where, "its digest does not fit its columns")
        chain.head = expected = digest
        _payload(found, ("store_ledgerpayload", digest, where), (payload_digest, salt, data))
        if what == ledger.RECORDED:
            found._recorded[subject] = name
        elif what == ledger.REDACTED:
            found._redacted.add(subject)
            _fill(found, subject, data)
        if data is not None:
            chain.entries.append((what, data))
        elif payload_digest:
            found._gaps[digest] = chain, len(chain.entries)
            chain.entries.append((ledger.REDACTED, ""))


def _fill(found: Findings, subject: str, data: str | None) -> None:
    """Put what is left of an entry whose text was removed where the entry stood."""
    chain, place = found._gaps.get(subject, (None, 0))
    try:
        said = json.loads(data or "{}")
        if chain is not None and "of" in said:
            chain.entries[place] = (str(said["of"]), json.dumps(said["remains"]))
    except (ValueError, KeyError, TypeError):
        found.add("store_ledgerpayload", subject, "what was left of it cannot be read")


def _read_versions(cursor: Any, found: Findings) -> None:
    cursor.execute(_VERSIONS)
    record, count, head = None, 0, (0, "", "")
    for row in _rows(cursor):
        *identity, holder, newest, current, version = row[:8]
        *columns, digest, salt, data, reason = row[7:]
        if holder != record:
            _check_head(found, head, count)
            record, count = holder, 0
        count += 1
        found.versions += 1
        where = " ".join(str(part) for part in (*identity, "version", version))
        if version != count:
            found.add("store_recordversion", where, f"version {count} is missing")
            count = version if isinstance(version, int) else count
        if _digest(ledger.version_digest, tuple(identity), tuple(columns)) != digest:
            found.add("store_recordversion", where, "its digest does not fit its columns")
        if found._recorded.pop(digest, None) != identity[0]:
            found.add("store_recordversion", where, "no entry of the participant's ledger names it")
        _payload(found, ("store_recordpayload", digest, where), (columns[-1], salt, data, reason))
        head = (newest, current, where)
        if current != digest and newest == version:
            found.add("store_record", where, "the record does not point to its newest version")
    _check_head(found, head, count)


def _check_head(found: Findings, head: tuple[int, str, str], count: int) -> None:
    newest, _, where = head
    if where and newest != count:
        found.add("store_record", where, f"the record says version {newest}, its newest is {count}")


def _read_strays(cursor: Any, found: Findings) -> None:
    for table, query in _STRAY.items():
        cursor.execute(query)
        for (row,) in cursor.fetchall():
            found.add(table, str(row), "it belongs to no row")
    cursor.execute(_EMPTY_HEADS)
    for (row,) in cursor.fetchall():
        found.add("store_record", str(row), "it has no version")


def _read_studies(cursor: Any, found: Findings) -> None:
    cursor.execute("SELECT digest, document FROM store_studyversion")
    for digest, document in cursor.fetchall():
        if sha256(document.encode("utf-8", "surrogateescape")) != digest:
            found.add("store_studyversion", digest, "its digest does not fit the document")


def _read_finished(cursor: Any, found: Findings) -> None:
    try:
        read_finished(cursor, found.add)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        found.add("store", "signatures, locks and versions", f"cannot be read: {problem}")


def _payload(found: Findings, place: tuple[str, str, str], stored: tuple[Any, ...]) -> None:
    """`stored`: the expected digest, salt, content, and for answers why they changed."""
    table, digest, where = place
    expected, salt, data, *reason = stored
    if data is None:
        if expected:
            found._bare.append((table, digest, where))
    elif _digest(ledger.payload_digest_of, data, salt, *reason) != expected:
        found.add(table, where, "its digest does not fit the salt and the content")


def _settle(found: Findings) -> None:
    """What can only be judged once everything has been read."""
    for table, digest, where in found._bare:
        if digest not in found._redacted:
            found.add(table, where, "the payload is missing and nothing redacted it")
    for digest, chain in found._recorded.items():
        found.add(
            "store_recordversion", digest, f"the ledger of {chain} names it and it is missing"
        )


def _digest(compute: Any, *values: Any) -> str | None:
    """The recomputed digest, or None where the stored values have no canonical form."""
    try:
        return str(compute(*values))
    except (TypeError, ValueError, AttributeError):
        return None


def _rows(cursor: Any) -> Iterator[Any]:
    while rows := cursor.fetchmany(2000):
        yield from rows
