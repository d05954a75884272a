"""Signing in and out: name and password first, then a second factor, or a passkey for both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from equipoise_server.services.access import second_factor
from equipoise_server.store.models import User
from equipoise_server.web.shared import lockout, pending
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.passkeys import can_use_passkeys
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.words import ROLES

LOGINS = "logins.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """A login that a demonstration shows to everybody; `totp` is its second factor's secret."""

    username: str
    password: str
    role: str | Promise
    site: str
    totp: str


def demo_logins(page: Page) -> tuple[DemoLogin, ...]:
    """The logins of a demonstration, from its instance folder; none for a live trial."""
    file = Path(settings.EQUIPOISE_DIR) / LOGINS
    if page.trial is None or not page.trial.demo or not file.is_file():
        return ()
    return tuple(
        DemoLogin(
            username=one["username"],
            password=one["password"],
            role=ROLES.get(one["role"], one["role"]),
            site=one.get("site") or "",
            totp=one.get("totp", ""),
        )
        for one in json.loads(file.read_text(encoding="utf-8"))
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@open_page
def sign_in(page: Page) -> HttpResponse:
    """Name and password; they lead to the second factor, or to enrolling the first one."""
    request = page.request
    if request.method == "GET":
        return _form(page, request.GET.get("as", ""))
    name = request.POST.get("username", "")
    if lockout.closed(request, name):
        return lockout.answer(request)
    user = authenticate(request, username=name, password=request.POST.get("password", ""))
    if isinstance(user, User):
        pending.hold(request, user, then=next_of(request), on=_day(page))
        step = "second-factor" if second_factor.kinds(user) else "enrol"
        return HttpResponseRedirect(reverse(f"shared:{step}"))
    if lockout.closed(request, name):
        return lockout.answer(request)
    return _form(page, name, wrong=True)


def _day(page: Page) -> str | None:
    return page.request.POST.get("on") if page.moment.demo else None


def _form(page: Page, username: str, *, wrong: bool = False) -> HttpResponse:
    logins = demo_logins(page)
    chosen = next((one for one in logins if one.username == username), None)
    context = {
        "logins": logins,
        "username": username,
        "password": chosen.password if chosen else "",
        "wrong": wrong,
        "ended": "ended" in page.request.GET,
        "passkeys": can_use_passkeys(page.request),
        "next": page.request.GET.get("next") or page.request.POST.get("next", ""),
    }
    return render(page, "shared/sign_in.html", context, status=403 if wrong else 200)


def next_of(request: HttpRequest) -> str:
    """Where a person wanted to go: an address of this server, else their first page."""
    wanted = request.POST.get("next", "")
    here = {request.get_host()}
    if wanted and url_has_allowed_host_and_scheme(wanted, here, request.is_secure()):
        return wanted
    return reverse("shared:home")


@require_POST
@open_page
def sign_out(page: Page) -> HttpResponse:
    """End the session."""
    logout(page.request)
    return HttpResponseRedirect(reverse("public:study"))
