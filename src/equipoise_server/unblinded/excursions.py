"""Temperatures outside the storage condition: told by one person, decided by another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise.errors import EquipoiseError, OutOfOrder, say
from equipoise_server.allocator import asking
from equipoise_server.allocator.asking import Secret
from equipoise_server.store.queries import trial as trials
from equipoise_server.unblinded import devices, frame
from equipoise_server.unblinded.frame import Desk, page_for, render

PLACES = ("site", "batch", "consignment")
DECISIONS = {"use": _("Kits may be used"), "destroy": _("To be destroyed")}


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
@page_for("lots")
def excursions(here: Desk) -> HttpResponse:
    """Every excursion; a new one; the decision on one."""
    problem = None
    if here.request.method == "POST":
        try:
            answer = _act(here)
        except EquipoiseError as refusal:
            problem = refusal
        else:
            return answer or HttpResponseRedirect(reverse("excursions"))
    rows = [_row(one) for one in here.me.ask("excursions", {})]
    context = {
        "rows": rows,
        "open": [one for one in rows if not one["decision"]],
        "sites": [(one.code, one.name.get(here.language, one.code)) for one in trials.sites()],
        "batches": [one["batch"] for one in here.me.ask("batches", {})],
        "decisions": list(DECISIONS.items()),
        "given": here.request.POST,
        "problem": frame.sentence(problem) if problem else None,
    }
    status = frame.status_of(problem) if problem else 200
    return render(here, "unblinded/excursions.html", context, status=status)


def _act(here: Desk) -> HttpResponse | None:
    if "decide" not in here.request.POST:
        here.me.ask("report_excursion", _reported(here))
        return None
    about = {name: _text(here, name) for name in ("excursion", "decision", "reason")}
    if devices.ASKED in here.request.POST:
        kept = {"person": here.me.name, "decide": "1", **about}
        return devices.confirm(here, "decide_excursion", about, kept, "excursions")
    signed = devices.signed(here.request.POST)
    if signed is not None:
        asking.with_passkey(here.me.name, "decide_excursion", about, signed)
        return None
    secret = Secret(person=here.me.name, kind="pin", typed=here.request.POST.get("pin", ""))
    asking.with_secret(secret, "decide_excursion", about)
    return None


def _reported(here: Desk) -> dict[str, Any]:
    """What was exposed, from when to when on the clock of the site (UTC elsewhere), how far."""
    kind, _sep, name = _text(here, "place").partition(":")
    zones = {one.code: one.timezone for one in trials.sites()}
    zone = ZoneInfo(zones[name]) if kind == "site" and name in zones else UTC
    return {
        **{place: name if place == kind else "" for place in PLACES},
        "began": _moment(here, "began", zone),
        "ended": _moment(here, "ended", zone),
        "lowest": _degrees(here, "lowest"),
        "highest": _degrees(here, "highest"),
    }


def _moment(here: Desk, name: str, zone: Any) -> str:
    typed = _text(here, name)
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone).isoformat()
    except ValueError as problem:
        raise OutOfOrder(
            "The excursion", say("{typed} is no date and time", typed=repr(typed))
        ) from problem


def _degrees(here: Desk, name: str) -> float:
    typed = _text(here, name)
    try:
        return float(typed)
    except ValueError as problem:
        raise OutOfOrder(
            "The excursion", say("{typed} is no temperature", typed=repr(typed))
        ) from problem


def _text(here: Desk, name: str) -> str:
    return str(here.request.POST.get(name, "")).strip()[:500]


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        "place": one["site"] or one["batch"] or one["consignment"],
        "began": datetime.fromisoformat(one["began"]),
        "ended": datetime.fromisoformat(one["ended"]),
        "words": DECISIONS.get(one["decision"], ""),
    }
