"""Passkeys: what a page has to ask of a browser, and what the browser sends back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise.errors import AssertionRefused, EquipoiseError
from equipoise_server.allocator import asking, passkeys, register_names
from equipoise_server.allocator.asking import Secret
from equipoise_server.unblinded import frame
from equipoise_server.unblinded.frame import Desk, page, render

ASKED = "passkey"
"""The button with which a form asks for a passkey instead of a PIN."""
_LONGEST = 8000


def signed(posted: Mapping[str, str]) -> dict[str, str] | None:
    """What a device has signed, with its nonce; None where the form carries none."""
    parts = ("nonce", *passkeys.PARTS)
    if not all(posted.get(part) for part in parts[1:]):
        return None
    return {part: str(posted.get(part, ""))[:_LONGEST] for part in parts}


def confirm(
    here: Desk, verb: str, about: Mapping[str, Any], kept: Mapping[str, str], back: str
) -> HttpResponse:
    """A page on which the person's device signs one request; `kept` goes with it again."""
    person = kept["person"]
    asked = asking.challenged(person, verb, about)
    context = {**asked, "name": person, "kept": list(kept.items()), "back": back}
    return render(here, "unblinded/confirm.html", context)


@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
@page
def first_passkey(here: Desk) -> HttpResponse:
    """Make a passkey: with the one-time code from the keeper of the vault, or with the PIN."""
    if here.request.method == "GET":
        return _form(here, here.person.name if here.person else "", None)
    name = here.request.POST.get("person", "").strip()
    try:
        _keep(here, name)
    except EquipoiseError as problem:
        return _form(here, name, problem)
    return HttpResponseRedirect(f"{reverse('sign-in')}?made=passkey")


def _keep(here: Desk, name: str) -> None:
    posted = here.request.POST
    try:
        site = here.request.get_host().partition(":")[0]
        about = passkeys.made(posted.get("attestation", "")[:_LONGEST], site)
    except ValueError as problem:
        raise AssertionRefused from problem
    kind, typed = posted.get("kind", "code"), posted.get("secret", "")
    if kind == "code":
        typed = register_names.plain(typed)
    secret = Secret(person=name, kind="code" if kind == "code" else "pin", typed=typed)
    asking.with_secret(secret, "enrol passkey", about)


def _form(here: Desk, name: str, problem: EquipoiseError | None) -> HttpResponse:
    context = {
        "name": name,
        "kind": here.request.POST.get("kind", "pin" if here.person else "code"),
        "problem": frame.sentence(problem) if problem else None,
    }
    status = frame.status_of(problem) if problem else 200
    return render(here, "unblinded/first_passkey.html", context, status=status)
