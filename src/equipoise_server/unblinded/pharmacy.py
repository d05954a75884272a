"""The pharmacist's pages: what to prepare, and what the kits hold."""

from __future__ import annotations

from collections import Counter

from django.http import HttpResponse

from equipoise_server.unblinded import dues
from equipoise_server.unblinded.frame import Desk, page_for, render


@page_for("worklist")
def worklist(here: Desk) -> HttpResponse:
    """Preparations due, with the product of each kit."""
    day = dues.day_of(here.request, bool(here.trial and here.trial.demo))
    waiting = dues.due(here, here.me.held, day)
    codes = sorted({one.kit for one in waiting})
    holds = here.me.ask("worklist", {"kits": codes}) if codes else {}
    lots = here.me.ask("lots_of_kits", {}) if codes else {}
    rows = [
        {"due": one, "product": here.product_text(holds[one.kit]), "lot": lots.get(one.kit, "")}
        for one in waiting
        if one.kit in holds
    ]
    locked = here.trial is not None and here.trial.locked_at is not None
    context = {
        "rows": rows,
        "day": day,
        "prepares": "pharmacist" in here.me.roles and not locked,
        "done": here.request.GET.get("done", "")[:80],
    }
    return render(here, "unblinded/worklist.html", context)


@page_for("kits")
def kits(here: Desk) -> HttpResponse:
    """Every kit of a site and what it holds."""
    every = here.me.ask("kits", {})
    sites = sorted({kit["site"] for kit in every})
    wanted = here.request.GET.get("site", "")
    filled = [site for site in sites if site]
    chosen = wanted if wanted in sites and "site" in here.request.GET else next(iter(filled), "")
    lots = here.me.ask("lots_of_kits", {})
    shown = [
        {**kit, "product": here.product_text(kit["arm"]), "lot": lots.get(kit["code"], "")}
        for kit in every
        if kit["site"] == chosen
    ]
    free = Counter(kit["product"] for kit in shown if kit["valid"] and not kit["participant"])
    context = {"kits": shown, "sites": sites, "site": chosen, "free": sorted(free.items())}
    return render(here, "unblinded/kits.html", context)
