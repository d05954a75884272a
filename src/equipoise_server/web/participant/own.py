"""Problems, copies, leaving, reminders, results: what belongs to the participant."""

from __future__ import annotations

from typing import cast

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from equipoise.errors import AlreadyWithdrawn, FormIncomplete, Refused, TooManyRequests
from equipoise.participant import Level
from equipoise_server.services.consenting.consent_sign import copy_of
from equipoise_server.services.own_pages.deliver_results import open_results
from equipoise_server.services.own_pages.participant_door import door_of, set_reminders
from equipoise_server.services.own_pages.report_problem import report_problem
from equipoise_server.services.own_pages.withdraw_wish import wish_to_withdraw
from equipoise_server.services.portal.public_limits import count
from equipoise_server.store import life
from equipoise_server.store.queries.recruiting import public_sites
from equipoise_server.web.participant.frame import own_page
from equipoise_server.web.shared.errors import problem as no_page
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.plain_text import html
from equipoise_server.web.shared.public_form import in_words
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said

PER_HOUR = 10


def _back(done: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('participant:home')}?done={done}")


@own_page
def problem(page: Page, code: str) -> HttpResponse:
    """Tell of a problem; the telephone of the site comes first."""
    sent, at, wrong = page.request.POST, timezone.now(), ""
    if page.request.method == "POST":
        try:
            count("problem", code, PER_HOUR, at=at)
            report_problem(
                code,
                text=sent.get("text", ""),
                phone=sent.get("phone", ""),
                urgent=sent.get("urgent") == "yes",
                at=at,
            )
        except (FormIncomplete, TooManyRequests) as refused:
            wrong = in_words(refused)
        else:
            return _back("problem")
    site = next((one for one in public_sites() if one.code == life.site_of(code)), None)
    context = {
        "wrong": wrong,
        "text": sent.get("text", ""),
        "phone": sent.get("phone", door_of(code).phone),
        "site": said(site.name, page.language) if site else "",
        "site_phone": site.phone if site else "",
    }
    return render(page, "participant/problem.html", context, status=400 if wrong else 200)


@own_page
def copy(page: Page, code: str, talk: str) -> HttpResponse:
    """One's own signed copy."""
    drawn, _language = copy_of(talk, code)
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = 'attachment; filename="consent.pdf"'
    return answer


@own_page
def withdraw(page: Page, code: str) -> HttpResponse:
    """Ask to withdraw from one level; the site carries it out and calls."""
    if page.request.method != "POST":
        return no_page(page.request, 404)
    level = cast(Level, page.request.POST.get("level", ""))
    try:
        wish_to_withdraw(code, level, at=timezone.now())
    except AlreadyWithdrawn:
        return _back("withdraw")
    except Refused:
        return no_page(page.request, 400)
    return _back("withdraw")


@own_page
def reminders(page: Page, code: str) -> HttpResponse:
    """Letters about the diary, or none."""
    if page.request.method == "POST":
        set_reminders(code, page.request.POST.get("reminders") == "yes")
    return _back("reminders")


@own_page
def results(page: Page, code: str) -> HttpResponse:
    """The plain summary of results, for who wished it."""
    text = open_results(code, page.language, at=timezone.now())
    return render(page, "participant/results.html", {"text": html(text)})
