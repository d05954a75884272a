"""The frame of participants' pages: a session begun by a mailed link, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control

from equipoise.errors import UnknownRecord
from equipoise_server.services.participant_door import door_of
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, View, open_page
from equipoise_server.web.shared.public_form import readable

IDLE_SECONDS = 60 * 60
_CODE, _SEEN = "participant", "participant_seen"
Own = Callable[..., HttpResponse]


def begin(request: HttpRequest, code: str) -> None:
    """Sign a participant in; a session that somebody prepared is thrown away."""
    request.session.flush()
    request.session[_CODE], request.session[_SEEN] = code, int(time())


def end(request: HttpRequest) -> None:
    """Sign out; nothing stays in the session. Whoever else is signed in here stays so."""
    if _CODE in request.session:
        request.session.flush()


def code_of(request: HttpRequest) -> str:
    """The code of the participant who is signed in, or ""."""
    code = str(request.session.get(_CODE, ""))
    if not code:
        return ""
    if time() - int(request.session.get(_SEEN, 0)) > IDLE_SECONDS:
        end(request)
        return ""
    try:
        door_of(code)
    except UnknownRecord:
        end(request)
        return ""
    request.session[_SEEN] = int(time())
    return code


def own_page(view: Own) -> View:
    """A view `view(page, code, ...)`; whoever is not signed in is led to the sign-in page.

    What belongs to somebody else is answered as if it were not there.
    """

    def framed(page: Page, **given: Any) -> HttpResponse:
        code = code_of(page.request)
        if not code:
            return HttpResponseRedirect(reverse("participant:sign-in"))
        try:
            answer = view(page, code, **given)
        except UnknownRecord:
            answer = problem(page.request, 404)
        patch_cache_control(answer, private=True, no_store=True)
        return answer

    framed.__doc__ = view.__doc__
    return open_page(readable(framed))
