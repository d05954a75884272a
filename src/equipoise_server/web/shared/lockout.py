"""A pause after five failures, whichever factor failed, and our own words for it."""

from __future__ import annotations

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse

from equipoise_server.web.shared.errors import problem


def closed(request: HttpRequest, username: str) -> bool:
    """Whether this name has failed too often from this address."""
    request.axes_name = username  # type: ignore[attr-defined]
    request.axes_locked_out = False  # type: ignore[attr-defined]
    return not AxesProxyHandler.is_allowed(request, {"username": username})


def count(request: HttpRequest, username: str) -> None:
    """One failure more."""
    request.axes_name = username  # type: ignore[attr-defined]
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)
    request.axes_locked_out = False  # type: ignore[attr-defined]


def answer(request: HttpRequest) -> HttpResponse:
    """Our own words in place of those that the lockout middleware would send."""
    request.axes_locked_out = False  # type: ignore[attr-defined]
    return problem(request, 429, code="sign-in.locked-out")
