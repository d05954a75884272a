"""Texts to code, and how they are coded."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from equipoise.protocol.model import Study
from equipoise_server.store import lenses, texts
from equipoise_server.store.models import Coding, Record, RecordPayload
from equipoise_server.store.queries.placed import Placed
from equipoise_server.store.study import Under


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """One coding of a text."""

    number: int
    dictionary: str
    version: str
    code: str
    term: Mapping[str, str]
    path: str
    reason: str
    by: str
    at: datetime
    record_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbatim(Placed):
    """One text as it was entered. `coded` is its newest coding; `stale`: the text has changed
    since.
    """

    item: str
    version: int
    text: str
    dictionary: str
    coded: Coded | None
    stale: bool

    @property
    def waits(self) -> bool:
        """Whether it is to be coded."""
        return self.coded is None or self.stale


def verbatims(
    under: Under, sites: Collection[str] | None, *, cut: datetime | None = None
) -> Iterator[Verbatim]:
    """Every text that the plan of its participant's version asks to code, by participant."""
    wanted = {study.digest: _wanted(study) for study in under.every()}
    rows = Record.objects.filter(form__in={form for forms in wanted.values() for form in forms})
    if sites is not None:
        rows = rows.filter(participant__site__in=sites)
    if cut is not None:
        rows = rows.filter(versions__version=1, versions__at__lte=cut)
    coded = _codings(sites, cut)
    columns = ("pk", "participant_id", "participant__site_id", "form", "visit", "number")
    listed = list(
        rows.order_by("participant_id", "form", "number").values_list(
            *columns, "version", "current"
        )
    )
    answers = _payloads([row[-1] for row in listed])
    older = _older(listed, coded)
    for pk, code, site, form, visit, number, version, current in listed:
        reading = under.of(code).digest
        saved, document = answers.get(current, (reading, {}))
        document = lenses.seen(document, form, saved=saved, reading=reading)
        for item, dictionary in wanted[reading].get(form, ()):
            text = document.get(item)
            if not isinstance(text, str) or not text:
                continue
            newest = coded.get((pk, item))
            stale = False
            if newest is not None and newest.record_version != version:
                stale = older.get((pk, newest.record_version), {}).get(item) != text
            yield Verbatim(
                participant=code,
                site=site,
                form=form,
                visit=visit,
                number=number,
                item=item,
                version=version,
                text=text,
                dictionary=dictionary,
                coded=newest,
                stale=stale,
            )


def _wanted(study: Study) -> dict[str, list[tuple[str, str]]]:
    """By form: the items that a version asks to code, each with its dictionary."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in study.cleaning.coding:
        found.setdefault(one.form, []).append((one.item, one.dictionary))
    return found


def codings(code: str, form: str, visit: str, number: int, item: str) -> tuple[Coded, ...]:
    """Every coding of one text, newest first."""
    rows = Coding.objects.filter(
        record__participant=code,
        record__form=form,
        record__visit=visit,
        record__number=number,
        item=item,
    )
    reasons = {
        (said["form"], said["visit"], said["number"], said["item"], said["coding"]): said["reason"]
        for said in texts.told(code, "term-coded")
    }
    return tuple(
        replace(
            _coded(row), reason=reasons.get((form, visit, number, item, row.number)) or row.reason
        )
        for row in rows.order_by("-number")
    )


def _codings(sites: Collection[str] | None, cut: datetime | None) -> dict[tuple[int, str], Coded]:
    rows = Coding.objects.order_by("number")
    if sites is not None:
        rows = rows.filter(record__participant__site__in=sites)
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    return {(row.record_id, row.item): _coded(row) for row in rows}


def _payloads(versions: list[str]) -> dict[str, tuple[str, Mapping[str, object]]]:
    """Under which study version each was saved, and its answers."""
    found: dict[str, tuple[str, Mapping[str, object]]] = {}
    for start in range(0, len(versions), 500):
        some = versions[start : start + 500]
        rows = RecordPayload.objects.filter(pk__in=some)
        columns = rows.values_list("pk", "version__study", "data")
        found.update({version: (study, json.loads(data)) for version, study, data in columns})
    return found


def _older(
    listed: list[tuple[object, ...]], coded: Mapping[tuple[int, str], Coded]
) -> dict[tuple[int, int], Mapping[str, object]]:
    """The answers of the versions that were coded, where the record has moved on."""
    newest = {row[0]: row[6] for row in listed}
    pairs = {
        (record, one.record_version)
        for (record, _item), one in coded.items()
        if newest.get(record, one.record_version) != one.record_version
    }
    if not pairs:
        return {}
    rows = RecordPayload.objects.filter(version__record__in={record for record, _ in pairs})
    return {
        (record, version): json.loads(data)
        for record, version, data in rows.values_list(
            "version__record_id", "version__version", "data"
        )
        if (record, version) in pairs
    }


def _coded(row: Coding) -> Coded:
    return Coded(
        number=row.number,
        dictionary=row.dictionary,
        version=row.dictionary_version,
        code=row.code,
        term=dict(row.term),
        path=row.path,
        reason=row.reason,
        by=row.by,
        at=row.at,
        record_version=row.record_version,
    )
