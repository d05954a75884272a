"""Signatures, locks, agreements and amendments, as pages and exports read them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from equipoise.protocol.finalising import SignatureRule
from equipoise.protocol.model import Study
from equipoise_server.store import study as studies
from equipoise_server.store import versions
from equipoise_server.store.models import (
    Amendment,
    LedgerEntry,
    Lock,
    Participant,
    ParticipantVersion,
    Proposal,
    Record,
    Signature,
    Site,
    SiteVersion,
    StudyVersion,
)

_UNSIGNED = (
    "SELECT p.site_id, r.participant_id, r.form, r.visit, r.number, r.version, r.current, r.status "
    "FROM store_record r JOIN store_participant p ON p.code = r.participant_id "
    "WHERE r.form IN ({forms}) AND NOT EXISTS (SELECT 1 FROM store_signature s "
    "JOIN store_signatureact a ON a.digest = s.act_id LEFT JOIN store_signaturevoid v "
    "ON v.signature_id = s.id WHERE s.version_id = r.current AND a.rule = %s "
    "AND v.signature_id IS NULL) "
)
_ORDER = "ORDER BY r.participant_id, r.visit, r.form, r.number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A record that needs a signature under a rule of the study, and has none that holds."""

    rule: str
    role: str
    site: str
    participant: str
    form: str
    visit: str
    number: int
    version: int
    digest: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature on a version of a record. `void_at` and `void_why` where it no longer holds."""

    version: int
    rule: str
    name: str
    by: str
    role: str
    meaning: Mapping[str, str]
    at: datetime
    seal: str
    act: str
    void_at: datetime | None
    void_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One lock that stands."""

    scope: str
    site: str
    participant: str
    visit: str
    form: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A step that one person asks for and a second one answers. `body` depends on the step."""

    id: int
    step: str
    body: Mapping[str, Any]
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a redaction took away: items, who and why, what is left of the answers.

    `reason`: whether the reason for the change went too.
    """

    version: int
    reason: bool
    items: tuple[str, ...]
    persons: Mapping[str, str]
    at: datetime
    remains: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """From which day a site works under a version, and the approval that this rests on, if known."""

    on: date
    approval: str
    approved_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentFacts:
    """A published version. `changes` as `equipoise diff` gives them; `sites`: where it is in force.

    `digest` is that of the version, `before` that of the one which it amends.
    """

    number: int
    digest: str
    before: str
    version: str
    previous: str
    changes: tuple[Mapping[str, Any], ...]
    lenses: tuple[Mapping[str, Any], ...]
    rehearsal: Mapping[str, Any]
    needs_reconsent: bool
    by: str
    at: datetime
    sites: Mapping[str, InForce]
    participants: int


def unsigned(
    sites: Collection[str] | None, *, roles: Collection[str] = (), participant: str = ""
) -> Iterator[Unsigned]:
    """Records that wait for a signature at some sites (None: all), by rule.

    Each participant's records wait under the rules of the version that they are under.
    """
    versions_in_use = study_versions()
    for study in versions_in_use:
        for rule in study.protocol.signatures:
            if not rule.forms or (roles and rule.role not in roles):
                continue
            found = _unsigned_under(rule, sites, participant)
            if len(versions_in_use) > 1:
                under = versions.of_many({one.participant for one in found})
                found = [one for one in found if under[one.participant] == study.digest]
            yield from found


def _unsigned_under(
    rule: SignatureRule, sites: Collection[str] | None, participant: str
) -> list[Unsigned]:
    query = _UNSIGNED.format(forms=", ".join(["%s"] * len(rule.forms)))
    values: list[Any] = [*rule.forms, rule.id]
    if sites is not None:
        query += f"AND p.site_id IN ({', '.join(['%s'] * len(sites)) or 'NULL'}) "
        values += sorted(sites)
    if participant:
        query, values = query + "AND r.participant_id = %s ", [*values, participant]
    with connection.cursor() as cursor:
        cursor.execute(query + _ORDER, values)
        rows = cursor.fetchall()
    return [
        Unsigned(
            rule=rule.id,
            role=rule.role,
            site=site,
            participant=code,
            form=form,
            visit=visit,
            number=number,
            version=version,
            digest=digest,
            status=status,
        )
        for site, code, form, visit, number, version, digest, status in rows
    ]


def signatures(
    code: str, form: str, visit: str, number: int, *, cut: datetime | None = None
) -> tuple[Signed, ...]:
    """Every signature on a record, newest first, with those that are void."""
    rows = Signature.objects.filter(
        record__participant=code, record__form=form, record__visit=visit, record__number=number
    ).select_related("act", "version", "void")
    if cut is not None:
        rows = rows.filter(act__at__lte=cut)
    return tuple(_signed(row, cut) for row in rows.order_by("-act__at", "-pk"))


