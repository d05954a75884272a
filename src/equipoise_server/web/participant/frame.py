"""The frame of participants' pages: a session begun by a mailed link, and nothing of anybody else."""

from __future__ import annotations

from time import time

from django.http import HttpRequest

from equipoise.errors import UnknownRecord
from equipoise_server.services.own_pages.participant_door import door_of
from equipoise_server.web.shared.own_pages import own_pages

IDLE_SECONDS = 60 * 60
_CODE, _SEEN = "participant", "participant_seen"


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


own_page = own_pages(code_of, "participant:sign-in")
"""A view `view(page, code, ...)`; whoever is not signed in is led to the sign-in page."""
