"""Signing up, confirming, signing in, stopping. No password, and no word about who is known."""

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
from equipoise.exchange.topics import topics
from equipoise_server.services.letters import links
from equipoise_server.services.portal import consent_texts
from equipoise_server.services.portal.count_public import count_public
from equipoise_server.services.portal.enter import enter as open_with
from equipoise_server.services.portal.enter import stop_alerts
from equipoise_server.services.portal.sign_up import Wish, ask_to_enter, confirm, sign_up
from equipoise_server.web.shared import volunteer_session
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.public_form import in_words, public_form, require_human, stamp
from equipoise_server.web.shared.rendering import render

REFUSED = (FormIncomplete, ProofRefused, TooManyRequests)


def tree(language: str, chosen: tuple[str, ...] = ()) -> list[dict[str, object]]:
    """The categories as tick boxes, parents before children."""
    return [
        {
            "id": one.id,
            "title": one.say(language),
            "sub": bool(one.parent),
            "on": one.id in chosen,
        }
        for one in topics().values()
    ]


@public_form
def start(page: Page) -> HttpResponse:
    """Sign up: an address, fields, a rhythm, a name if one likes."""
    request = page.request
    if request.method != "POST":
        return _form(page, Wish(address=""), "")
    sent = request.POST
    wish = Wish(
        address=sent.get("address", ""),
        name=sent.get("name", ""),
        topics=tuple(sent.getlist("topic")[:100]),
        rhythm=sent.get("rhythm", ""),
        consents=tuple(one for one in ("alerts", "keep") if sent.get(one) == "yes"),
        language=page.language,
    )
    try:
        require_human(request)
        sign_up(wish, at=timezone.now())
    except REFUSED as refused:
        return _form(page, wish, in_words(refused))
    count_public("sign-up", on=timezone.now().date())
    return HttpResponseRedirect(f"{reverse('volunteer:mailed')}?for=confirm")


def _form(page: Page, wish: Wish, wrong: str) -> HttpResponse:
    context = {
        "wish": wish,
        "tree": tree(page.language, wish.topics),
        "alerts": consent_texts.say("alerts", page.language),
        "keep": consent_texts.say("keep", page.language),
        "wrong": wrong,
        "stamp": stamp(),
        "inside": volunteer_session.volunteer_of(page.request) is not None,
    }
    return render(page, "volunteer/start.html", context, status=400 if wrong else 200)


@open_page
def mailed(page: Page) -> HttpResponse:
    """Look into the letter box; the same whoever asked."""
    confirming = page.request.GET.get("for") == "confirm"
    return render(page, "volunteer/mailed.html", {"confirming": confirming})


@public_form
def sign_in(page: Page) -> HttpResponse:
    """Ask for a link to one's own pages."""
    request = page.request
    address = request.POST.get("address", "")
    wrong = ""
    if request.method == "POST":
        try:
            require_human(request)
            ask_to_enter(address, page.language, at=timezone.now())
        except REFUSED as refused:
            wrong = in_words(refused)
        else:
            return HttpResponseRedirect(reverse("volunteer:mailed"))
    context = {"address": address, "wrong": wrong, "stamp": stamp()}
    return render(page, "volunteer/sign_in.html", context, status=400 if wrong else 200)


@public_form
def confirming(page: Page, signed: str) -> HttpResponse:
    """Confirm an address: a button, as programs that look at mail also open links."""
    return _linked(page, "confirm", signed)


@public_form
def enter(page: Page, signed: str) -> HttpResponse:
    """Open one's own pages with a mailed link, once."""
    return _linked(page, "enter", signed)


def _linked(page: Page, purpose: str, signed: str) -> HttpResponse:
    try:
        links.read(purpose, signed)
        if page.request.method == "POST":
            at = timezone.now()
            token = confirm(signed, at=at) if purpose == "confirm" else open_with(signed, at=at)
            volunteer_session.begin(page.request, token)
            return HttpResponseRedirect(reverse("volunteer:space"))
    except (LinkInvalid, UnknownRecord) as refused:
        answer = render(page, "volunteer/link_invalid.html", {"code": refused.code}, status=410)
    else:
        answer = render(page, "volunteer/open.html", {"purpose": purpose})
    answer["Cache-Control"], answer["Referrer-Policy"] = "no-store", "no-referrer"
    return answer


@public_form
def stop(page: Page, signed: str) -> HttpResponse:
    """Stop all alerts: a button, and what mail programs send for one click."""
    try:
        links.read("stop", signed)
        if page.request.method == "POST":
            stop_alerts(signed, at=timezone.now())
    except LinkInvalid as refused:
        return render(page, "volunteer/link_invalid.html", {"code": refused.code}, status=410)
    stopped = page.request.method == "POST"
    return render(page, "volunteer/stop.html", {"stopped": stopped})


@open_page
def leave(page: Page) -> HttpResponse:
    """Sign out."""
    volunteer_session.end(page.request)
    return HttpResponseRedirect(reverse("public:study"))


sign_out = require_POST(leave)
