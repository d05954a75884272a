"""Protocol deviations as lists."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from equipoise_server.store.models import Deviation, LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One deviation. `message` of a rule has a text per language, of a person the text."""

    id: int
    participant: str
    site: str
    origin: str
    rule: str
    kind: str
    proposed: str
    form: str
    visit: str
    number: int
    on: date
    message: Mapping[str, str]
    status: str
    classification: str
    raised_by: str
    raised_at: datetime
    classified_by: str
    classified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happened to a deviation."""

    what: str
    by: str
    at: datetime
    said: Mapping[str, object]


def departures(
    sites: Collection[str] | None,
    *,
    status: str = "",
    site: str = "",
    kind: str = "",
    participant: str = "",
    cut: datetime | None = None,
) -> tuple[Departure, ...]:
    """Deviations by site and date; "" does not narrow."""
    rows = Deviation.objects.select_related("participant")
    if sites is not None:
        rows = rows.filter(participant__site__in=sites)
    for column, value in (
        ("participant__site", site),
        ("kind", kind),
        ("participant__pk__icontains", participant),
    ):
        if value:
            rows = rows.filter(**{column: value})
    found = _departures(_at(rows, cut).order_by("participant__site", "on", "pk"), cut)
    return tuple(one for one in found if not status or one.status == status)


def departure(number: int, *, cut: datetime | None = None) -> Departure | None:
    """One deviation, or None."""
    rows = _at(Deviation.objects.filter(pk=number).select_related("participant"), cut)
    found = _departures(rows, cut)
    return found[0] if found else None


def steps(number: int, *, cut: datetime | None = None) -> tuple[Step, ...]:
    """What happened to a deviation, oldest first."""
    rows = LedgerEntry.objects.filter(subject=f"deviation/{number}").select_related("payload")
    if cut is not None:
        rows = rows.filter(at__lte=cut)
    return tuple(
        Step(what=row.what, by=row.by, at=row.at, said=_payload(row))
        for row in rows.order_by("sequence")
    )


def tally(sites: Collection[str] | None, *, cut: datetime | None = None) -> dict[str, int]:
    """Deviations that wait to be classified, per site."""
    found: dict[str, int] = defaultdict(int)
    for one in departures(sites, status="open", cut=cut):
        found[one.site] += 1
    return dict(found)


def _at(rows: QuerySet[Deviation], cut: datetime | None) -> QuerySet[Deviation]:
    return rows if cut is None else rows.filter(raised_at__lte=cut)


def _payload(row: LedgerEntry) -> Mapping[str, object]:
    said = json.loads(row.payload.data) if hasattr(row, "payload") else {}
    return said if isinstance(said, dict) else {}


def _departures(rows: QuerySet[Deviation], cut: datetime | None) -> tuple[Departure, ...]:
    listed = list(rows)
    texts = _texts([one.pk for one in listed if one.origin == "person"])
    return tuple(_departure(one, texts.get(one.pk, ""), cut) for one in listed)


def _texts(numbers: list[int]) -> dict[int, str]:
    if not numbers:
        return {}
    rows = LedgerEntry.objects.filter(
        subject__in=[f"deviation/{one}" for one in sorted(numbers)], what="deviation-raised"
    ).select_related("payload")
    return {
        int(row.subject.removeprefix("deviation/")): str(_payload(row).get("text", ""))
        for row in rows
    }


def _departure(row: Deviation, text: str, cut: datetime | None) -> Departure:
    later = cut is not None and row.classified_at is not None and row.classified_at > cut
    there = row.status == "gone" and cut is not None and row.gone_at and row.gone_at > cut
    status = "open" if later else row.status
    if there:
        status = "classified" if row.classification and not later else "open"
    return Departure(
        id=row.pk,
        participant=row.participant_id,
        site=row.participant.site_id,
        origin=row.origin,
        rule=row.rule,
        kind=row.kind,
        proposed=row.proposed,
        form=row.form,
        visit=row.visit,
        number=row.number,
        on=row.on,
        message=dict(row.message) if row.origin == "rule" else {"en": text},
        status=status,
        classification="" if later else row.classification,
        raised_by=row.raised_by,
        raised_at=row.raised_at,
        classified_by="" if later else row.classified_by,
        classified_at=None if later else row.classified_at,
    )
