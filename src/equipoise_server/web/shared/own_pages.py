"""Pages of somebody from outside the staff, who came in through a mailed link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control

from equipoise.errors import UnknownRecord
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, View, open_page
from equipoise_server.web.shared.public_form import readable

Who = TypeVar("Who")
Own = Callable[..., HttpResponse]


def own_pages(known: Callable[[HttpRequest], Who | None], sign_in: str) -> Callable[[Own], View]:
    """A decorator for views `view(page, who, ...)`; whoever is not known is led to `sign_in`.

    What belongs to somebody else is answered as if it were not there.
    """

    def frame(view: Own) -> View:
        def framed(page: Page, **given: Any) -> HttpResponse:
            who = known(page.request)
            if not who:
                return HttpResponseRedirect(reverse(sign_in))
            try:
                answer = view(page, who, **given)
            except UnknownRecord:
                answer = problem(page.request, 404)
            patch_cache_control(answer, private=True, no_store=True)
            return answer

        framed.__doc__ = view.__doc__
        return open_page(readable(framed))

    return frame
