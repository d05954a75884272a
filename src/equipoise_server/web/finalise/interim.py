"""The interim analysis as the blinded side sees it: counts over all arms, that it was taken, what
was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from equipoise_server.services.trial.freeze_interim import (
    STEP,
    freeze_interim,
    interim_progress,
)
from equipoise_server.store import board, interim
from equipoise_server.store.models import InterimCut
from equipoise_server.web.finalise.frame import attempt, frame
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.part import may
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.words import Badge

if TYPE_CHECKING:
    from equipoise.analysis.interim_cut import Progress

DECISIONS: dict[str, Badge] = {
    "continue": Badge(icon="check", label=_("the trial goes on"), tone="good"),
    "efficacy": Badge(icon="flag", label=_("stopped for efficacy"), tone="warn"),
    "futility": Badge(icon="flag", label=_("stopped for futility"), tone="warn"),
    "safety": Badge(icon="alert", label=_("stopped for safety"), tone="bad"),
}
STOPPED = Badge(icon="flag", label=_("randomisation stopped"), tone="warn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One planned look; what has not happened yet is None."""

    number: int
    percent: float
    needed: float
    frozen: InterimCut | None
    participants: int
    information: int
    taken_at: datetime | None
    decision: Badge | None
    decided_at: datetime | None


@require_http_methods(["GET", "POST"])
@page_for("interim")
def looks(page: Page) -> HttpResponse:
    """When each look is due; the data of one that is due can be frozen here."""
    outcome = None
    if page.request.method == "POST":
        outcome = attempt(page, lambda by, at, key: freeze_interim(by=by, at=at, key=key))
        if outcome.error is None:
            return HttpResponseRedirect(reverse("finalise:interim") + "?done=frozen")
    now = interim_progress(page.moment.at)
    rows = _looks(page, now) if now else ()
    due = now.due(max((one.number for one in rows if one.frozen), default=0)) if now else None
    context: dict[str, Any] = {
        **frame(page, "finalise:interim", outcome),
        "now": now,
        "percent": 100 * now.fraction if now else 0,
        "looks": rows,
        "due": due,
        "may": may(page, STEP),
        "minimum": page.study.protocol.analysis.interim,
    }
    status = status_of(outcome.error) if outcome and outcome.error else 200
    return render(page, "finalise/interim.html", context, status=status)


def _looks(page: Page, now: Progress) -> tuple[Look, ...]:
    cut = page.moment.cut
    frozen = {row.look: row for row in InterimCut.objects.all() if cut is None or row.at <= cut}
    taken = {one.look: one.at for one in interim.conducted() if cut is None or one.at <= cut}
    decided = {
        row.about: row
        for row in reversed(board.decisions())
        if row.decision and (cut is None or row.at <= cut)
    }
    return tuple(
        _look(
            number,
            now,
            frozen.get(number),
            taken.get(number),
            decided.get(board.after_look(number)),
        )
        for number in range(1, len(now.looks) + 1)
    )


def _look(
    number: int, now: Progress, frozen: InterimCut | None, taken: datetime | None, decided: Any
) -> Look:
    said = interim.frozen(frozen) if frozen else {"participants": 0, "information": 0}
    return Look(
        number=number,
        percent=100 * now.looks[number - 1],
        needed=now.needed(number),
        frozen=frozen,
        participants=said["participants"],
        information=said["information"],
        taken_at=taken,
        decision=DECISIONS[decided.decision] if decided else None,
        decided_at=decided.at if decided else None,
    )
