"""The list of participants, narrowed and paged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from equipoise.participant import ParticipantState
from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries import records
from equipoise_server.store.queries.participants import Filter
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.part import Choice, site_choices
from equipoise_server.web.shared.values import level_text
from equipoise_server.web.shared.visibility import sees_doses, visible_forms
from equipoise_server.web.shared.words import PARTICIPANT, Badge

PER_PAGE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One participant in a list. `kit` is "" for who may not see it."""

    code: str
    site: str
    status: Badge
    stratum: str
    screened_on: date | None
    randomised_on: date | None
    day: int | None
    doses: int | None
    kit: str
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of participants, the filters, and the link to the next page."""

    rows: tuple[Row, ...]
    states: tuple[ParticipantState, ...]
    heads: Mapping[str, list[records.Head]]
    total: int
    sites: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    strata: tuple[Choice, ...]
    search: str
    following: str
    later: bool


def listing(page: Page) -> Listing:
    """What the request asks for, among the sites that the viewer may see."""
    asked = page.request.GET
    wanted = Filter(
        site=asked.get("site", ""),
        status=asked.get("status", ""),
        stratum=asked.get("stratum", ""),
        search=asked.get("search", "").strip(),
    )
    after, allowed = asked.get("after", ""), page.viewer.sites("participants")
    found = people.listed(allowed, wanted, after=after, limit=PER_PAGE, cut=page.moment.cut)
    heads = records.heads([one.code for one in found.states], cut=page.moment.cut)
    return Listing(
        rows=tuple(
            row(page, state, _findings(page, state, heads.get(state.code, [])))
            for state in found.states
        ),
        states=found.states,
        heads=heads,
        total=found.total,
        sites=site_choices(page, "participants", wanted.site),
        statuses=tuple(
            Choice(value=name, label=badge.label, chosen=name == wanted.status)
            for name, badge in PARTICIPANT.items()
        ),
        strata=_strata(page, wanted.stratum),
        search=wanted.search,
        following=_following(asked.dict(), found.following),
        later=bool(after),
    )


def row(page: Page, state: ParticipantState, findings: int) -> Row:
    """One participant as a list shows them."""
    on = page.moment.on
    shown = sees_doses(page.viewer.roles_at(state.site))
    ended = state.died_on or state.completed_on
    day = (min(on, ended or on) - state.randomised_on).days if state.randomised_on else None
    levels = dict(state.stratum).items()
    return Row(
        code=state.code,
        site=state.site,
        status=PARTICIPANT[state.status],
        stratum=", ".join(level_text(page.study, *one, page.language) for one in levels),
        screened_on=state.screened_on,
        randomised_on=state.randomised_on,
        day=day,
        doses=sum(1 for one in state.doses if one.amount != "not") if shown else None,
        kit=(state.kit or "") if shown else "",
        findings=findings,
    )


def _findings(page: Page, state: ParticipantState, heads: list[records.Head]) -> int:
    forms = visible_forms(page.study, page.viewer.roles_at(state.site))
    return sum(head.findings for head in heads if head.form in forms)


def _strata(page: Page, chosen: str) -> tuple[Choice, ...]:
    found = []
    for value in people.strata():
        factor, _, level = value.partition("=")
        label = level_text(page.study, factor, level, page.language)
        found.append(Choice(value=value, label=label, chosen=value == chosen))
    return tuple(found)


def _following(asked: dict[str, str], after: str | None) -> str:
    kept = {name: value for name, value in asked.items() if name != "on" and value}
    return "?" + urlencode({**kept, "after": after}) if after else ""
