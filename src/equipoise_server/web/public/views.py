"""The public study page."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from equipoise.exchange.distances import find_place, places
from equipoise_server.services.portal.count_public import count_public, known_source
from equipoise_server.store.queries.recruiting import protocol_versions
from equipoise_server.web.public import machines, pages, schedule, showing
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.results import released
from equipoise_server.web.shared.volunteer_session import volunteer_of
from equipoise_server.web.shared.words import ORIGINS


@open_page
def study(page: Page) -> HttpResponse:
    """Everything about the study that is public, the plain summary first."""
    if page.trial is None:
        return render(page, "public/none.html")
    running, language = page.study, page.language
    asked = page.request.GET
    via = known_source(asked.get("via", ""))
    _count(page, via)
    here = find_place(asked.get("place", "")[:80])
    volunteer = volunteer_of(page.request)
    context = {
        "study": showing.headline(running, language),
        "identifier": running.protocol.id,
        "pages": pages.pages(running, language, noting=volunteer is not None),
        "facts": showing.facts(running, language),
        "arms": showing.arms(running, language),
        "criteria": showing.criteria(running, language),
        "steps": schedule.steps(running, language),
        "doses": schedule.doses(running),
        "sites": showing.sites(page, here),
        "blinding": showing.blinding(running, language),
        "randomisation": showing.randomisation(running, language),
        "origins": ORIGINS,
        "released": [row for row in released(page.trial, language) if row.main],
        "versions": protocol_versions(),
        "linked": machines.linked_data(running, language),
        "via": via,
        "place": asked.get("place", "")[:80],
        "here": here.say(language) if here else "",
        "towns": [one.say(language) for one in places().values()],
        "volunteer": volunteer,
        "saved": volunteer is not None and running.protocol.id in volunteer.saved,
    }
    return render(page, "public/study.html", context)


def _count(page: Page, via: str) -> None:
    if page.request.method == "GET" and page.viewer.user is None:
        agent = page.request.headers.get("User-Agent", "")
        count_public("view", on=timezone.now().date(), source=via, agent=agent)
