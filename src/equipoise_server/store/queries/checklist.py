"""What is left to do before a part of the trial can be locked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from equipoise.errors import NotReady, listed, say
from equipoise.forms import from_json, prepare
from equipoise.forms.verification import to_verify
from equipoise.participant import timeline
from equipoise.protocol.model import Study
from equipoise.protocol.remember import Remembered
from equipoise.schedule import due
from equipoise_server.store import documents, life
from equipoise_server.store import study as studies
from equipoise_server.store.heads import Place
from equipoise_server.store.locks import Part
from equipoise_server.store.models import (
    Finding,
    Participant,
    Record,
    RecordPayload,
    Site,
    Verification,
)
from equipoise_server.store.queries import records
from equipoise_server.store.queries.accounts import reconciliation
from equipoise_server.store.queries.finalising import having, unsigned

Kind = Literal["queries", "incomplete", "unsigned", "due", "unverified", "kits"]
WORDS: dict[Kind, tuple[str, str]] = {
    "queries": ("open query", "open queries"),
    "incomplete": ("record that is not complete", "records that are not complete"),
    "unsigned": (
        "record without a signature that it needs",
        "records without a signature that they need",
    ),
    "due": ("form that is due or overdue", "forms that are due or overdue"),
    "unverified": (
        "answer not verified with its source",
        "answers not verified with their source",
    ),
    "kits": ("unit of a kit not accounted for", "units of kits not accounted for"),
}
"""What is left, of one thing and of several."""
SHOWN = 20
NAMED = 3
"""How many things of a point a refusal names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One thing that is left: about whom, and the record where there is one."""

    participant: str
    form: str = ""
    visit: str = ""
    number: int = 0
    item: str = ""

    def __str__(self) -> str:
        place = Place(
            participant=self.participant, form=self.form, visit=self.visit, number=self.number
        )
        return listed(one for one in (str(place) if self.form else "", self.item) if one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of the checklist: how many are left, and the first of them."""

    kind: Kind
    total: int
    left: tuple[Left, ...]

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.total == 0

    def __str__(self) -> str:
        facts = {
            "total": self.total,
            "what": WORDS[self.kind][self.total != 1],
            "named": listed(self.left[:NAMED], "; "),
        }
        if self.total > NAMED:
            more = self.total - NAMED
            return say("{total} {what} ({named}; and {more} more)", more=more, **facts)
        return say("{total} {what} ({named})", **facts)


def require_done(part: Part | None, at: datetime) -> None:
    """Refuse to lock what is not finished.

    Raises:
        NotReady: naming each point that is left.

    """
    found = [one for one in points(part, at) if not one.done]
    if found:
        named = [one for point in found for one in point.left[:NAMED] if one.form]
        raise NotReady(
            "The study" if part is None else str(part),
            tuple(str(one) for one in found),
            tuple((one.participant, one.form, one.visit, one.number) for one in named),
        )


def points(part: Part | None, at: datetime) -> tuple[Point, ...]:
    """Every point of the checklist, in the order in which people work on them."""
    rows = _records(part)
    found: list[tuple[Kind, Iterable[Left]]] = [
        ("queries", _queries(rows)),
        ("incomplete", incomplete(part)),
        ("unsigned", _unsigned(part)),
    ]
    if part is None or part.scope != "record":
        found.append(("due", _due(part, at)))
    found.append(("unverified", unverified(part)))
    if part is None or part.scope == "site":
        found.append(("kits", _kits(part)))
    return tuple(_point(kind, left) for kind, left in found)


def _point(kind: Kind, left: Iterable[Left]) -> Point:
    every = tuple(left)
    return Point(kind=kind, total=len(every), left=every[:SHOWN])


def _records(part: Part | None) -> QuerySet[Record]:
    rows = Record.objects.order_by("participant", "visit", "form", "number")
    if part is None:
        return rows
    if part.scope == "site":
        return rows.filter(participant__site=part.site)
    rows = rows.filter(participant=part.participant)
    if part.scope == "visit":
        return rows.filter(visit=part.visit)
    if part.scope == "record":
        return rows.filter(visit=part.visit, form=part.form, number=part.number)
    return rows


def _left(record: Record, item: str = "") -> Left:
    return Left(
        participant=record.participant_id,
        form=record.form,
        visit=record.visit,
        number=record.number,
        item=item,
    )


def _queries(records: QuerySet[Record]) -> Iterable[Left]:
    rows = Finding.objects.filter(state="open", record__in=records).select_related("record")
    return (_left(row.record, row.item) for row in rows.order_by("opened_at", "pk"))


def open_queries(participant: str) -> Counter[tuple[str, str, int]]:
    """How many queries are open about each record of a participant, by form, visit and number."""
    rows = Finding.objects.filter(state="open", record__participant=participant)
    return Counter(rows.values_list("record__form", "record__visit", "record__number"))


