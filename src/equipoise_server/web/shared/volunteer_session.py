"""The session of a signed-in volunteer: begun by a mailed link, half an hour without a request."""

from __future__ import annotations

from time import time

from django.http import HttpRequest

from equipoise.errors import UnknownRecord
from equipoise_server.services.portal.volunteers import Known, known

IDLE_SECONDS = 30 * 60
_TOKEN, _SEEN = "volunteer", "volunteer_seen"


def begin(request: HttpRequest, token: str) -> None:
    """Sign a volunteer in; a session that somebody prepared is thrown away."""
    request.session.flush()
    request.session[_TOKEN], request.session[_SEEN] = token, int(time())


def end(request: HttpRequest) -> None:
    """Sign out; nothing stays in the session."""
    request.session.flush()


def token_of(request: HttpRequest) -> str:
    """The token of the volunteer who is signed in, or ""."""
    token = str(request.session.get(_TOKEN, ""))
    if not token:
        return ""
    if time() - int(request.session.get(_SEEN, 0)) > IDLE_SECONDS:
        end(request)
        return ""
    request.session[_SEEN] = int(time())
    return token


def volunteer_of(request: HttpRequest) -> Known | None:
    """The volunteer who is signed in and not erased, or None."""
    token = token_of(request)
    try:
        return known(token) if token else None
    except UnknownRecord:
        end(request)
        return None
