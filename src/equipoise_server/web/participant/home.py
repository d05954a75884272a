"""What happens today and next, from the schedule. Nothing here tells who receives what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import get_args
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from equipoise.participant import Level, ParticipantState
from equipoise.protocol.model import Study
from equipoise_server.services.own_pages.deliver_results import newest_release, wishers
from equipoise_server.services.own_pages.diary import DiaryDay, days_of
from equipoise_server.services.own_pages.participant_door import door_of
from equipoise_server.services.own_pages.report_problem import problems_of
from equipoise_server.store import life
from equipoise_server.store import study as studies
from equipoise_server.store.queries import consents, trial
from equipoise_server.store.queries.recruiting import public_sites
from equipoise_server.web.participant.frame import own_page
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import LEVELS

NEXT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One visit: what it is called, between which days, what is done there."""

    title: str
    first: date
    last: date
    phone: bool
    doings: tuple[str, ...]


def zone_of(state: ParticipantState) -> str:
    """The time zone of the participant's site."""
    return {one.code: one.timezone for one in trial.sites()}.get(state.site, "UTC")


def steps(study: Study, state: ParticipantState, on: date, language: str) -> tuple[Step, ...]:
    """The visits that are not over, in order; none after withdrawal, completion or death."""
    if state.status not in ("randomised", "consented") or state.randomised_on is None:
        return ()
    found = []
    for visit in study.protocol.visits:
        first, last = visit.window(state.randomised_on)
        if last < on:
            continue
        doings = tuple(
            one.title.say(language)
            for one in study.protocol.schedule
            if visit.id in one.at and _seen(study, one.forms)
        )
        found.append(
            Step(
                title=visit.title.say(language),
                first=first,
                last=last,
                phone=visit.contact == "phone",
                doings=doings,
            )
        )
    return tuple(found[:NEXT])


def _seen(study: Study, forms: tuple[str, ...]) -> bool:
    """Whether an activity is on the blinded side."""
    return all(study.forms[one].audience == "blinded" for one in forms)


def _diary(study: Study, code: str, state: ParticipantState, at: datetime) -> tuple[DiaryDay, ...]:
    going = study.participants.diary is not None and state.status == "randomised"
    return days_of(code, at) if going else ()


@own_page
def today(page: Page, code: str) -> HttpResponse:
    """Today and next; the diary; problems and answers; consents; results."""
    now = timezone.now()
    state, study = life.state_of(code), studies.of_participant(code)
    on = now.astimezone(ZoneInfo(zone_of(state))).date()
    diary = _diary(study, code, state, now)
    site = next((one for one in public_sites() if one.code == state.site), None)
    known = door_of(code)
    context = {
        "code": code,
        "state": state,
        "on": on,
        "steps": steps(study, state, on, page.language),
        "due": [one for one in diary if one.on <= on and one.state in ("due", "overdue")],
        "has_diary": bool(diary),
        "site": said(site.name, page.language) if site else state.site,
        "phone": site.phone if site else "",
        "problems": problems_of(code),
        "given": consents.given_to(code),
        "levels": [(one, LEVELS[one]) for one in get_args(Level) if not state.withdrew(one)],
        "left": [(LEVELS[one], day) for one, day in state.withdrawn],
        "wished": [LEVELS[one.level] for one in consents.wishes_of(code)],
        "door": known,
        "results": newest_release() is not None and code in wishers(),
        "wants_results": code in wishers(),
        "done": page.request.GET.get("done", ""),
        "menu_url": reverse("participant:home"),
        "title": _("My study pages"),
    }
    return render(page, "participant/home.html", context)
