"""Records: heads, answers, versions and findings, now or as they were."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from equipoise.forms import Record as Answered
from equipoise.forms import from_json
from equipoise.protocol.model import Study
from equipoise_server.store import ledger, lenses
from equipoise_server.store.models import Finding, LedgerEntry, Record, RecordVersion
from equipoise_server.store.queries.cleaning import is_open, openings

Key = tuple[str, str, int]
"""Form, visit and number of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest version of a record, and how many findings on it are open."""

    form: str
    visit: str
    number: int
    version: int
    on: date
    status: str
    findings: int = 0

    @property
    def key(self) -> Key:
        """Form, visit and number."""
        return self.form, self.visit, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One save of a record. `answers` is None where they were removed by `redact`.

    `removable`: it has a reason that `redact` can remove.
    """

    version: int
    on: date
    by: str
    at: datetime
    reason: str
    study: str
    form_digest: str
    digest: str
    answers: Mapping[str, Any] | None
    removable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFinding:
    """An open query on a record. `message` has a text per language, of a person the text.

    `answered`: the site has answered; the person who asked has still to close it.
    """

    id: int
    origin: str
    answered: bool
    participant: str
    site: str
    form: str
    visit: str
    number: int
    item: str
    code: str
    message: Mapping[str, str]
    opened_at: datetime


def heads(codes: Collection[str], *, cut: datetime | None = None) -> dict[str, list[Head]]:
    """The records of some participants, by participant."""
    rows = Record.objects.filter(participant__in=codes)
    columns = ["pk", "participant_id", "form", "visit", "number", "version", "on", "status"]
    if cut is not None:
        rows = rows.annotate(then=Max("versions__version", filter=Q(versions__at__lte=cut)))
        rows = rows.filter(then__isnull=False)
        columns[5] = "then"
    asked = _asked(_open(cut).filter(record__participant__in=codes))
    found: dict[str, list[Head]] = defaultdict(list)
    for pk, code, form, visit, number, version, on, status in rows.values_list(*columns):
        found[code].append(
            Head(
                form=form,
                visit=visit,
                number=number,
                version=version,
                on=on,
                status=status,
                findings=asked.get(pk, 0),
            )
        )
    return dict(found)


def _asked(findings: QuerySet[Finding]) -> dict[int, int]:
    return dict(findings.values_list("record_id").annotate(n=Count("pk")))


def _open(cut: datetime | None) -> QuerySet[Finding]:
    """Queries that are open, or were open at `cut`: a later version may have closed them."""
    return Finding.objects.filter(is_open(cut))


def answers(
    study: Study, codes: Collection[str], forms: Collection[str], *, cut: datetime | None = None
) -> dict[str, list[Answered]]:
    """The newest answers on some forms, by participant, oldest date first."""
    rows = RecordVersion.objects.filter(
        record__participant__in=codes, record__form__in=forms, payload__isnull=False
    )
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    columns = ("record__participant_id", "record__form", "record__visit", "record__number")
    newest: dict[tuple[Any, ...], tuple[date, str, str]] = {}
    wanted = (*columns, "on", "payload__data", "study")
    for *key, on, data, saved in rows.order_by("version").values_list(*wanted):
        newest[tuple(key)] = (on, data, saved)
    found: dict[str, list[Answered]] = defaultdict(list)
    for (code, form, visit, number), (on, data, saved) in newest.items():
        document = lenses.seen(json.loads(data), form, saved=saved, reading=study.digest)
        values = from_json(study.forms[form], document)
        found[code].append(
            Answered(participant=code, form=form, visit=visit, number=number, on=on, values=values)
        )
    for kept in found.values():
        kept.sort(key=lambda one: (one.on, one.form, one.number))
    return dict(found)


def versions(
    code: str,
    form: str,
    visit: str,
    number: int,
    *,
    cut: datetime | None = None,
    reading: str | None = None,
) -> tuple[Version, ...]:
    """Every version of one record, newest first.

    The answers of all are seen under one study version: `reading`, a digest, or the one
    under which the newest was saved.
    """
    rows = RecordVersion.objects.filter(
        record__participant=code, record__form=form, record__visit=visit, record__number=number
    )
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    found = list(rows.select_related("payload").order_by("-version"))
    under, told = reading or (found[0].study if found else ""), _told(found)
    return tuple(
        Version(
            version=row.version,
            on=row.on,
            by=row.by,
            at=row.at,
            reason=_reason(row, told),
            study=row.study,
            form_digest=row.form,
            digest=row.digest,
            answers=_seen(row, form, under),
            removable=hasattr(row, "payload") and bool(row.payload.reason),
        )
        for row in found
    )


def _told(rows: list[RecordVersion]) -> dict[str, str]:
    """The reasons of versions whose answers were removed, as far as they were left."""
    gone = [row.digest for row in rows if not hasattr(row, "payload")]
    if not gone:
        return {}
    entries = LedgerEntry.objects.filter(what=ledger.REDACTED, subject__in=gone)
    said = entries.values_list("subject", "payload__data")
    return {digest: json.loads(data).get("reason", "") for digest, data in said if data}


def _reason(row: RecordVersion, told: Mapping[str, str]) -> str:
    """Why the version was saved: beside its answers, or in the row as it was done at first."""
    beside = row.payload.reason if hasattr(row, "payload") else told.get(row.digest, "")
    return beside or row.reason


def _seen(row: RecordVersion, form: str, under: str) -> Mapping[str, Any] | None:
    if not hasattr(row, "payload"):
        return None
    return lenses.seen(json.loads(row.payload.data), form, saved=row.study, reading=under)


def saves(code: str, *, cut: datetime | None = None) -> dict[str, tuple[Key, int]]:
    """Which record and version each digest of a participant's versions stands for."""
    rows = RecordVersion.objects.filter(record__participant=code)
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    return {
        digest: ((form, visit, number), version)
        for digest, form, visit, number, version in rows.values_list(
            "digest", "record__form", "record__visit", "record__number", "version"
        )
    }


def findings(
    *, code: str | None = None, sites: Collection[str] | None = None, cut: datetime | None = None
) -> tuple[OpenFinding, ...]:
    """Open findings of a participant, of some sites, or of all, oldest first."""
    rows = _open(cut).select_related("record__participant")
    if code is not None:
        rows = rows.filter(record__participant=code)
    if sites is not None:
        rows = rows.filter(record__participant__site__in=sites)
    found = list(rows.order_by("opened_at", "pk"))
    texts = openings([row.pk for row in found if row.origin == "person"])
    return tuple(
        OpenFinding(
            id=row.pk,
            origin=row.origin,
            answered=row.answered_at is not None and (cut is None or row.answered_at <= cut),
            participant=row.record.participant_id,
            site=row.record.participant.site_id,
            form=row.record.form,
            visit=row.record.visit,
            number=row.record.number,
            item=row.item,
            code=row.code,
            message=dict(row.message) or {"en": texts.get(row.pk, "")},
            opened_at=row.opened_at,
        )
        for row in found
    )


def tallies(*, cut: datetime | None = None) -> dict[str, dict[str, int]]:
    """Records by status and open findings, per site: `records`, each status, `findings`."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = Record.objects.all()
    if cut is not None:
        rows = rows.filter(versions__at__lte=cut, versions__version=1)
    for site, status, n in rows.values_list("participant__site_id", "status").annotate(
        n=Count("pk")
    ):
        found[site][status] += n
        found[site]["records"] += n
    asked = _open(cut).values_list("record__participant__site_id")
    for site, n in asked.annotate(n=Count("pk")):
        found[site]["findings"] = n
    return {site: dict(counts) for site, counts in found.items()}
