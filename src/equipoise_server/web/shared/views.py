"""Pages that belong to no single audience."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from equipoise_server.web.shared.page import Page, open_page, page_for
from equipoise_server.web.shared.rendering import render


@open_page
def home(page: Page) -> HttpResponse:
    """Lead a person to their own first page."""
    return HttpResponseRedirect(reverse(page.viewer.home))


@page_for("unblinded side")
def elsewhere(page: Page) -> HttpResponse:
    """Say where the work of unblinded roles is."""
    return render(page, "shared/elsewhere.html", {"address": settings.EQUIPOISE_UNBLINDED_URL})
