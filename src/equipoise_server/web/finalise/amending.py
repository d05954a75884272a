"""Amendments: what changed, where it is in force; decisions of the safety board."""

from __future__ import annotations

import json
from datetime import date

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from equipoise.errors import AmendmentRefused
from equipoise.protocol.model import Study
from equipoise_server.services.trial.activate_amendment import (
    Approval,
    activate_amendment,
)
from equipoise_server.services.trial.decide_board import decide_board, waiting
from equipoise_server.store import board as decisions
from equipoise_server.store import study as studies
from equipoise_server.store.models import BoardDecision
from equipoise_server.store.queries import trial
from equipoise_server.store.queries.finalising import AmendmentFacts, amendments
from equipoise_server.web.finalise.changes import changes, counted, lenses, rehearsed
from equipoise_server.web.finalise.frame import attempt, frame
from equipoise_server.web.finalise.interim import DECISIONS, STOPPED
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.part import may
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import Badge


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
                approval=Approval(
                    reference=asked.get("approval", ""), on=_day(asked.get("approved", ""))
                ),
                by=by,
                at=at,
                key=key,
            ),
        )
        if outcome.error is None:
            here = reverse("finalise:amendment", args=(number,))
            return HttpResponseRedirect(here + "?done=activated")
    shown = changes(found, *_between(found), page.language)
    context = {
        **frame(page, "finalise:amendments", outcome),
        "one": found,
        "changes": shown,
        "classes": counted(shown),
        "lenses": lenses(found),
        "rehearsal": json.dumps(found.rehearsal, ensure_ascii=False, indent=1)[:4000],
        "rehearsed": rehearsed(found.rehearsal),
        "by": trial.names().get(found.by, found.by),
        "sites": [
            (one.code, said(one.name, page.language), found.sites.get(one.code))
            for one in trial.sites()
        ],
        "asked": page.request.POST if outcome else {},
        "may": may(page, "activate an amendment"),
        "today": page.moment.on,
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/amendment.html", context, status=status)


def _between(found: AmendmentFacts) -> tuple[Study, Study]:
    """The versions before and after it."""
    return studies.of_digest(found.before), studies.of_digest(found.digest)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AmendmentRefused("the day is not a date such as 2026-03-31") from None


@require_http_methods(["GET", "POST"])
@page_for("board")
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
            (one, names.get(one.by, one.by), _after_look(page, one))
            for one in decisions.decisions()
            if page.moment.cut is None or one.at <= page.moment.cut
        ],
        "may": may(page, "record a decision of the board"),
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/board.html", context, status=status)


def _after_look(page: Page, one: BoardDecision) -> Badge | None:
    """What was decided after an interim look; why it stops, to those alone who plan with it."""
    if not one.decision:
        return None
    told = one.opens or page.viewer.may_read("interim")
    return DECISIONS[one.decision] if told else STOPPED
