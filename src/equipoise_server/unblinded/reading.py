"""The unblinded monitor's pages: accountability, preparations, the vault's journal."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from equipoise_server.unblinded import words
from equipoise_server.unblinded.frame import Desk, page_for, render

TOLD = ("revealed", "revealed for a report", "limit raised", "refused")
SHOWN = 200


@page_for("accountability")
def accountability(here: Desk) -> HttpResponse:
    """Kits per site and product: what was sent is free, given or withdrawn."""
    sites: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in here.me.ask("accountability", {}):
        balanced = row["delivered"] == row["free"] + row["given"] + row["withdrawn"]
        sites[row["site"]].append(
            {**row, "product": here.product_text(row["arm"]), "balanced": balanced}
        )
    return render(here, "unblinded/accountability.html", {"sites": sorted(sites.items())})


@page_for("preparations")
def preparations(here: Desk) -> HttpResponse:
    """Records of preparation, newest first, with who prepared and who verified."""
    kept = here.me.ask("preparations", {})
    rows = [
        {
            **row,
            "at": datetime.fromisoformat(row["at"]),
            "form": _form_title(here, row["form"]),
            "answers": _answers(here, row["form"], row["document"]),
        }
        for row in kept[:SHOWN]
    ]
    return render(here, "unblinded/preparations.html", {"rows": rows, "total": len(kept)})


def _form_title(here: Desk, form: str) -> str:
    found = here.study.forms.get(form)
    return found.title.say(here.language) if found else form


def _answers(here: Desk, form: str, document: dict[str, Any]) -> list[tuple[str, str]]:
    """What was written, by the words of the form; the two names that the allocator entered last."""
    found = here.study.forms.get(form)
    texts = {item.id: item.text.say(here.language) for item in found.items()} if found else {}
    return [(texts.get(name, name), _said(value)) for name, value in document.items()]


def _said(value: object) -> str:
    return {True: "✓", False: "✗"}.get(value, str(value)) if isinstance(value, bool) else str(value)


@page_for("journal")
def journal(here: Desk) -> HttpResponse:
    """Who was told what, when and why; never what it was."""
    everything = here.request.GET.get("all") == "1"
    rows = [
        {
            **row,
            "at": datetime.fromisoformat(row["at"]),
            "words": words.ACTS.get(row["what"], row["what"]),
            "detail": _detail(row["payload"]),
        }
        for row in here.me.ask("journal", {})
        if everything or row["what"] in TOLD
    ]
    return render(here, "unblinded/journal.html", {"rows": rows[:SHOWN], "all": everything})


def _detail(payload: dict[str, Any]) -> str:
    left_out = ("public_key", "digest")
    shown = {name: value for name, value in payload.items() if name not in left_out}
    return "; ".join(f"{name}: {_listed(value)}" for name, value in shown.items())


def _listed(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value[:4])) + (" …" if len(value) > 4 else "")
    return str(value)
