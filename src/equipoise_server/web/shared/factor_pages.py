"""The second step of signing in, and enrolling a second factor."""

from __future__ import annotations

from time import time
from typing import Any

import segno
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from equipoise_server.services.access import second_factor
from equipoise_server.store import factors
from equipoise_server.store.models import User
from equipoise_server.web.shared import lockout, passkeys, pending
from equipoise_server.web.shared.page import Page, look, open_page
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.sign_in import demo_logins, next_of

_SECRET = "secret"  # noqa: S105 - the name of an entry of the session
_MAY_ENROL = "may-enrol-until"
ENROL_SECONDS = 10 * 60


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@open_page
def second_step(page: Page) -> HttpResponse:
    """The code of an app, a recovery code or a passkey, after the password."""
    request, waiting = page.request, pending.held(page.request)
    if waiting is None:
        return _again()
    user = waiting.user
    if request.method == "GET":
        return _second_form(page, user)
    if lockout.closed(request, user.username):
        return lockout.answer(request)
    factor = factor_given(page, user)
    if factor:
        pending.enter(request, user, factor=factor, on=waiting.on)
        return HttpResponseRedirect(waiting.then)
    lockout.count(request, user.username)
    if lockout.closed(request, user.username):
        return lockout.answer(request)
    return _second_form(page, user, wrong=True)


def factor_given(page: Page, user: User) -> str:
    """The kind of second factor that a form's `credential` or `code` proves; "" for none."""
    asked = page.request.POST
    if asked.get("credential"):
        return "webauthn" if passkeys.proved(asked["credential"], user) else ""
    once = page.trial is None or not page.trial.demo
    return second_factor.check(user, asked.get("code", ""), at=timezone.now(), once=once)


def shown_code(page: Page, user: User) -> str:
    """The code that a demonstration shows for one of its logins; "" in a live trial."""
    for one in demo_logins(page):
        if one.username == user.username and one.totp:
            return second_factor.code_at(one.totp, timezone.now())
    return ""


def _again() -> HttpResponse:
    return HttpResponseRedirect(reverse("shared:sign-in") + "?ended=1")


def _second_form(page: Page, user: User, *, wrong: bool = False) -> HttpResponse:
    kinds = second_factor.kinds(user)
    context = {
        "person": user,
        "app": second_factor.TOTP in kinds,
        "passkey": second_factor.PASSKEY in kinds and passkeys.can_use_passkeys(page.request),
        "shown": shown_code(page, user),
        "wrong": wrong,
    }
    return render(page, "people/second_factor.html", context, status=403 if wrong else 200)


@require_POST
@open_page
def passkey_options(page: Page) -> HttpResponse:
    """What the browser's passkey ceremony needs, as JSON."""
    request = page.request
    if request.POST.get("make"):
        person = _enrolling(page)
        if person is None:
            raise Http404
        return passkeys.registration(person)
    waiting = pending.held(request)
    return passkeys.authentication(page.viewer.user or (waiting.user if waiting else None))


@require_POST
@open_page
def passkey_sign_in(page: Page) -> HttpResponse:
    """Sign in with a passkey alone: the device has verified the person, so it is two factors."""
    request = page.request
    person = passkeys.proved(request.POST.get("credential", ""), None)
    if person is None:
        return HttpResponseRedirect(reverse("shared:sign-in") + "?passkey=0")
    if lockout.closed(request, person.username):
        return lockout.answer(request)
    then, day = next_of(request), request.POST.get("on") if page.moment.demo else None
    pending.enter(request, person, factor="webauthn", on=day)
    return HttpResponseRedirect(then)


def let_enrol(request: HttpRequest) -> None:
    """Somebody signed in has proved anew who they are, and may add a factor for a while."""
    request.session[_MAY_ENROL] = int(time()) + ENROL_SECONDS


def _enrolling(page: Page) -> User | None:
    """Who may enrol a factor now: without one, after the password; else after a fresh proof."""
    if page.viewer.user is not None:
        allowed = int(page.request.session.get(_MAY_ENROL, 0)) > time()
        return page.viewer.user if allowed else None
    waiting = pending.held(page.request)
    if waiting is None or second_factor.kinds(waiting.user):
        return None
    return waiting.user


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@open_page
def enrol(page: Page) -> HttpResponse:
    """Add a second factor: an authenticator app or a passkey."""
    person = _enrolling(page)
    if person is None:
        signed_in = page.viewer.user is not None
        return HttpResponseRedirect(reverse("people:me")) if signed_in else _again()
    if page.request.method == "GET":
        return _enrol_form(page, person)
    return _enrolled(page, person)


def _enrolled(page: Page, person: User) -> HttpResponse:
    asked, at = page.request.POST, timezone.now()
    if asked.get("credential"):
        credential = passkeys.registered(asked["credential"])
        if credential is None:
            return _enrol_form(page, person, wrong="passkey")
        name = asked.get("name", "").strip() or _("Passkey")
        codes = second_factor.enrol_passkey(person, name, credential, at=at)
        return _welcome(page, person, "webauthn", codes)
    secret = _secret(page.request)
    if not second_factor.shows(secret, asked.get("code", ""), at=at):
        return _enrol_form(page, person, wrong="code")
    codes = second_factor.enrol_app(person, secret, at=at)
    page.request.session.pop(_SECRET, None)
    return _welcome(page, person, "totp", codes)


def _welcome(page: Page, person: User, factor: str, codes: tuple[str, ...]) -> HttpResponse:
    """Sign in whoever was not, and show the recovery codes, once."""
    waiting = pending.held(page.request)
    then = reverse("people:me")
    if page.viewer.user is None and waiting is not None:
        then = waiting.then
        pending.enter(page.request, person, factor=factor, on=waiting.on)
        page = look(page.request)
    page.request.session.pop(_MAY_ENROL, None)
    return render(page, "people/codes.html", {"codes": codes, "then": then})


def _secret(request: HttpRequest) -> str:
    kept = request.session.get(_SECRET)
    if kept:
        return factors.decrypt(kept)
    fresh = second_factor.new_secret()
    request.session[_SECRET] = factors.encrypt(fresh)
    return fresh


def _enrol_form(page: Page, person: User, *, wrong: str = "") -> HttpResponse:
    secret = _secret(page.request)
    url = factors.Adapter().build_totp_url(person, secret)
    context: dict[str, Any] = {
        "person": person,
        "has_app": second_factor.TOTP in second_factor.kinds(person),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": segno.make(url, error="m").svg_data_uri(scale=5, border=2),
        "passkeys": passkeys.can_use_passkeys(page.request),
        "wrong": wrong,
    }
    return render(page, "people/enrol.html", context, status=403 if wrong else 200)