def _signed(row: Signature, cut: datetime | None) -> Signed:
    void = getattr(row, "void", None)
    if void is not None and cut is not None and void.at > cut:
        void = None
    return Signed(
        version=row.version.version,
        rule=row.act.rule,
        name=row.act.name,
        by=row.act.by,
        role=row.act.role,
        meaning=json.loads(row.act.meaning),
        at=row.act.at,
        seal=row.act.seal,
        act=row.act_id,
        void_at=void.at if void else None,
        void_why=void.reason if void else "",
    )


def signed_versions(codes: Collection[str]) -> frozenset[str]:
    """Digests of record versions on which a signature holds."""
    rows = Signature.objects.filter(record__participant__in=codes, void__isnull=True)
    return frozenset(rows.values_list("version_id", flat=True))


def locked(*, site: str = "", participant: str = "") -> tuple[Locked, ...]:
    """Locks that stand: of all, at one site, or over one participant."""
    rows = Lock.objects.order_by("site", "participant", "visit", "form", "number")
    if site:
        rows = rows.filter(site=site)
    if participant:
        rows = rows.filter(Q(participant=participant) | Q(scope="site", participant=""))
    return tuple(
        Locked(
            scope=row.scope,
            site=row.site,
            participant=row.participant,
            visit=row.visit,
            form=row.form,
            number=row.number,
            at=row.at,
        )
        for row in rows
    )


def locked_over(code: str, form: str, visit: str, number: int) -> Locked | None:
    """The widest lock that stands over a record, or None."""
    site = Participant.objects.filter(pk=code).values_list("site_id", flat=True).first() or ""
    order = {"site": 0, "participant": 1, "visit": 2, "record": 3}
    found = [
        one
        for one in locked(site=site, participant=code)
        if one.scope in ("site", "participant")
        or (
            one.visit == visit
            and (one.scope == "visit" or (one.form, one.number) == (form, number))
        )
    ]
    return min(found, key=lambda one: order[one.scope], default=None)


def proposals(steps: Collection[str] = ()) -> tuple[Proposed, ...]:
    """Steps that wait for a second person, oldest first."""
    rows = Proposal.objects.filter(outcome="").select_related("by").order_by("at", "pk")
    rows = rows.filter(step__in=steps) if steps else rows
    return tuple(
        Proposed(
            id=row.pk,
            step=row.step,
            body=json.loads(row.body),
            by=row.by.username,
            reason=row.reason,
            at=row.at,
        )
        for row in rows
    )


def removed(code: str, form: str, visit: str, number: int) -> tuple[Removed, ...]:
    """What was redacted in a record, newest first."""
    versions = dict(
        Record.objects.filter(participant=code, form=form, visit=visit, number=number).values_list(
            "versions__digest", "versions__version"
        )
    )
    rows = LedgerEntry.objects.filter(chain=code, what="redacted", subject__in=versions)
    found = []
    for row in rows.select_related("payload").order_by("-sequence"):
        said = json.loads(row.payload.data) if hasattr(row, "payload") else {}
        found.append(
            Removed(
                version=versions[row.subject],
                reason=said.get("reason") == "",
                items=tuple(said.get("items", ())),
                persons=said.get("persons", {}),
                at=row.at,
                remains=said.get("remains", {}),
            )
        )
    return tuple(found)


def amendments() -> tuple[AmendmentFacts, ...]:
    """Every published amendment, newest first."""
    versions = dict(StudyVersion.objects.values_list("digest", "version"))
    return tuple(_amendment(row, versions) for row in Amendment.objects.order_by("-number"))


def _amendment(row: Amendment, versions: Mapping[str, str]) -> AmendmentFacts:
    return AmendmentFacts(
        number=row.number,
        digest=row.study_id,
        before=row.previous_id,
        version=versions[row.study_id],
        previous=versions[row.previous_id],
        changes=tuple(json.loads(row.changes)),
        lenses=tuple(json.loads(row.lenses)),
        rehearsal=json.loads(row.rehearsal),
        needs_reconsent=row.needs_reconsent,
        by=row.by,
        at=row.at,
        sites=_in_force(row.study_id),
        participants=ParticipantVersion.objects.filter(study=row.study_id).count(),
    )


def _in_force(digest: str) -> dict[str, InForce]:
    rows = SiteVersion.objects.filter(study=digest)
    found = rows.values_list("site_id", "on", "approval__reference", "approval__on")
    return {
        site: InForce(on=on, approval=reference or "", approved_on=given)
        for site, on, reference, given in found
    }


def study_versions() -> tuple[Study, ...]:
    """Every version that data may have been saved under, oldest first."""
    numbers = dict(Amendment.objects.values_list("study_id", "number"))
    digests = sorted(
        StudyVersion.objects.values_list("digest", flat=True), key=lambda one: numbers.get(one, 0)
    )
    return tuple(studies.of_digest(one) for one in digests)


def having(study: Study, form: str) -> Study:
    """The version itself where it has the form, else the newest one that had it."""
    if form in study.forms:
        return study
    return next((one for one in reversed(study_versions()) if form in one.forms), study)


def sites() -> tuple[str, ...]:
    """Every site, by code."""
    return tuple(Site.objects.order_by("code").values_list("code", flat=True))
