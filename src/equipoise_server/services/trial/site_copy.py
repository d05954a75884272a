"""A centre's own copy of its data: tables, audit, ledger, and every record readable by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

from equipoise.errors import UnknownRecord, say
from equipoise.exchange import csv, paper
from equipoise.exchange.bundle import Written, refuse_occupied
from equipoise.exchange.csv.codebook import exported_forms
from equipoise.exchange.of_site import OfSite
from equipoise.exchange.paper import Filled
from equipoise.exchange.source import VersionLine
from equipoise.forms import from_json
from equipoise.protocol.forms import Form
from equipoise.protocol.model import Study
from equipoise_server.services.trial.export import Stored, note, one_moment, with_retired
from equipoise_server.store.models import Site, User
from equipoise_server.store.queries.exported import cleaning_tables


def site_copy(
    *, site: str, out: Path, language: str, by: User, at: datetime
) -> tuple[Written, ...]:
    """Write what one centre has entered to the new or empty folder `out`; the files in it.

    The centre can take it at any time, also after the lock, without asking anybody: it stays
    in control of its own data (ICH E6(R3) 4.2). `records/CODE.html` shows the newest version of
    every record of a participant in `language`; the tables are those of the export. Arms are
    never in it.

    Raises:
        UnknownRecord: there is no such centre.
        NotPermitted: `by` is not its investigator.
        FolderNotEmpty, StorageFull: of `out`.

    """
    refuse_occupied(out)
    zone = Site.objects.filter(code=site).values_list("timezone", flat=True).first()
    if zone is None:
        raise UnknownRecord(say("site {site}", site=repr(site[:20])))
    running, about = note("csv", by=by, at=at, site=site)
    with one_moment():
        stored, whole = Stored(running.digest), with_retired(running)
        source = OfSite(stored, site)
        return csv.write(
            whole,
            source,
            out,
            about=about,
            signatures=source.signatures(stored.signatures()),
            cleaning=source.tables(cleaning_tables()),
            documents=_books(whole, source, language, zone),
        )


def _books(study: Study, source: OfSite, language: str, zone: str) -> Iterator[tuple[str, str]]:
    forms = {one.id: one for one in exported_forms(study)}
    names = {one.username: one.full_name for one in source.users()}
    lines = (one for one in source.versions() if one.form in forms)
    for code, of_one in groupby(lines, key=lambda line: line.participant):
        newest = {(one.form, one.visit, one.number): one for one in of_one}
        shown = sorted(newest.values(), key=lambda one: (one.on, one.at))
        pages = [_page(study, forms[one.form], source, one, names, language, zone) for one in shown]
        kept = (one for one in pages if one is not None)
        yield f"records/{code}.html", paper.record_book(study, code, kept, language)


def _page(
    study: Study,
    form: Form,
    source: OfSite,
    line: VersionLine,
    names: dict[str, str],
    language: str,
    zone: str,
) -> tuple[Form, Filled] | None:
    """One record; None where its answers were redacted."""
    data = source.seen(line)
    if data is None:
        return None
    visits = {one.id: one.title.say(language) for one in study.protocol.visits}
    filled = Filled(
        participant=line.participant,
        visit=visits.get(line.visit, line.visit),
        number=line.number,
        on=date.fromisoformat(str(line.on)),
        version=line.version,
        by=names.get(line.by, line.by),
        zone=zone,
        values=from_json(form, json.loads(data)),
    )
    return form, filled
