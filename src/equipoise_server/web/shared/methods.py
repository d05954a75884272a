"""Which methods the pages take: looking and sending. Whatever else is asked changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

TAKEN = ("GET", "HEAD", "POST")
PROGRAMS = "/api/"
"""Where programs ask: their addresses name their own methods."""

Answer = Callable[[HttpRequest], HttpResponse]


def refuse_others(answer: Answer) -> Answer:
    """Answer 405 to every other method, before any view."""

    def asked(request: HttpRequest) -> HttpResponse:
        if request.method in TAKEN or request.path.startswith(PROGRAMS):
            return answer(request)
        return HttpResponseNotAllowed(TAKEN)

    return asked
