"""Refusals and failures as pages, in words and with their code. One table of HTTP answers."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from equipoise.errors import (
    Conflict,
    EquipoiseError,
    ExternalError,
    IntegrityError,
    NotPermitted,
    ProtocolError,
    Refused,
    TooManyRequests,
    said_of,
)
from equipoise_server.web.shared.page import look
from equipoise_server.web.shared.rendering import render

STATUS: dict[type[EquipoiseError], int] = {
    EquipoiseError: 500,
    ProtocolError: 422,
    Refused: 409,
    NotPermitted: 403,
    TooManyRequests: 429,
    Conflict: 409,
    IntegrityError: 500,
    ExternalError: 503,
}
"""HTTP status per error class; a class that is not named answers as its parent does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a page of refusal says."""

    title: str | Promise
    advice: str | Promise


_WORDS: dict[int, Problem] = {
    400: Problem(
        title=_("The request could not be read"),
        advice=_("Go back, reload the page and try again."),
    ),
    403: Problem(
        title=_("This is not open to you"),
        advice=_("If your work needs it, ask the trial office for the role."),
    ),
    404: Problem(
        title=_("There is nothing at this address"),
        advice=_("Check the code, or start from your first page."),
    ),
    409: Problem(
        title=_("This was not done"),
        advice=_("Nothing was changed. Read why, and go back."),
    ),
    422: Problem(
        title=_("The study folder is wrong"),
        advice=_("Its author can correct it. Nothing was changed."),
    ),
    429: Problem(
        title=_("Too many attempts"),
        advice=_("Wait 15 minutes before the next attempt, or ask the trial office."),
    ),
    500: Problem(
        title=_("Something is wrong here"),
        advice=_("Stop, keep what you see, and call the trial office."),
    ),
    503: Problem(
        title=_("This cannot be reached now"),
        advice=_("Try again in a few minutes. Nothing was half-written."),
    ),
}


def status_of(error: EquipoiseError | type[EquipoiseError]) -> int:
    """The HTTP status of an error: that of the nearest named class above it."""
    kind = error if isinstance(error, type) else type(error)
    return next(STATUS[one] for one in kind.__mro__ if one in STATUS)


def refused(request: HttpRequest, error: EquipoiseError) -> HttpResponse:
    """The page of an error that was raised on purpose."""
    return problem(request, status_of(error), code=error.code, sentence=said_of(error))


def problem(
    request: HttpRequest, status: int, *, code: str = "", sentence: str = ""
) -> HttpResponse:
    """A page that says what is wrong; plain where even the frame cannot be drawn."""
    said = {
        "problem": _WORDS.get(status, _WORDS[500]),
        "status": status,
        "code": code or f"http.{status}",
        "sentence": sentence,
    }
    try:
        return render(look(request), "shared/problem.html", said, status=status)
    except Exception:  # the frame itself is broken: say so without it
        return HttpResponse(render_to_string("shared/bare.html", said), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return problem(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return problem(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return problem(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    return problem(request, 500)
