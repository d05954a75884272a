"""The sum that a browser does before it sends a public form."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.utils import timezone

from equipoise_server.services.portal import public_limits
from equipoise_server.web.shared.page import Page, open_page


@open_page
def proof(page: Page) -> HttpResponse:
    """A fresh challenge, as altcha's JSON."""
    answer = JsonResponse(public_limits.challenge(timezone.now()))
    answer["Cache-Control"] = "no-store"
    return answer
