"""The public study page."""

from __future__ import annotations

from django.http import HttpResponse

from equipoise_server.web.public import pages, schedule, showing
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.results import released
from equipoise_server.web.shared.words import ORIGINS


@open_page
def study(page: Page) -> HttpResponse:
    """Everything about the study that is public, the plain summary first."""
    if page.trial is None:
        return render(page, "public/none.html")
    running, language = page.study, page.language
    context = {
        "study": showing.headline(running, language),
        "pages": pages.pages(running, language),
        "facts": showing.facts(running, language),
        "arms": showing.arms(running, language),
        "criteria": showing.criteria(running, language),
        "steps": schedule.steps(running, language),
        "doses": schedule.doses(running),
        "sites": showing.sites(page),
        "blinding": showing.blinding(running, language),
        "randomisation": showing.randomisation(running, language),
        "origins": ORIGINS,
        "released": [row for row in released(page.trial, language) if row.main],
    }
    return render(page, "public/study.html", context)
