"""Export the study: tables, ODM, registration, FHIR. Reads one moment; notes it in the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from equipoise.digest import canonical_json
from equipoise.errors import NotBuilt, UnknownRecord, listed, say
from equipoise.exchange import csv, fhir, odm, registration
from equipoise.exchange.bundle import Written, refuse_occupied
from equipoise.exchange.source import (
    About,
    EntryLine,
    ParticipantLine,
    SignatureLine,
    SiteLine,
    UserLine,
    VersionLine,
)
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.model import Study
from equipoise_server.allocator import client
from equipoise_server.services.access import permissions
from equipoise_server.services.request import whole
from equipoise_server.store import ledger, lenses, study
from equipoise_server.store.fields import instant_text
from equipoise_server.store.models import Participant, Site, Trial, User
from equipoise_server.store.queries.exported import cleaning_tables
from equipoise_server.store.queries.finalising import study_versions

LATER = ("usdm", "dataset-json", "xpt", "define")
_ROWS = 2000  # fetched at once

_VERSIONS = (
    'SELECT r.participant_id, p.site_id, r.form, r.visit, r.number, v.version, v."on", v."by", '
    "v.at, COALESCE(NULLIF(d.reason, ''), v.reason), v.study, r.status, d.data FROM store_recordversion v "
    "JOIN store_record r ON r.id = v.record_id "
    "JOIN store_participant p ON p.code = r.participant_id "
    "LEFT JOIN store_recordpayload d ON d.version_id = v.digest "
    "ORDER BY r.participant_id, r.form, r.visit, r.number, v.version"
)
_SIGNATURES = (
    "SELECT r.participant_id, p.site_id, r.form, r.visit, r.number, v.version, a.name, "
    'a."by", a.role, '
    "a.at, v.digest, a.meaning, a.seal, w.at, w.reason FROM store_signature s "
    "JOIN store_signatureact a ON a.digest = s.act_id "
    "JOIN store_recordversion v ON v.digest = s.version_id JOIN store_record r ON r.id = s.record_id "
    "JOIN store_participant p ON p.code = r.participant_id "
    "LEFT JOIN store_signaturevoid w ON w.signature_id = s.id "
    "ORDER BY r.participant_id, a.at, r.form, r.visit, r.number, s.id"
)
_ENTRIES = (
    'SELECT e.chain, e.sequence, e.previous, e.what, e."by", e.at, e.subject, e.payload_digest, '
    "e.digest, d.salt, d.data FROM store_ledgerentry e LEFT JOIN store_ledgerpayload d "
    "ON d.entry_id = e.digest ORDER BY e.chain, e.sequence"
)


def export(to: str, *, out: Path, by: User, at: datetime) -> tuple[Written, ...]:
    """Write an export to the new or empty folder `out`; the files in it.

    The list of arms is part of `csv` only after it was released. Until then nothing of the
    vault is read. Each export stands in the ledger, also in the one it writes.

    Raises:
        UnknownRecord: no export has the name `to`.
        NotBuilt: this one is not built yet.
        NotPermitted: `by` may not.
        FolderNotEmpty, StorageFull: of `out`.

    """
    if to in LATER:
        raise NotBuilt(f"export --to {to}")
    if to not in _WRITERS:
        raise UnknownRecord(
            say(
                "export {to}; there are {writers}",
                to=repr(to[:40]),
                writers=listed((*_WRITERS, *LATER)),
            )
        )
    refuse_occupied(out)
    running, about = note(to, by=by, at=at)
    with one_moment():
        return _WRITERS[to](running, out, about)


def note(to: str, *, by: User, at: datetime, site: str = "") -> tuple[Study, About]:
    """Put an export, or one centre's copy, into the ledger: the study, and what it says of itself.

    Raises:
        NotPermitted: `by` may not.

    """
    with whole(), connection.cursor() as cursor:
        permissions.require(
            cursor, "copy a site" if site else "export", by=by, at=at, site=site or None
        )
        trial = Trial.objects.get()
        running = study.active()
        said = {"to": to, "study": running.digest, **({"site": site} if site else {})}
        ledger.append(
            cursor, chain=ledger.STUDY_CHAIN, what="exported", by=by.username, at=at, payload=said
        )
    about = About(
        by=by.full_name,
        at=instant_text(at),
        demo=trial.demo,
        locked=_instant(trial.locked_at),
        unblinded=_instant(trial.unblinded_at),
    )
    return running, about


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything read inside is of one moment, and nobody who writes waits for it."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")  # Django's own would keep writers out
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _csv(running: Study, out: Path, about: About) -> tuple[Written, ...]:
    arms = None
    if about.unblinded:
        received = client.received()
        arms = {one: (arm, received.get(one)) for one, arm in client.released().items()}
    source = Stored(running.digest)
    whole = with_retired(running)
    return csv.write(
        whole,
        source,
        out,
        about=about,
        arms=arms,
        signatures=source.signatures(),
        cleaning=cleaning_tables(),
    )


def _odm(running: Study, out: Path, about: About) -> tuple[Written, ...]:
    return odm.write(with_retired(running), Stored(running.digest), out, about=about)


def with_retired(running: Study) -> Study:
    """The study with the forms that an amendment has retired: what was collected stays exported."""
    forms = {name: form for one in study_versions() for name, form in one.forms.items()}
    return replace(running, forms=Frozen({**forms, **running.forms}))


_WRITERS: dict[str, Callable[[Study, Path, About], tuple[Written, ...]]] = {
    "csv": _csv,
    "odm": _odm,
    "fhir": lambda running, out, about: fhir.write(running, out, about=about),
    "ctgov": lambda running, out, _: registration.write_ctgov(running, out),
    "who24": lambda running, out, _: registration.write_who24(running, out),
}


class Stored:
    """The store as `equipoise.exchange.source.Source`. Call inside one moment.

    Records saved under an older protocol version are read under `reading`, a digest (the
    version in force where it is left out), through the lenses of the amendments.
    """

    def __init__(self, reading: str = "") -> None:
        self._reading = reading or study.active().digest

    def sites(self) -> Iterator[SiteLine]:
        """Every opened centre, by code."""
        for site in Site.objects.order_by("code"):
            name = site.name.get("en") or next(iter(site.name.values()), site.code)
            yield SiteLine(site.code, name, site.timezone)

    def users(self) -> Iterator[UserLine]:
        """Everybody with a user name."""
        for row in User.objects.order_by("username").values_list("username", "full_name"):
            yield UserLine(*row)

    def participants(self) -> Iterator[ParticipantLine]:
        """Everybody on the screening log, by code."""
        names = ParticipantLine._fields[2:]
        rows = Participant.objects.order_by("code").values_list("code", "site_id", *names)
        for row in rows.iterator(chunk_size=_ROWS):
            yield ParticipantLine(*(_plain(value) for value in row))

    def versions(self) -> Iterator[VersionLine]:
        """Every version of every record, as it was stored, under the names of its own time."""
        return map(VersionLine._make, _rows(_VERSIONS))

    def seen(self, line: VersionLine) -> str | None:
        """The document of a version through the lenses."""
        if line.data is None or line.study == self._reading:
            return line.data
        stored = json.loads(line.data)
        older = lenses.seen(stored, line.form, saved=line.study, reading=self._reading)
        return canonical_json(dict(older)).decode()

    def signatures(self) -> Iterator[SignatureLine]:
        """Every signature, also those that are void."""
        for *row, meaning, seal, void_at, why in _rows(_SIGNATURES):
            said = json.loads(meaning)
            words = said.get("en") or next(iter(said.values()), "")
            yield SignatureLine._make((*row, words, seal, void_at, why))

    def entries(self) -> Iterator[EntryLine]:
        """The whole ledger."""
        return map(EntryLine._make, _rows(_ENTRIES))


def _rows(query: str) -> Iterator[Any]:
    """Rows through a cursor that the database keeps, so that they never lie here all at once.

    The next rows are fetched while those before them are written.
    """
    with connection.chunked_cursor() as cursor, ThreadPoolExecutor(1) as ahead:
        cursor.execute(query)
        coming = ahead.submit(cursor.fetchmany, _ROWS)
        while rows := coming.result():
            coming = ahead.submit(cursor.fetchmany, _ROWS)
            yield from rows


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)
