"""Whether signatures, locks and versions are what the ledger says they are.

Each row is compared with its entry in both directions: a row that nobody entered, and an
entry whose row is gone, are both found. Signatures are proved by their seal as well.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from equipoise.digest import canonical_json, sha256
from equipoise_server.store import (
    board,
    checkpoint,
    consenting,
    imaging,
    interim,
    ledger,
    locks,
    signing,
    versions,
)
from equipoise_server.store.models import (
    Amendment,
    BoardDecision,
    InterimCut,
    Lock,
    ParticipantVersion,
    SignatureAct,
    SignatureVoid,
    SiteVersion,
    Trial,
)

Line = tuple[str, str]
"""Chain, and payload as canonical JSON."""

ENTRIES = frozenset({signing.SIGNED, signing.VOIDED, locks.LOCKED, locks.UNLOCKED, versions.MOVED})
"""Kinds of entries on participants' chains that change nobody's life-cycle."""

_SAID = (
    "SELECT e.chain, e.what, p.data FROM store_ledgerentry e "
    "JOIN store_ledgerpayload p ON p.entry_id = e.digest WHERE e.what IN ({whats}) "
    "ORDER BY e.chain, e.sequence"
)
_RECORDS = (
    "SELECT s.act_id, r.form, r.visit, r.number, v.version, v.digest, v.record_id, s.record_id, "
    "r.participant_id FROM store_signature s JOIN store_recordversion v ON v.digest = s.version_id "
    "JOIN store_record r ON r.id = v.record_id"
)
_OUTDATED = (
    "SELECT s.id FROM store_signature s JOIN store_record r ON r.id = s.record_id "
    "LEFT JOIN store_signaturevoid v ON v.signature_id = s.id "
    "WHERE s.version_id <> r.current AND v.signature_id IS NULL"
)

Add = Callable[[str, str, str], None]


def read_finished(cursor: Any, add: Add) -> None:
    """Report what does not fit: table, row, why."""
    said = _said(cursor)
    _signatures(cursor, add)
    for what, table, rows in _kinds():
        _compare(said[what], Counter(rows()), what, table, add)
    _locks(cursor, add)
    _told(cursor, add)
    if Trial.objects.filter(randomisation_open=board.stopped()).exists():
        add("store_trial", "1", "randomisation is not as the safety board decided")
    for digest, why in imaging.broken_files():
        add("files/images", digest, why)


def _said(cursor: Any) -> dict[str, Counter[Line]]:
    names = [name for name, _, _ in _kinds()]
    cursor.execute(_SAID.format(whats=", ".join(["%s"] * len(names))), names)
    found: dict[str, Counter[Line]] = defaultdict(Counter)
    for chain, what, data in cursor.fetchall():
        found[what][chain, data] += 1
    return found


def _told(cursor: Any, add: Add) -> None:
    """Rows whose text stands in the ledger alone, by what their entries are about."""
    for what, table in imaging.TOLD.items():
        cursor.execute("SELECT chain, subject FROM store_ledgerentry WHERE what = %s", [what])
        said = Counter((str(chain), str(subject)) for chain, subject in cursor.fetchall())
        _compare(said, Counter(imaging.subjects(what)), what, table, add)


def _compare(said: Counter[Line], rows: Counter[Line], what: str, table: str, add: Add) -> None:
    for chain, _ in rows - said:
        add(table, chain, f"no entry {what} of this ledger says so")
    for chain, _ in said - rows:
        add(table, chain, f"the ledger says {what}, and there is no such row")


def _kinds() -> tuple[tuple[str, str, Callable[[], Iterator[Line]]], ...]:
    return (
        (signing.VOIDED, "store_signaturevoid", _voids),
        (versions.PUBLISHED, "store_amendment", _published),
        (versions.ACTIVATED, "store_siteversion", _activated),
        (versions.MOVED, "store_participantversion", _moved),
        (board.DECIDED, "store_boarddecision", _decided),
        (interim.FROZEN, "store_interimcut", _frozen),
        (consenting.GIVEN, "store_consentgiven", consenting.given_lines),
        *((what, table, partial(imaging.lines, what)) for what, table in imaging.TABLES.items()),
    )


def _line(chain: str, payload: Mapping[str, object]) -> Line:
    return chain, canonical_json(dict(payload)).decode()


def _voids() -> Iterator[Line]:
    for row in SignatureVoid.objects.select_related("signature__act"):
        signature = row.signature
        said = signing.voided(signature.act_id, signature.version_id, row.reason)
        yield _line(signature.act.participant_id, said)


def _published() -> Iterator[Line]:
    for row in Amendment.objects.select_related("study"):
        yield _line(ledger.STUDY_CHAIN, versions.published(row, row.study.version))


def _activated() -> Iterator[Line]:
    for row in SiteVersion.objects.select_related("approval"):
        yield _line(ledger.STUDY_CHAIN, versions.activated(row))


def _moved() -> Iterator[Line]:
    for row in ParticipantVersion.objects.all():
        yield _line(row.participant_id, versions.moved(row.study_id, row.why))


def _decided() -> Iterator[Line]:
    for row in BoardDecision.objects.all():
        yield _line(ledger.STUDY_CHAIN, board.decided(row))


def _frozen() -> Iterator[Line]:
    for row in InterimCut.objects.all():
        yield _line(ledger.STUDY_CHAIN, interim.frozen(row))


def _signatures(cursor: Any, add: Add) -> None:
    covered: dict[str, list[list[object]]] = defaultdict(list)
    owners: dict[str, set[str]] = defaultdict(set)
    cursor.execute(_RECORDS)
    for act, form, visit, number, version, digest, home, record, participant in cursor.fetchall():
        covered[act].append([form, visit, number, version, digest])
        owners[act].add(participant)
        if home != record:
            add("store_signature", act, "it names another record than its version's")
    cursor.execute("SELECT subject, chain FROM store_ledgerentry WHERE what = %s", [signing.SIGNED])
    entered = dict(cursor.fetchall())
    for row in SignatureAct.objects.all():
        whole = signing.stored(row, covered.get(row.pk, []))
        if sha256(whole) != row.pk or owners[row.pk] != {row.participant_id}:
            add("store_signatureact", row.pk, "what it covers is not what was signed")
        elif not checkpoint.sealed(signing.sealed_bytes(whole), row.seal):
            add("store_signatureact", row.pk, "its seal is not that of this instance")
        if entered.pop(row.pk, None) != row.participant_id:
            add("store_signatureact", row.pk, "no entry of the participant's ledger names it")
    for act, chain in entered.items():
        add("store_signatureact", act, f"the ledger of {chain} names it and it is missing")
    cursor.execute(_OUTDATED)
    for (signature,) in cursor.fetchall():
        add("store_signature", str(signature), "its record has changed, and it is not void")


def _locks(cursor: Any, add: Add) -> None:
    cursor.execute(_SAID.format(whats="%s, %s"), [locks.LOCKED, locks.UNLOCKED])
    standing: set[str] = set()
    for _, what, data in cursor.fetchall():
        part = canonical_json(json.loads(data)["part"]).decode()
        standing = standing | {part} if what == locks.LOCKED else standing - {part}
    names = ("scope", "site", "participant", "visit", "form", "number")
    stored = {canonical_json(one).decode() for one in Lock.objects.values(*names)}
    for part in stored - standing:
        add("store_lock", part, "no entry of the ledger set it")
    for part in standing - stored:
        add("store_lock", part, "the ledger set it, nobody took it away, and it is gone")
