"""The unblinded monitor's pages: accountability, preparations, the vault's journal."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from equipoise.protocol.forms import Item
from equipoise_server.unblinded import words
from equipoise_server.unblinded.frame import Desk, page_for, render

TOLD = ("revealed", "revealed for a report", "letters opened", "limit raised", "refused")
SHOWN = 200


_NAMED = {"verb": words.ASKED_FOR, "role": words.ROLES, "decision": words.DECISIONS}


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
    items = {item.id: item for item in found.items()} if found else {}
    return [
        (
            items[name].text.say(here.language) if name in items else name,
            _said(here, items.get(name), value),
        )
        for name, value in document.items()
    ]


def _said(here: Desk, item: Item | None, value: object) -> str:
    """One answer in the words of the form: a code by its text, an instant on its own clock."""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if item is None or value is None:
        return str(value)
    if item.type == "datetime":
        return f"{datetime.fromisoformat(str(value)):%Y-%m-%d %H:%M UTC%z}"
    lists = (one for one in here.study.protocol.code_lists if one.id == item.codes)
    texts = {one.code: one.text.say(here.language) for codes in lists for one in codes.codes}
    said = texts.get(str(value), str(value))
    return f"{said} {item.unit}" if item.unit else said


@page_for("journal")
def journal(here: Desk) -> HttpResponse:
    """Who was told what, when and why; never what it was."""
    everything = here.request.GET.get("all") == "1"
    rows = [
        {
            **row,
            "at": datetime.fromisoformat(row["at"]),
            "words": words.ACTS.get(row["what"], row["what"]),
            "detail": _detail(row["payload"], row["by"]),
        }
        for row in here.me.ask("journal", {})
        if everything or row["what"] in TOLD
    ]
    return render(here, "unblinded/journal.html", {"rows": rows[:SHOWN], "all": everything})


def _detail(payload: dict[str, Any], by: str) -> str:
    shown = {name: value for name, value in payload.items() if name not in _LEFT_OUT}
    if shown.get("person") == by:
        del shown["person"]
    return "; ".join(
        f"{words.DETAILS.get(name, name)}: {_listed(name, value)}" for name, value in shown.items()
    )


_LEFT_OUT = ("public_key", "digest", "cut")


def _listed(name: str, value: object) -> str:
    if name in _NAMED:
        return str(_NAMED[name].get(str(value), value))
    if isinstance(value, list):
        return ", ".join(map(str, value[:4])) + (" …" if len(value) > 4 else "")
    return str(value)
