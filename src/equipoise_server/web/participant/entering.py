"""Coming in with the study code and a mailed link; no password, and no word about who is known."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from equipoise.errors import (
    FormIncomplete,
    LinkInvalid,
    ProofRefused,
    TooManyRequests,
    UnknownRecord,
)
from equipoise_server.services.letters import links
from equipoise_server.services.outbox import demo_letters
from equipoise_server.services.own_pages.participant_login import ask_to_come_in, come_in
from equipoise_server.web.participant import frame
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.public_form import in_words, public_form, require_human, stamp
from equipoise_server.web.shared.rendering import render

REFUSED = (FormIncomplete, ProofRefused, TooManyRequests)


@public_form
def sign_in(page: Page) -> HttpResponse:
    """Ask for a link."""
    request = page.request
    code, address = request.POST.get("code", ""), request.POST.get("address", "")
    wrong = ""
    if request.method == "POST":
        try:
            require_human(request)
            ask_to_come_in(code, address, at=timezone.now())
        except REFUSED as refused:
            wrong = in_words(refused)
        else:
            return HttpResponseRedirect(reverse("participant:mailed"))
    context = {
        "code": code or request.GET.get("code", ""),
        "address": address or request.GET.get("address", ""),
        "wrong": wrong,
        "stamp": stamp(),
        "shown": demo_letters.people(),
    }
    return render(page, "participant/sign_in.html", context, status=400 if wrong else 200)


@open_page
def mailed(page: Page) -> HttpResponse:
    """Look into the letter box; the same whoever asked."""
    return render(page, "participant/mailed.html")


@public_form
def enter(page: Page, signed: str) -> HttpResponse:
    """Open one's pages with a mailed link, once: a button, as programs that look at mail open links."""
    try:
        links.read("me", signed)
        if page.request.method == "POST":
            frame.begin(page.request, come_in(signed, at=timezone.now()))
            return HttpResponseRedirect(reverse("participant:home"))
    except (LinkInvalid, UnknownRecord) as refused:
        answer = render(page, "participant/closed.html", {"code_of": refused.code}, status=410)
    else:
        answer = render(page, "participant/enter.html")
    answer["Cache-Control"], answer["Referrer-Policy"] = "no-store", "no-referrer"
    return answer


@open_page
def leave(page: Page) -> HttpResponse:
    """Sign out; the browser forgets what it kept, too."""
    frame.end(page.request)
    answer = HttpResponseRedirect(reverse("participant:sign-in"))
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


sign_out = require_POST(leave)
