"""The frame of pages that only a signed-in volunteer opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control

from equipoise.errors import UnknownRecord
from equipoise_server.services.volunteers import Known
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, View, open_page
from equipoise_server.web.shared.public_form import readable
from equipoise_server.web.shared.volunteer_session import volunteer_of

Own = Callable[..., HttpResponse]


def volunteer_page(view: Own) -> View:
    """A view `view(page, volunteer, ...)`; whoever is not signed in is led to the sign-in page.

    What belongs to somebody else is answered as if it were not there.
    """

    def framed(page: Page, **given: Any) -> HttpResponse:
        volunteer: Known | None = volunteer_of(page.request)
        if volunteer is None:
            return HttpResponseRedirect(reverse("volunteer:sign-in"))
        try:
            answer = view(page, volunteer, **given)
        except UnknownRecord:
            answer = problem(page.request, 404)
        patch_cache_control(answer, private=True, no_store=True)
        return answer

    framed.__doc__ = view.__doc__
    return open_page(readable(framed))
