"""What is to be done about consent, problems that participants told of, the summary of results."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from equipoise.errors import UnknownRecord
from equipoise_server.services.access import permissions
from equipoise_server.services.own_pages.deliver_results import (
    delivery,
    newest_release,
    release_results,
)
from equipoise_server.services.own_pages.report_problem import answer_problem, read_problem
from equipoise_server.store.queries import consents
from equipoise_server.web.consent.frame import KIND, attempt, me, refusal
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.plain_text import html
from equipoise_server.web.shared.public_form import readable
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.results import draft, is_released
from equipoise_server.web.shared.words import LEVELS

DRAFT = "draft"


@require_safe
@page_for(KIND)
def home(page: Page) -> HttpResponse:
    """Conversations that are open, consents that are due, wishes to withdraw, problems."""
    sites, at = page.viewer.sites(KIND), timezone.now()
    wishes = consents.wishes(sites)
    context = {
        "open": consents.open_talks(sites),
        "deferred": consents.deferred(sites, at),
        "anew": consents.to_sign_anew(sites, at),
        "wishes": [(one, LEVELS.get(one.level, one.level)) for one in wishes],
        "problems": consents.problems(sites),
        "now": at,
    }
    return render(page, "consent/home.html", context)


@require_http_methods(["GET", "POST"])
@page_for(KIND)
@readable
def problem(page: Page, problem: str) -> HttpResponse:
    """One problem: read it, call, answer."""
    sent, at, error = page.request.POST, timezone.now(), None
    try:
        found = read_problem(problem, by=me(page), at=at)
    except UnknownRecord as missing:
        raise Http404 from missing
    if page.request.method == "POST":
        error = attempt(
            lambda: answer_problem(
                problem,
                text=sent.get("text", ""),
                by=me(page),
                at=at,
                key=sent.get("key", "")[:200] or problem,
            )
        )
        if error is None:
            return HttpResponseRedirect(reverse("consent:problem", args=[problem]))
    context = {**refusal(error), "problem": found, "typed": sent.get("text", "")}
    return render(page, "consent/problem.html", context, status=409 if error else 200)


@require_http_methods(["GET", "POST"])
@page_for("summary")
@readable
def results(page: Page) -> HttpResponse:
    """The plain summary: release it, and see to whom it was delivered."""
    sent, at, error = page.request.POST, timezone.now(), None
    languages = page.study.protocol.languages
    if page.request.method == "POST":
        texts = {one: sent.get(f"text.{one}", "") for one in languages}
        key = sent.get("key", "")[:200] or "results"
        error = attempt(lambda: release_results(texts, by=me(page), at=at, key=key))
        if error is None:
            return HttpResponseRedirect(reverse("consent:results") + "?done=1")
    release = newest_release()
    texts = release.texts if release else {}
    if page.request.GET.get("from") == DRAFT:
        texts = draft(page.trial, languages)
    context = {
        "drafted": is_released(page.trial),
        "from_draft": page.request.GET.get("from") == DRAFT and error is None,
        **refusal(error),
        "release": release,
        "delivery": delivery(),
        "rows": [(one, sent.get(f"text.{one}", texts.get(one, ""))) for one in languages],
        "shown": [(one, html(release.texts.get(one, ""))) for one in languages] if release else (),
        "may": permissions.may("release the results", by=me(page), at=at),
        "locked": page.trial is not None and page.trial.locked_at is not None,
        "done": page.request.GET.get("done", ""),
    }
    return render(page, "consent/results.html", context, status=409 if error else 200)
