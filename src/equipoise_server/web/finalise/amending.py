"""Amendments: what changed, where it is in force; decisions of the safety board."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from equipoise.errors import AmendmentRefused
from equipoise_server.services.trial.activate_amendment import activate_amendment
from equipoise_server.services.trial.decide_board import decide_board, waiting
from equipoise_server.store import board as decisions
from equipoise_server.store.queries import trial
from equipoise_server.store.queries.finalising import AmendmentFacts, amendments
from equipoise_server.web.finalise.frame import attempt, frame
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.part import may
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import Badge, Words

CLASSES: dict[str, Badge] = {
    "needs-reconsent": Badge(icon="alert", label=_("people agree anew"), tone="bad"),
    "changes-meaning": Badge(icon="question", label=_("changes the meaning"), tone="warn"),
    "collects-more": Badge(icon="document", label=_("collects more"), tone="info"),
    "cosmetic": Badge(icon="check", label=_("words only"), tone="good"),
}
KINDS: dict[str, Words] = {
    "added": _("added"),
    "removed": _("removed"),
    "changed": _("changed"),
}
STEPS: dict[str, Words] = {
    "add": _("new item"),
    "retire": _("no longer asked"),
    "rename": _("another name"),
    "recode": _("other codes"),
    "convert": _("another unit"),
}
LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A rehearsal in figures; `rows`: estimand, method, power and its Monte Carlo error in per cent."""

    scenario: str
    effect: str
    trials: int
    participants: int
    days: int
    rows: tuple[tuple[str, str, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """One difference in words."""

    path: str
    kind: Words
    badge: Badge
    before: str
    after: str


@page_for("amendments")
def listing(page: Page) -> HttpResponse:
    """Every published version."""
    context = {**frame(page, "finalise:amendments"), "amendments": amendments()}
    return render(page, "finalise/amendments.html", context)


@require_http_methods(["GET", "POST"])
@page_for("amendments")
def amendment(page: Page, number: int) -> HttpResponse:
    """One version: its differences, how older records are read, the rehearsal, the sites."""
    found = next((one for one in amendments() if one.number == number), None)
    if found is None:
        raise Http404
    outcome = None
    if page.request.method == "POST":
        asked = page.request.POST
        outcome = attempt(
            page,
            lambda by, at, key: activate_amendment(
                found.digest,
                site=asked.get("site", ""),
                on=_day(asked.get("on", "")),
                by=by,
                at=at,
                key=key,
            ),
        )
        if outcome.error is None:
            here = reverse("finalise:amendment", args=(number,))
            return HttpResponseRedirect(here + "?done=activated")
    context = {
        **frame(page, "finalise:amendments", outcome),
        "one": found,
        "changes": [_change(one) for one in found.changes],
        "lenses": _lenses(found),
        "rehearsal": json.dumps(found.rehearsal, ensure_ascii=False, indent=1)[:4000],
        "rehearsed": _rehearsed(found.rehearsal),
        "by": trial.names().get(found.by, found.by),
        "sites": [
            (one.code, said(one.name, page.language), found.sites.get(one.code))
            for one in trial.sites()
        ],
        "may": may(page, "activate an amendment"),
        "today": page.moment.on,
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/amendment.html", context, status=status)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AmendmentRefused("the day is not a date such as 2026-03-31") from None


def _change(one: Mapping[str, Any]) -> ShownChange:
    return ShownChange(
        path=one["path"],
        kind=KINDS[one["kind"]],
        badge=CLASSES[one["class"]],
        before=_short(one["before"]),
        after=_short(one["after"]),
    )


def _rehearsed(told: Mapping[str, Any]) -> Rehearsed | None:
    """What a rehearsal found, if it is told in full."""
    if not {"scenario", "effect", "trials", "participants", "results", "duration_days"} <= set(
        told
    ):
        return None
    return Rehearsed(
        scenario=str(told["scenario"]),
        effect=f"{told['effect']:g}",
        trials=int(told["trials"]),
        participants=int(told["participants"]),
        days=round(told["duration_days"]["median"]),
        rows=tuple(
            (one["estimand"], one["method"], 100 * one["power"], 100 * one["mc_error"])
            for one in told["results"]
        ),
    )


def _short(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _lenses(found: AmendmentFacts) -> list[tuple[str, Words, str, str]]:
    """Form, what happened, the item, and its new name where it has one."""
    return [
        (form["form"], STEPS[kind], step[kind], step.get("to") or "")
        for lens in found.lenses
        for form in lens.get("forms", ())
        for step in form["steps"]
        for kind in STEPS
        if step.get(kind)
    ]


@require_http_methods(["GET", "POST"])
@page_for("amendments")
def board(page: Page) -> HttpResponse:
    """What randomisation waits for, and what the safety board has decided."""
    outcome = None
    if page.request.method == "POST":
        asked = page.request.POST
        outcome = attempt(
            page,
            lambda by, at, key: decide_board(
                asked.get("about", ""),
                opens=asked.get("opens") == "yes",
                words=asked.get("words", ""),
                by=by,
                at=at,
                key=key,
            ),
        )
        if outcome.error is None:
            return HttpResponseRedirect(reverse("finalise:board") + "?done=decided")
    rules = page.study.protocol.safety_board
    names = trial.names()
    context = {
        **frame(page, "finalise:board", outcome),
        "sentinel": rules.sentinel.say(page.language) if rules and rules.sentinel else "",
        "waiting": waiting(rules),
        "treated": decisions.treated(),
        "decisions": [
            (one, names.get(one.by, one.by))
            for one in decisions.decisions()
            if page.moment.cut is None or one.at <= page.moment.cut
        ],
        "may": may(page, "record a decision of the board"),
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/board.html", context, status=status)
