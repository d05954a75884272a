"""The same document on the person's own device, behind a signed link that was mailed."""

from __future__ import annotations

from django.http import HttpResponse

from equipoise.errors import LinkInvalid, UnknownRecord
from equipoise_server.services.consenting.consent_talk import talk_of
from equipoise_server.services.letters import links
from equipoise_server.web.consent.reading import reading
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.public_form import public_form
from equipoise_server.web.shared.rendering import render


@public_form
def read(page: Page, signed: str) -> HttpResponse:
    """Read, answer, ask and sign; the link is the key, and ends after seven days."""
    try:
        talk = talk_of(links.read("consent", signed))
    except (LinkInvalid, UnknownRecord) as refused:
        answer = render(page, "consent/closed.html", {"code_of": refused.code}, status=410)
    else:
        if talk.row.ended_at is not None or talk.row.mode != "remote":
            answer = render(page, "consent/closed.html", {"outcome": talk.row.outcome})
        else:
            answer = reading(page, talk, remote=True)
    answer["Cache-Control"], answer["Referrer-Policy"] = "no-store", "same-origin"
    return answer
