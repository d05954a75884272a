"""The tablet in the person's hands: one conversation and nothing else.

Handing it over ends the session of the staff. What is left in the browser opens this one page,
so neither the address bar nor the way back leads anywhere else. Whoever takes the tablet back
gives password and second factor, and signs with that.
"""

from __future__ import annotations

from time import time

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise.errors import UnknownRecord
from equipoise_server.services.access import fresh_factor
from equipoise_server.services.consenting.consent_sign import purpose
from equipoise_server.services.consenting.consent_talk import Talk, talk_of
from equipoise_server.store.models import User
from equipoise_server.web.consent.reading import reading
from equipoise_server.web.shared import lockout, pending, proof
from equipoise_server.web.shared.factor_pages import factor_given
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.public_form import readable
from equipoise_server.web.shared.rendering import render

IDLE_SECONDS = 60 * 60
_KEY = "tablet"


def hand_over(request: HttpRequest, talk: Talk, by: User) -> HttpResponse:
    """End the session of the staff; from now on this browser opens the conversation alone."""
    request.session.flush()
    request.session[_KEY] = {"talk": talk.row.token, "by": by.username, "seen": int(time())}
    answer = HttpResponseRedirect(reverse("consent:tablet"))
    answer["Clear-Site-Data"] = '"cache"'
    return answer


def _held(request: HttpRequest) -> tuple[Talk, str] | None:
    """The conversation of this tablet and who handed it over; None where it is over."""
    kept = request.session.get(_KEY)
    if not kept or time() - kept["seen"] > IDLE_SECONDS:
        return None
    try:
        talk = talk_of(kept["talk"])
    except UnknownRecord:
        return None
    request.session[_KEY] = {**kept, "seen": int(time())}
    return talk, kept["by"]


def _private(answer: HttpResponse) -> HttpResponse:
    patch_cache_control(answer, private=True, no_store=True)
    answer["Referrer-Policy"] = "same-origin"
    return answer


@require_http_methods(["GET", "POST"])
@open_page
@readable
def read(page: Page) -> HttpResponse:
    """Read, answer, ask and sign, in the hands of the person."""
    found = _held(page.request)
    if found is None:
        return _private(render(page, "consent/tablet_over.html", status=410))
    talk, by = found
    if talk.row.ended_at is not None:
        return _private(_back(page, talk, by))
    return _private(reading(page, talk, remote=False))


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
@open_page
@readable
def take_back(page: Page) -> HttpResponse:
    """Back to the staff: password and second factor open their pages again."""
    found = _held(page.request)
    if found is None:
        raise Http404
    talk, by = found
    if page.request.method == "POST":
        name = page.request.POST.get("username", "").strip()[:150]
        if lockout.closed(page.request, name):
            return lockout.answer(page.request)
        user = User.objects.filter(username=name, is_active=True).first()
        factor = _proved(page, user) if user is not None else ""
        if user is not None and factor:
            return _private(_open_again(page, talk, user, factor))
        lockout.count(page.request, name)
        return _private(_back(page, talk, name or by, wrong=True))
    return _private(_back(page, talk, by))


def _proved(page: Page, user: User) -> str:
    """The kind of second factor that was given with the right password; "" for none."""
    right = user.check_password(page.request.POST.get("password", ""))
    return factor_given(page, user) if right else ""


def _open_again(page: Page, talk: Talk, user: User, factor: str) -> HttpResponse:
    """The staff's session begins anew; the factor counts for the signature that comes next."""
    pending.enter(page.request, user, factor=factor)
    if talk.row.signed_at is not None and talk.row.ended_at is None:
        about = purpose(talk.row.token)
        given = fresh_factor.grant(by=user, purpose=about, at=timezone.now())
        proof.keep(page.request, about, given)
    return HttpResponseRedirect(reverse("consent:sign", args=(talk.code, talk.row.token)))


def _back(page: Page, talk: Talk, name: str, *, wrong: bool = False) -> HttpResponse:
    user = User.objects.filter(username=name, is_active=True).first()
    context = {
        "talk": talk.row,
        "username": name,
        "prove": proof.fields_of(page, user) if user is not None else None,
        "wrong": wrong,
    }
    return render(page, "consent/tablet_back.html", context, status=403 if wrong else 200)
