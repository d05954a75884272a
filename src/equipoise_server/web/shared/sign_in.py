"""Signing in and out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from equipoise_server.store.models import User
from equipoise_server.web.shared import session
from equipoise_server.web.shared.errors import problem
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.words import ROLES

LOGINS = "logins.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """A login that a demonstration shows to everybody."""

    username: str
    password: str
    role: str | Promise
    site: str


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
        )
        for one in json.loads(file.read_text(encoding="utf-8"))
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@open_page
def sign_in(page: Page) -> HttpResponse:
    """The sign-in form; a good password leads to the person's first page."""
    request = page.request
    if request.method == "GET":
        return _form(page, request.GET.get("as", ""))
    if not AxesProxyHandler.is_allowed(request, _credentials(request)):
        return _locked_out(request)
    user = authenticate(request, **_credentials(request))
    if isinstance(user, User):
        session.begin(request, user)
        if page.moment.demo and "on" in request.POST:
            request.session["on"] = request.POST["on"]
        return HttpResponseRedirect(_next(request))
    if getattr(request, "axes_locked_out", False):
        return _locked_out(request)
    return _form(page, request.POST.get("username", ""), wrong=True)


def _credentials(request: HttpRequest) -> dict[str, str]:
    return {
        "username": request.POST.get("username", ""),
        "password": request.POST.get("password", ""),
    }


def _locked_out(request: HttpRequest) -> HttpResponse:
    """Our own words in place of those that the lockout middleware would send."""
    request.axes_locked_out = False  # type: ignore[attr-defined]
    return problem(request, 429, code="sign-in.locked-out")


def _form(page: Page, username: str, *, wrong: bool = False) -> HttpResponse:
    logins = demo_logins(page)
    chosen = next((one for one in logins if one.username == username), None)
    context = {
        "logins": logins,
        "username": username,
        "password": chosen.password if chosen else "",
        "wrong": wrong,
        "ended": "ended" in page.request.GET,
        "next": page.request.GET.get("next") or page.request.POST.get("next", ""),
    }
    return render(page, "shared/sign_in.html", context, status=403 if wrong else 200)


def _next(request: HttpRequest) -> str:
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
