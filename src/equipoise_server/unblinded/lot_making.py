"""Entering a lot and its certificate, packing lots into batches, sending kits to sites."""

from __future__ import annotations

from secrets import token_hex
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from equipoise.errors import EquipoiseError, OutOfOrder, say
from equipoise_server.store.queries import trial as trials
from equipoise_server.unblinded import certificates, frame
from equipoise_server.unblinded.frame import Desk, page_for, render

LONGEST = 200
_REMEMBERED = 50


@require_http_methods(["GET", "POST"])
@page_for("lots")
def new_lot(here: Desk) -> HttpResponse:
    """Enter a production lot with its dates and papers."""
    posted, problem = here.request.POST, None
    given = {name: _text(here, name) for name in _OF_LOT}
    if here.request.method == "POST":
        try:
            here.me.ask("make_lot", given)
        except EquipoiseError as refusal:
            problem = refusal
        else:
            return HttpResponseRedirect(reverse("certificate", args=[given["lot"]]))
    products = [(one.id, one.title.say(here.language)) for one in here.study.protocol.products]
    fields = [
        _field("lot", _("Lot"), posted),
        {**_field("product", _("Product"), posted), "options": products},
        {**_field("made_on", _("Made on"), posted), "input": "date"},
        {**_field("expires_on", _("Expires on"), posted), "input": "date"},
        _field("scale", _("Scale of production"), posted, needed=False),
        _field("passage", _("Passage of the cells"), posted, needed=False),
        _field("storage", _("Storage"), posted, needed=False),
    ]
    context = {"heading": _("Enter a lot"), "fields": fields, "button": _("Enter the lot")}
    return _form(here, context, problem)


_OF_LOT = ("lot", "product", "made_on", "expires_on", "scale", "passage", "storage")


@require_http_methods(["GET", "POST"])
@page_for("lots")
def certificate(here: Desk, code: str) -> HttpResponse:
    """Enter results of the release tests; what is left empty stays as it is."""
    found = here.me.ask("lot", {"lot": code})
    rows = [certificates.row(one, here.language) for one in found["certificate"]]
    posted, problem = here.request.POST, None
    if here.request.method == "POST":
        try:
            results = _results(rows, posted)
            about = {"lot": code, "results": results, "reason": _text(here, "reason")}
            here.me.ask("certify_lot", about)
        except EquipoiseError as refusal:
            problem = refusal
        else:
            return HttpResponseRedirect(reverse("lot", args=[code]))
    fields = [
        {
            **_field(f"r.{one['id']}", one["title"], posted, needed=False),
            "hint": f"{_('Limit')}: {one['limit']}",
            "input": "number" if one["numbers"] else "text",
            "value": posted.get(f"r.{one['id']}", _typed_before(one)),
            "listed": [] if one["numbers"] else [one["limit"]],
        }
        for one in rows
    ]
    if any(one["written"] for one in rows):
        fields.append(_field("reason", _("Reason for the change"), posted))
    heading = f"{_('Certificate')} {code}"
    context = {"heading": heading, "fields": fields, "button": _("Save the certificate")}
    return _form(here, {**context, "back": reverse("lot", args=[code])}, problem)


def _typed_before(one: dict[str, Any]) -> str:
    """What the field shows of a result that is kept."""
    return str(
        one["limit"] if one["written"] and one["written"] == one["accept"] else one["written"]
    )


def _results(rows: list[dict[str, Any]], posted: Any) -> dict[str, float | str]:
    """What was typed and differs from what is kept."""
    found: dict[str, float | str] = {}
    for one in rows:
        typed = posted.get(f"r.{one['id']}", "").strip()[:LONGEST]
        if not one["numbers"] and typed == one["limit"]:
            typed = one["accept"]  # as the viewer's language says it
        if not typed or typed == one["written"]:
            continue
        try:
            found[one["id"]] = float(typed) if one["numbers"] else typed
        except ValueError as problem:
            raise OutOfOrder(
                say("The result of {name}", name=one["id"]),
                say("{typed} is no number", typed=repr(typed)),
            ) from problem
    return found


@require_http_methods(["GET", "POST"])
@page_for("lots")
def batches(here: Desk) -> HttpResponse:
    """Batches packed from one lot of each product, and the kits that were sent from them."""
    problem, sent = None, None
    if here.request.method == "POST":
        try:
            sent = _once(here, _pack if "pack" in here.request.POST else _consign)
        except EquipoiseError as refusal:
            problem = refusal
        else:
            if sent is None:
                return HttpResponseRedirect(reverse("batches"))
    released = [one for one in here.me.ask("lots", {}) if one["status"] == "released"]
    context = {
        "rows": here.me.ask("batches", {}),
        "products": [
            (
                one.id,
                one.title.say(here.language),
                [lot["lot"] for lot in released if lot["product"] == one.id],
            )
            for one in here.study.protocol.products
        ],
        "sites": [(one.code, one.name.get(here.language, one.code)) for one in trials.sites()],
        "usual": here.study.protocol.supply.consignment_shares,
        "sent": sent,
        "key": token_hex(8),
        "problem": frame.sentence(problem) if problem else None,
    }
    status = frame.status_of(problem) if problem else 200
    return render(here, "unblinded/batches.html", context, status=status)


def _once(here: Desk, act: Any) -> Any:
    """Do what a form asks, once: a second click on the same form does nothing more."""
    done = here.request.session.get("done", [])
    key = here.request.POST.get("key", "")
    if key in done:
        return None
    answer = act(here)
    here.request.session["done"] = [*done, key][-_REMEMBERED:]
    return answer


def _pack(here: Desk) -> None:
    lots = [_text(here, f"lot.{one.id}") for one in here.study.protocol.products]
    here.me.ask("pack", {"lots": [one for one in lots if one], "shares": _whole(here, "shares")})


def _consign(here: Desk) -> dict[str, Any]:
    site = _text(here, "site")
    codes = here.me.ask("consign", {"site": site, "shares": _whole(here, "shares")})
    return {"site": site, "kits": codes}


def _whole(here: Desk, name: str) -> int:
    typed = _text(here, name)
    if not typed.isdecimal() or len(typed) > 6:
        raise OutOfOrder("The number of shares", "it is no whole number")
    return int(typed)


def _text(here: Desk, name: str) -> str:
    return str(here.request.POST.get(name, "")).strip()[:LONGEST]


def _field(name: str, label: str, posted: Any, *, needed: bool = True) -> dict[str, Any]:
    return {
        "name": name,
        "id": quote(name, safe="").replace(".", "-"),
        "label": label,
        "input": "text",
        "needed": needed,
        "value": posted.get(name, ""),
    }


def _form(here: Desk, context: dict[str, Any], problem: EquipoiseError | None) -> HttpResponse:
    whole = {
        "back": reverse("lots"),
        **context,
        "problem": frame.sentence(problem) if problem else None,
    }
    status = frame.status_of(problem) if problem else 200
    return render(here, "unblinded/lot_form.html", whole, status=status)
