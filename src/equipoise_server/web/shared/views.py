"""Pages that belong to no single audience."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from equipoise_server.web.shared import session
from equipoise_server.web.shared.page import Page, open_page, page_for
from equipoise_server.web.shared.rendering import render


@open_page
def home(page: Page) -> HttpResponse:
    """Lead a person to their own first page."""
    return HttpResponseRedirect(reverse(page.viewer.home))


@never_cache
@require_GET
def time_left(request: HttpRequest) -> JsonResponse:
    """How long the session of this browser still lasts; asking does not prolong it."""
    seconds, whole = session.left(request)
    return JsonResponse({"seconds": seconds, "whole": whole})


time_left.readers = None  # type: ignore[attr-defined]


@page_for("unblinded side")
def elsewhere(page: Page) -> HttpResponse:
    """Say where the work of unblinded roles is."""
    context = {
        "address": settings.EQUIPOISE_UNBLINDED_URL,
        "decides": page.viewer.may_read("board"),
    }
    return render(page, "shared/elsewhere.html", context)
