"""Signing in and out, and the first PIN."""

from __future__ import annotations

import json
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from equipoise.errors import EquipoiseError
from equipoise_server.allocator import asking, proof, register_names
from equipoise_server.allocator.asking import Secret
from equipoise_server.unblinded import devices, frame, keys, pins, words
from equipoise_server.unblinded.frame import Desk, page, render

LOGINS = "unblinded-logins.json"
_HOMES = ("worklist", "journal", "board", "report", "reveal")


def first_page(here: Desk) -> str:
    """Where a person begins."""
    roles = set(here.person.roles) if here.person else set()
    if "pharmacist" not in roles and "unblinded monitor" in roles:
        return "accountability"
    return next((name for name in _HOMES if roles & set(frame.ROLES[name])), "sign-in")


@page
def home(here: Desk) -> HttpResponse:
    """Lead a person to their own first page."""
    return HttpResponseRedirect(reverse(first_page(here)))


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
@page
def sign_in(here: Desk) -> HttpResponse:
    """Name, and PIN or passkey."""
    posted = here.request.POST
    if here.request.method == "GET":
        return _form(here, here.request.GET.get("as", ""))
    name = posted.get("person", "").strip()
    try:
        signed = devices.signed(posted)
        if signed is not None:
            keys.enter_by_passkey(here.request, name, posted.get("draw", "")[:64], signed)
        elif devices.ASKED in posted:
            return _ask_device(here, name)
        else:
            keys.enter(here.request, Secret(person=name, kind="pin", typed=posted.get("pin", "")))
    except EquipoiseError as problem:
        return _form(here, name, problem)
    return HttpResponseRedirect(_next(here))


def _ask_device(here: Desk, name: str) -> HttpResponse:
    draw = token_hex(16)
    kept = {"person": name, "draw": draw, "next": here.request.POST.get("next", "")}
    return devices.confirm(here, "enter", keys.about_entering(name, draw), kept, "sign-in")


def _form(here: Desk, name: str, problem: EquipoiseError | None = None) -> HttpResponse:
    offered = demo_logins(here)
    chosen = next((one for one in offered if one["username"] == name), None)
    context = {
        "name": name,
        "pin": chosen["pin"] if chosen else "",
        "logins": offered,
        "next": here.request.GET.get("next") or here.request.POST.get("next", ""),
        "made": here.request.GET.get("made") == devices.ASKED,
        "problem": frame.sentence(problem) if problem else None,
    }
    status = frame.status_of(problem) if problem else 200
    return render(here, "unblinded/sign_in.html", context, status=status)


def demo_logins(here: Desk) -> list[dict[str, Any]]:
    """The PINs of a demonstration; none for a live trial."""
    file = Path(settings.EQUIPOISE_DIR) / LOGINS
    if here.trial is None or not here.trial.demo or not file.is_file():
        return []
    listed = json.loads(file.read_text(encoding="utf-8"))
    return [{**one, "role_words": words.ROLES.get(one["role"], one["role"])} for one in listed]


def _next(here: Desk) -> str:
    wanted = here.request.POST.get("next", "")
    known = {here.request.get_host()}
    if wanted and url_has_allowed_host_and_scheme(wanted, known, here.request.is_secure()):
        return wanted
    return reverse("home")


@require_POST
@page
def sign_out(here: Desk) -> HttpResponse:
    """End the session here and at the allocator."""
    if here.person is not None:
        try:
            here.person.ask("leave", {})
        except EquipoiseError:
            frame.log.warning("a session could not be ended at the allocator; it lapses")
    keys.forget(here.request)
    return HttpResponseRedirect(reverse("sign-in"))


@sensitive_post_parameters("code", "pin", "again")
@require_http_methods(["GET", "POST"])
@page
def first_pin(here: Desk) -> HttpResponse:
    """Set a PIN with the one-time code from the keeper of the vault."""
    posted = here.request.POST
    if here.request.method == "GET":
        return render(here, "unblinded/first_pin.html", {"name": ""})
    name, pin = posted.get("person", "").strip(), posted.get("pin", "")
    if pin != posted.get("again", ""):
        return _first_pin_again(here, name, None)
    try:
        _set_pin(name, posted.get("code", ""), pin)
        keys.enter(here.request, Secret(person=name, kind="pin", typed=pin))
    except EquipoiseError as problem:
        return _first_pin_again(here, name, problem)
    return HttpResponseRedirect(reverse("home"))


def _first_pin_again(here: Desk, name: str, problem: EquipoiseError | None) -> HttpResponse:
    context = {
        "name": name,
        "differ": problem is None,
        "problem": frame.sentence(problem) if problem else None,
    }
    status = frame.status_of(problem) if problem else 409
    return render(here, "unblinded/first_pin.html", context, status=status)


def _set_pin(name: str, code: str, pin: str) -> None:
    pins.require_fit(pin, name)
    salt = register_names.new_salt()
    about = {"salt": salt, "public_key": proof.public(proof.key_from(pin, salt))}
    typed = register_names.plain(code)
    asking.with_secret(Secret(person=name, kind="code", typed=typed), "enrol", about)
