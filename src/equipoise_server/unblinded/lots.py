"""Lots: the list, one lot with its certificate and history, and the steps that a lot can take."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise.errors import EquipoiseError, ReasonRequired
from equipoise_server.allocator import asking
from equipoise_server.allocator.asking import Secret
from equipoise_server.unblinded import certificates, devices, frame
from equipoise_server.unblinded.frame import Desk, page_for, render

STEPS: dict[str, str | Promise] = {
    "release_lot": _("Release"),
    "quarantine_lot": _("Put in quarantine"),
    "lift_quarantine": _("Lift the quarantine"),
    "recall_lot": _("Recall"),
}
NEXT: dict[str, tuple[str, ...]] = {
    "made": ("quarantine_lot", "recall_lot"),
    "certified": ("release_lot", "quarantine_lot", "recall_lot"),
    "released": ("quarantine_lot", "recall_lot"),
    "quarantined": ("lift_quarantine", "recall_lot"),
    "recalled": (),
}
"""Which steps are offered where a lot stands. Whether one may be taken the allocator says."""
STATUS: dict[str, tuple[str, str, str | Promise]] = {
    "made": ("ring", "plain", _("made")),
    "certified": ("document", "info", _("certified")),
    "released": ("check", "good", _("released")),
    "quarantined": ("lock", "warn", _("in quarantine")),
    "recalled": ("dash", "bad", _("recalled")),
}
HISTORY: dict[str, str | Promise] = {
    "make": _("made"),
    "certify": _("certified"),
    "release": _("released"),
    "quarantine": _("put in quarantine"),
    "lift": _("quarantine lifted"),
    "recall": _("recalled"),
}


@page_for("lots")
def lots(here: Desk) -> HttpResponse:
    """Every lot with its product, its state and how many kits carry it."""
    rows = [_row(here, one) for one in here.me.ask("lots", {})]
    return render(here, "unblinded/lots.html", {"rows": rows})


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
@page_for("lots")
def lot(here: Desk, code: str) -> HttpResponse:
    """One lot; a step needs a reason and the PIN."""
    problem: EquipoiseError | None = None
    if here.request.method == "POST":
        try:
            if devices.ASKED in here.request.POST:
                return _ask_device(here, code)
            _take(here, code)
        except EquipoiseError as refusal:
            problem = refusal
        else:
            return HttpResponseRedirect(reverse("lot", args=[code]))
    found = here.me.ask("lot", {"lot": code})
    context = {
        "lot": _row(here, found),
        "certificate": [certificates.row(one, here.language) for one in found["certificate"]],
        "history": [
            {
                **one,
                "at": datetime.fromisoformat(one["at"]),
                "words": HISTORY.get(one["what"], one["what"]),
            }
            for one in found["history"]
        ],
        "steps": [(name, STEPS[name]) for name in NEXT[found["status"]]],
        "reason": here.request.POST.get("reason", ""),
        "problem": frame.sentence(problem) if problem else None,
    }
    status = frame.status_of(problem) if problem else 200
    return render(here, "unblinded/lot.html", context, status=status)


def _step(here: Desk, code: str) -> tuple[str, dict[str, str]]:
    posted = here.request.POST
    reason, step = posted.get("reason", "").strip()[:500], posted.get("step", "")
    if not reason or step not in STEPS:
        raise ReasonRequired("A step of a lot")
    return step, {"lot": code, "reason": reason}


def _take(here: Desk, code: str) -> None:
    step, about = _step(here, code)
    signed = devices.signed(here.request.POST)
    if signed is not None:
        asking.with_passkey(here.me.name, step, about, signed)
        return
    typed = here.request.POST.get("pin", "")
    asking.with_secret(Secret(person=here.me.name, kind="pin", typed=typed), step, about)


def _ask_device(here: Desk, code: str) -> HttpResponse:
    step, about = _step(here, code)
    kept = {"person": here.me.name, "step": step, "reason": about["reason"]}
    return devices.confirm(here, step, about, kept, "lots")


def _row(here: Desk, found: dict[str, Any]) -> dict[str, Any]:
    icon, tone, label = STATUS.get(found["status"], ("ring", "plain", found["status"]))
    made = {one.id: one for one in here.study.protocol.products}
    product = made.get(found["product"])
    return {
        **found,
        "badge": {"icon": icon, "tone": tone, "label": label},
        "product": product.title.say(here.language) if product else found["product"],
    }
