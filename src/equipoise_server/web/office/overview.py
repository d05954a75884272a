"""Where every site stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.urls import reverse

from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries import records
from equipoise_server.store.queries import trial as trials
from equipoise_server.web.office.duties import Duty, duties
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import form_title, said
from equipoise_server.web.shared.visibility import visible_forms


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """One site in numbers."""

    code: str
    name: str
    screened: int
    randomised: int
    active: int
    records: int
    incomplete: int
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One open finding."""

    participant: str
    title: str
    message: str
    since: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Sites, totals, the oldest open findings where the viewer may read records."""

    sites: tuple[SiteRow, ...]
    total: SiteRow
    findings: tuple[FindingRow, ...]
    duties: tuple[Duty, ...]
    reads_records: bool


def overview(page: Page) -> Overview:
    """All sites, as the trial office sees them."""
    cut = page.moment.cut
    screened: Counter[str] = Counter()
    randomised: Counter[str] = Counter()
    active: Counter[str] = Counter()
    for state in people.states(None, cut=cut):
        screened[state.site] += 1
        randomised[state.site] += state.randomised
        active[state.site] += state.status == "randomised"
    tallies = records.tallies(cut=cut)
    rows = tuple(
        SiteRow(
            code=site.code,
            name=said(site.name, page.language),
            screened=screened[site.code],
            randomised=randomised[site.code],
            active=active[site.code],
            records=tallies.get(site.code, {}).get("records", 0),
            incomplete=tallies.get(site.code, {}).get("in-progress", 0),
            findings=tallies.get(site.code, {}).get("findings", 0),
        )
        for site in trials.sites()
    )
    reads = page.viewer.may_read("records")
    return Overview(
        sites=rows,
        total=_total(rows),
        findings=_findings(page) if reads else (),
        duties=duties(page),
        reads_records=reads,
    )


def _total(rows: tuple[SiteRow, ...]) -> SiteRow:
    return SiteRow(
        code="",
        name="",
        screened=sum(row.screened for row in rows),
        randomised=sum(row.randomised for row in rows),
        active=sum(row.active for row in rows),
        records=sum(row.records for row in rows),
        incomplete=sum(row.incomplete for row in rows),
        findings=sum(row.findings for row in rows),
    )


def _findings(page: Page) -> tuple[FindingRow, ...]:
    sites = page.viewer.sites("records")
    found = records.findings(sites=sites, cut=page.moment.cut)
    return tuple(
        FindingRow(
            participant=one.participant,
            title=form_title(page.study, one.form, page.language, one.number),
            message=said(one.message, page.language),
            since=page.moment.local(one.opened_at).date().isoformat(),
            url=reverse("data:query", args=[one.id])
            if page.viewer.may_read("cleaning")
            else reverse("site:record", args=(one.participant, one.form, one.visit, one.number)),
        )
        for one in found
        if one.form in visible_forms(page.study, page.viewer.roles_at(one.site))
    )[:12]
