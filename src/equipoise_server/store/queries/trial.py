"""The trial of this instance: version, flags, sites, people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.db import connection
from django.db.models import JSONField
from django.db.models.expressions import RawSQL

from equipoise_server.store import versions
from equipoise_server.store.fields import InstantField
from equipoise_server.store.models import LedgerEntry, Membership, Site, StudyVersion, Trial, User
from equipoise_server.store.study import ACTIVE

_HAPPENED = (
    "CASE WHEN store_trial.demo THEN (SELECT {of}(e.at) FROM store_ledgerentry e "
    "WHERE e.chain <> 'study' AND e.chain NOT LIKE 'kit/%%') END"
)
_FIRST = RawSQL(_HAPPENED.format(of="MIN"), [], output_field=InstantField())  # noqa: S611 - fixed text
_LAST = RawSQL(_HAPPENED.format(of="MAX"), [], output_field=InstantField())  # noqa: S611 - fixed text
_ZONES = {
    vendor: RawSQL(  # noqa: S611 - fixed text
        f"(SELECT {gather}(s.code, s.timezone) FROM store_site s)",  # noqa: S608 - fixed text
        [],
        output_field=JSONField(),
    )
    for vendor, gather in (("postgresql", "jsonb_object_agg"), ("sqlite", "json_group_object"))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """Where the trial stands.

    `digest` is the newest version in force anywhere, `first` the one that the trial was opened
    under. `zones` are the time zones of its sites by code. `span`: in a demonstration, when the first
    and the last thing happened to any participant.
    """

    study: str
    version: str
    digest: str
    first: str
    demo: bool
    opened_at: datetime
    randomisation_open: bool
    locked_at: datetime | None
    unblinded_at: datetime | None
    zones: Mapping[str, str]
    span: tuple[datetime, datetime] | None

    @property
    def zone(self) -> str:
        """The time zone of the first site; UTC before there is one."""
        return self.zone_of(min(self.zones, default=""))

    def zone_of(self, site: str) -> str:
        """The time zone of a site; UTC of an unknown one."""
        return self.zones.get(site, "UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """A centre. `name` has a text per language."""

    code: str
    name: Mapping[str, str]
    timezone: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One person and one role. `site` is None for all sites."""

    username: str
    full_name: str
    role: str
    site: str | None
    since: datetime
    until: datetime | None


def trial() -> TrialFacts | None:
    """The trial of this instance, or None before one is opened."""
    zones = _ZONES[connection.vendor]
    asked = Trial.objects.annotate(active=ACTIVE, zones=zones, first_at=_FIRST, last_at=_LAST)
    found = asked.first()  # an amendment may be in force
    if found is None:
        return None
    study, version = named(found.active)
    return TrialFacts(
        study=study,
        version=version,
        digest=found.active,
        first=found.study_id,
        demo=found.demo,
        opened_at=found.opened_at,
        randomisation_open=found.randomisation_open,
        locked_at=found.locked_at,
        unblinded_at=found.unblinded_at,
        zones=found.zones or {},
        span=(found.first_at, found.last_at) if found.first_at else None,
    )


def in_force(site: str, on: date) -> str | None:
    """The digest of the version that a site works under on a date there; None: no amendment."""
    with connection.cursor() as cursor:
        return versions.at_site(cursor, site, on)


@lru_cache(maxsize=8)
def named(digest: str) -> tuple[str, str]:
    """Study and version behind a digest; both are part of what it covers."""
    row = StudyVersion.objects.values_list("study", "version").get(pk=digest)
    return row[0], row[1]


def sites() -> tuple[SiteFacts, ...]:
    """Every opened centre, by code."""
    return tuple(
        SiteFacts(
            code=site.code,
            name=dict(site.name),
            timezone=site.timezone,
            opened_at=site.opened_at,
            closed_at=site.closed_at,
        )
        for site in Site.objects.order_by("code")
    )


def activity() -> tuple[datetime, datetime] | None:
    """The `span` of a demonstration."""
    found = trial()
    return found.span if found else None


def names() -> dict[str, str]:
    """Full names by username."""
    return dict(User.objects.values_list("username", "full_name"))


def staff() -> tuple[Staff, ...]:
    """Every role ever given, by role, site and name."""
    found = Membership.objects.select_related("user").order_by("role", "site_id", "user__full_name")
    return tuple(
        Staff(
            username=one.user.username,
            full_name=one.user.full_name,
            role=one.role,
            site=one.site_id,
            since=one.since,
            until=one.until,
        )
        for one in found
    )


def commitment() -> str | None:
    """The commitment to the sealed randomisation list, where the study's ledger states it."""
    entries = LedgerEntry.objects.filter(chain="study").select_related("payload")
    for entry in entries.order_by("sequence").iterator():
        payload = getattr(entry, "payload", None)
        said = json.loads(payload.data) if payload else None
        if isinstance(said, dict) and isinstance(said.get("commitment"), str):
            return str(said["commitment"])
    return None
