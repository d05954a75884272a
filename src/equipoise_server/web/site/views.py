"""Pages about participants."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from equipoise.participant import ParticipantState
from equipoise.protocol.roles import SITE_STAFF
from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries.finalising import having
from equipoise_server.web.shared import unblindings
from equipoise_server.web.shared.conversation import talks
from equipoise_server.web.shared.finished import finished
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.specials import specials
from equipoise_server.web.shared.visibility import ever_visible, sees_doses
from equipoise_server.web.shared.words import CELLS
from equipoise_server.web.site import listing, matrices, reading, story, trends, work
from equipoise_server.web.site.course import courses
from equipoise_server.web.site.doses import strip
from equipoise_server.web.site.past import past
from equipoise_server.web.site.visits import visits


@page_for("site work")
def day(page: Page) -> HttpResponse:
    """The viewer's own work today."""
    context = {"work": work.today(page), "unblindings": unblindings.notices(page)}
    return render(page, "site/day.html", context)


@page_for("participants")
def participants(page: Page) -> HttpResponse:
    """The list of participants at the viewer's sites."""
    screening = _working(page) and page.viewer.may("screen")
    context = {"list": listing.listing(page), "working": screening}
    return render(page, "site/participants.html", context)


@page_for("participants")
def matrix(page: Page) -> HttpResponse:
    """Participants by visits."""
    found = listing.listing(page)
    context = {
        "list": found,
        "matrix": matrices.matrix(page, found.states, found.heads),
        "legend": tuple(CELLS.values()),
    }
    return render(page, "site/matrix.html", context)


@page_for("participants")
def participant(page: Page, code: str) -> HttpResponse:
    """Everything about one participant."""
    state = _one(page, "participants", code)
    roles = page.viewer.roles_at(state.site)
    forms = ever_visible(roles)
    course = courses(page, (state,))[0]
    context = {
        "who": listing.row(page, state, course.findings(forms)),
        "next": work.of_one(page, course, forms),
        "specials": specials(page, [(state, page.study)]).get(code, ()),
        "strip": strip(page, state) if sees_doses(roles) else None,
        "trends": trends.trends(page, state, forms),
        "visits": visits(page, course, forms),
        "events": reading.events(page, state),
        "event_form": page.study.protocol.safety.event_form,
        "yesno": f"{_('Yes')},{_('No')},?",
        "story": story.story(page, state, roles, forms),
        "crumbs": _crumbs(),
        "working": _working(page, state.site),
        "removing": page.viewer.may_read("redacting")
        and page.viewer.sees_site("redacting", state.site),
    }
    return render(page, "site/participant.html", context)


@page_for("records")
def record(page: Page, code: str, form: str, visit: str, number: int) -> HttpResponse:
    """One record and its history."""
    state = _one(page, "records", code)
    if form not in ever_visible(page.viewer.roles_at(state.site)):
        raise Http404
    shown = reading.record(page, state, form, visit, number)
    if shown is None:
        raise Http404
    crumbs = (*_crumbs(), (code, reverse("site:participant", args=[code])))
    working = _working(page, state.site)
    context: dict[str, object] = {
        "record": shown,
        "code": code,
        "crumbs": crumbs,
        "working": working,
        "files": page.viewer.may_read("images") and bool(page.study.imaging.files_of(form)),
        "place": {"form": form, "visit": visit, "number": number},
        "past": past(page, (code, form, visit, number), shown.zone),
        "finished": finished(page, (code, form, visit, number), state.site),
        "talk": talks(
            page, (code, form, visit, number), having(page.study, form).forms[form], state.site
        ),
    }
    return render(page, "site/record.html", context)


def _working(page: Page, site: str | None = None) -> bool:
    """Whether the viewer may enter data at a site (None: at any) now: no past day, no lock."""
    open_now = page.trial is not None and page.trial.locked_at is None and not page.moment.past
    held = page.viewer.roles_at(site) if site else page.viewer.roles
    return open_now and bool(set(held) & set(SITE_STAFF))


def _crumbs() -> tuple[tuple[object, str], ...]:
    return ((_("Participants"), reverse("site:participants")),)


def _one(page: Page, kind: str, code: str) -> ParticipantState:
    """The participant, if the viewer may see the site.

    Raises:
        Http404: nobody has this code.
        NotPermitted: another site's participant.

    """
    state = people.state(code, cut=page.moment.cut)
    if state is None:
        raise Http404
    page.require_site(kind, state.site)
    return state
