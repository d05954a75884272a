"""The letters of a demonstration."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from equipoise.errors import UnknownRecord
from equipoise_server.services.outbox.demo_letters import letters as of_demonstration
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.rendering import render


@require_safe
@open_page
def letters(page: Page) -> HttpResponse:
    """What would have been mailed. A live trial has no such page."""
    try:
        found = of_demonstration()
    except UnknownRecord:
        return problem(page.request, 404)
    answer = render(page, "public/letters.html", {"letters": found})
    answer["Cache-Control"] = "no-store"
    return answer