def _unsigned(part: Part | None) -> Iterable[Left]:
    sites = None if part is None else {part.site}
    participant = part.participant if part else ""
    for one in unsigned(sites, participant=participant):
        inside = part is None or part.scope in ("site", "participant")
        at_visit = part is not None and part.visit == one.visit
        whole = at_visit and part is not None and (part.form, part.number) == (one.form, one.number)
        if inside or (at_visit and part is not None and part.scope == "visit") or whole:
            yield Left(
                participant=one.participant, form=one.form, visit=one.visit, number=one.number
            )


def _due(part: Part | None, at: datetime) -> Iterable[Left]:
    zones = dict(Site.objects.values_list("code", "timezone"))
    people = Participant.objects.order_by("pk")
    if part is not None:
        people = people.filter(site=part.site)
        people = people.filter(pk=part.participant) if part.participant else people
    for code, site in people.values_list("code", "site_id"):
        for one in _dues(code, zones[site], at):
            if part is None or part.scope != "visit" or one.visit == part.visit:
                yield one


def _dues(code: str, zone: str, at: datetime) -> Iterable[Left]:
    study = studies.of_participant(code)
    keys = Record.objects.filter(participant=code).values_list("form", "visit", "number")
    known = documents.answers(study, documents.records_of(study, code, forms=_conditions(study)))
    state, samples = life.state_of(code), study.participants.samples
    lived = timeline(state, recorded=list(keys), answers=known, zone=zone, samples=samples)
    on = at.astimezone(ZoneInfo(zone)).date()
    for one in due(study.protocol, lived, on):
        blinded = study.forms[one.form].audience == "blinded"
        if one.state in ("due", "overdue") and blinded:
            yield Left(participant=code, form=one.form, visit=one.visit, number=one.number)


def _conditions_of(study: Study) -> frozenset[str]:
    rules = [one.condition for one in study.protocol.schedule]
    rules += [one.daily.condition for one in study.protocol.schedule if one.daily]
    return documents.forms_naming(study, tuple(rule for rule in rules if rule))


_conditions: Remembered[Study, frozenset[str]] = Remembered(_conditions_of)


def incomplete(part: Part | None) -> Iterable[Left]:
    """Records of a part, or of the study, that miss an answer which nobody has settled.

    An answer that cannot be had any more is settled by a query about it that was closed. The
    item is the first that is missing.
    """
    rows = _records(part).exclude(status__in=("complete", "queries"))
    for row in rows:
        settled = set(
            Finding.objects.filter(record=row, state="closed", item__gt="").values_list(
                "item", flat=True
            )
        )
        missing = [item for item in _missing(row) if item not in settled]
        if missing or not settled:
            yield _left(row, missing[0] if missing else "")


def _missing(record: Record) -> list[str]:
    """The required items of a record that are asked and have no answer."""
    code = record.participant_id
    study = having(studies.of_participant(code), record.form)
    form = study.forms[record.form]
    place = (code, record.form, record.visit, record.number)
    newest = records.versions(*place, reading=study.digest)[0]
    values = from_json(form, newest.answers or {})
    around = documents.context(
        study, form, participant=code, visit=record.visit, number=record.number
    )
    found = prepare(study.protocol, form, values, around).findings
    return [one.item for one in found if one.code == "required" and one.item]


def unverified(part: Part | None) -> Iterable[Left]:
    """Answers of a part, or of the study, that the plan asks to compare and nobody did."""
    rows = _records(part)
    under = studies.of_participants(set(rows.values_list("participant", flat=True)))
    named = {
        rule.form
        for study in studies.distinct(under.values())
        for rule in study.cleaning.verification
    }
    rows = rows.filter(form__in=named)
    verified = set(
        Verification.objects.filter(undone_at__isnull=True, record__in=rows).values_list(
            "record_id", "item"
        )
    )
    answered = _answered(rows)
    for row in rows:
        study = under[row.participant_id]
        if row.form not in study.forms:
            continue
        wanted = to_verify(
            study.cleaning,
            study.forms[row.form],
            participant=row.participant_id,
            visit=row.visit,
            number=row.number,
        )
        given = answered.get(row.current, frozenset())
        yield from (
            _left(row, item) for item in wanted if item in given and (row.pk, item) not in verified
        )


def _answered(records: QuerySet[Record]) -> dict[str, frozenset[str]]:
    """The items answered in the newest version of some records, by its digest."""
    found = RecordPayload.objects.filter(version__in=records.values("current"))
    return {
        digest: frozenset(name for name, value in json.loads(data).items() if value is not None)
        for digest, data in found.values_list("version_id", "data")
    }


def _kits(part: Part | None) -> Iterable[Left]:
    """Units that stand between the accounts and a reconciliation to zero."""
    found = reconciliation(None if part is None else {part.site})
    return (Left(participant=one.participant, item=one.unit) for one in found.open)
