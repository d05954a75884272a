"""The delegation log of a site: read by its staff, written and signed by its investigators."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from equipoise.errors import EquipoiseError, UnknownRecord
from equipoise_server.services.access import permissions
from equipoise_server.services.access.delegate import MEANING, delegate, end_delegation, purpose
from equipoise_server.store.queries import people as queries
from equipoise_server.store.queries import trial as trials
from equipoise_server.web.people import frame
from equipoise_server.web.shared import proof
from equipoise_server.web.shared.page import Page, page_for

KIND = "delegation log"


@page_for(KIND)
def first(page: Page) -> HttpResponse:
    """Lead to the log of the first site that the viewer sees."""
    seen = _sites(page)
    if not seen:
        return frame.show(page, "people/no_site.html", {})
    return HttpResponseRedirect(reverse("people:log", args=[seen[0]]))


def _sites(page: Page) -> list[str]:
    return [one.code for one in trials.sites() if page.viewer.sees_site(KIND, one.code)]


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
@page_for(KIND)
def log(page: Page, site: str) -> HttpResponse:
    """The log; on POST a signed line more."""
    _require_site(page, site)
    if page.request.method == "GET":
        return _log(page, site)
    asked, at = page.request.POST, frame.now()

    def work() -> None:
        where = frame.zone(site)
        delegate(
            username=asked.get("username", ""),
            site=site,
            tasks=asked.getlist("task"),
            since=frame.start_of(asked.get("since", ""), at, where),
            until=frame.end_of(asked.get("until", ""), where),
            by=frame.me(page),
            proof=proof.prove(page, purpose(site), at=at),
            at=at,
            key=frame.key_of(page),
        )

    error = frame.attempt(work)
    if error is not None:
        return _log(page, site, error=error)
    return HttpResponseRedirect(reverse("people:log", args=[site]) + "?done=signed")


@sensitive_post_parameters("password", "code")
@require_POST
@page_for(KIND)
def end(page: Page, site: str) -> HttpResponse:
    """End one line of the log, signed."""
    _require_site(page, site)
    number, at = page.request.POST.get("line", ""), frame.now()

    def work() -> None:
        if not number.isascii() or not number.isdecimal() or len(number) > 12:
            raise UnknownRecord("that delegation in force")
        given = proof.prove(page, purpose(site), at=at)
        end_delegation(int(number), by=frame.me(page), proof=given, at=at)

    error = frame.attempt(work)
    if error is not None:
        return _log(page, site, error=error)
    return HttpResponseRedirect(reverse("people:log", args=[site]) + "?done=ended")


def _require_site(page: Page, site: str) -> None:
    if site not in {one.code for one in trials.sites()}:
        raise Http404
    page.require_site(KIND, site)


def _log(page: Page, site: str, *, error: EquipoiseError | None = None) -> HttpResponse:
    at = frame.now()
    signs = permissions.may("delegate", by=frame.me(page), at=at, site=site)
    words = frame.task_words(page)
    rows = [
        (one, words.get(one.task, one.task), one.until is None or one.until > at)
        for one in queries.delegations(site)
    ]
    context: dict[str, Any] = {
        "site": site,
        "sites": _sites(page),
        "rows": rows,
        "in_force": [(one, task) for one, task, live in rows if live],
        "demanded": queries.delegations_demanded(site, at),
        "signs": signs,
        "meaning": MEANING,
        "staff": queries.staff_of(site, permissions.DELEGATED_TO, at) if signs else (),
        "tasks": list(words.items()),
        "today": at.astimezone(frame.zone(site)).date().isoformat(),
        "prove": proof.prove_fields(page) if signs else None,
        "key": frame.new_key(),
        "asked": page.request.POST if error else {},
        "chosen": page.request.POST.getlist("task") if error else (),
    }
    return frame.show(page, "people/delegations.html", context, error=error)
