"""A person's own account: second factors, recovery codes, password."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from equipoise.errors import EquipoiseError, NotPermitted, UnknownRecord
from equipoise_server.services.access import fresh_factor, second_factor
from equipoise_server.services.access.change_password import change_password
from equipoise_server.store.models import User
from equipoise_server.web.shared import pending, proof
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.factor_pages import let_enrol
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render

PURPOSE = "change how you sign in"


def viewer(page: Page) -> User:
    """The person who is signed in."""
    if page.viewer.user is None:
        raise NotPermitted("open this page", "somebody who is signed in")
    return page.viewer.user


@page_for("signed in")
def me(page: Page) -> HttpResponse:
    """What one signs in with."""
    return _account(page)


def _account(page: Page, *, error: EquipoiseError | None = None, **more: Any) -> HttpResponse:
    held = Authenticator.objects.filter(user=viewer(page)).order_by("created_at")
    codes = next((one.wrap() for one in held if one.type == second_factor.RECOVERY), None)
    context = {
        "factors": [one for one in held if one.type != second_factor.RECOVERY],
        "codes_left": len(codes.get_unused_codes()) if codes else 0,
        "prove": proof.prove_fields(page),
        "error": error,
        "done": page.request.GET.get("done", ""),
        **more,
    }
    status = status_of(error) if error else 409 if more.get("weak") else 200
    return render(page, "people/me.html", context, status=status)


@sensitive_post_parameters()
@require_POST
@page_for("signed in")
def factors(page: Page) -> HttpResponse:
    """Add or remove a second factor, or renew the recovery codes; needs a fresh proof."""
    user, now = viewer(page), timezone.now()
    wanted = page.request.POST.get("act", "")
    try:
        _spend(page, user)
        if wanted == "add":
            let_enrol(page.request)
            return HttpResponseRedirect(reverse("shared:enrol"))
        if wanted == "codes":
            codes = second_factor.renew_codes(user, at=now)
            return render(page, "people/codes.html", {"codes": codes, "then": reverse("people:me")})
        if not wanted.isdecimal():
            raise UnknownRecord("that second factor")
        second_factor.remove(user, int(wanted), at=now)
    except EquipoiseError as error:
        return _account(page, error=error)
    return HttpResponseRedirect(reverse("people:me") + "?done=removed")


@sensitive_post_parameters()
@require_POST
@page_for("signed in")
def password(page: Page) -> HttpResponse:
    """Change the password; every other session of the person ends."""
    user, asked = viewer(page), page.request.POST
    fresh = asked.get("new", "")
    try:
        validate_password(fresh, user)
        if fresh != asked.get("again"):
            raise ValidationError("", code="differs")
        given = proof.prove(page, PURPOSE, at=timezone.now())
        change_password(user=user, password=fresh, proof=given, purpose=PURPOSE, at=timezone.now())
    except ValidationError as problem:
        return _account(page, weak=problem.messages, differs=fresh != asked.get("again"))
    except EquipoiseError as error:
        return _account(page, error=error)
    pending.enter(page.request, user, factor="changed")
    return HttpResponseRedirect(reverse("people:me") + "?done=password")


def _spend(page: Page, user: User) -> None:
    from django.db import transaction

    now = timezone.now()
    given = proof.prove(page, PURPOSE, at=now)
    with transaction.atomic():
        fresh_factor.consume(by=user, proof=given, purpose=PURPOSE, at=now)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
@page_for("signed in")
def confirm(page: Page) -> HttpResponse:
    """Ask for password and second factor for one act, then lead back to it."""
    asked = page.request.POST if page.request.method == "POST" else page.request.GET
    purpose, back = asked.get("purpose", ""), asked.get("next", "")
    here = {page.request.get_host()}
    if not 0 < len(purpose) <= fresh_factor.LONGEST_PURPOSE:
        raise UnknownRecord("an act to confirm")
    if not url_has_allowed_host_and_scheme(back, here, page.request.is_secure()):
        back = reverse("shared:home")
    error: EquipoiseError | None = None
    if page.request.method == "POST":
        try:
            given = proof.prove(page, purpose, at=timezone.now())
        except NotPermitted as refusal:
            error = refusal
        else:
            proof.keep(page.request, purpose, given)
            return HttpResponseRedirect(back)
    context = {
        "purpose": purpose, "next": back, "prove": proof.prove_fields(page), "error": error,
    }  # fmt: skip
    return render(page, "people/confirm.html", context, status=status_of(error) if error else 200)
