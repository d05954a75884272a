"""Trainings that roles need, and who has taken them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from equipoise.errors import EquipoiseError, FormIncomplete
from equipoise.protocol import roles
from equipoise_server.services.access import permissions, train
from equipoise_server.store.queries import people as queries
from equipoise_server.web.people import frame
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import ROLES


@page_for("trainings")
def trainings(page: Page) -> HttpResponse:
    """What is demanded, and who has it: of the viewer's sites, or of everybody."""
    return _trainings(page)


def _trainings(page: Page, *, error: EquipoiseError | None = None) -> HttpResponse:
    at = frame.now()
    sites = page.viewer.sites("trainings")
    seen = {one.username for one in queries.role_history() if sites is None or one.site in sites}
    office = permissions.may("record a training", by=frame.me(page), at=at)
    everything = queries.trainings()
    context: dict[str, Any] = {
        "trainings": [
            (one, said(one.title, page.language), [ROLES.get(d.role, d.role) for d in demands])
            for one, demands in everything
        ],
        "records": [
            (one, said(one.training.title, page.language), one.until is None or one.until > at)
            for one in queries.trained(seen)
        ],
        "office": office,
        "missing": [said(one.title, page.language) for one in train.missing()] if office else (),
        "people": queries.people(at) if office else (),
        "roles": frame.role_words(roles.ROLES),
        "today": at.astimezone(frame.zone()).date().isoformat(),
        "key": frame.new_key(),
    }
    return frame.show(page, "people/trainings.html", context, error=error)


@require_POST
@page_for("staff")
def record(page: Page) -> HttpResponse:
    """Note that somebody took a training."""
    asked, at = page.request.POST, frame.now()

    def work() -> None:
        train.record_training(
            username=asked.get("username", ""),
            training=asked.get("training", ""),
            since=frame.start_of(asked.get("on", ""), at, frame.zone()),
            by=frame.me(page),
            at=at,
            key=frame.key_of(page),
        )

    return _done(page, "recorded", frame.attempt(work))


@require_POST
@page_for("staff")
def demand(page: Page) -> HttpResponse:
    """Demand a training of some roles."""
    asked = page.request.POST

    def planned() -> None:
        train.demand_planned(by=frame.me(page), at=frame.now())

    def work() -> None:
        title, chinese = asked.get("title", "").strip(), asked.get("title_zh", "").strip()
        code, days = asked.get("code", "").strip(), asked.get("days", "").strip()
        if not title or not code.isascii() or not code.replace("-", "").isalnum() or len(code) > 40:
            raise FormIncomplete(("code", "title"))
        if days and not (days.isascii() and days.isdecimal() and 0 < int(days) < 10_000):
            raise FormIncomplete(("days",))
        wanted = train.Wanted(
            code=code,
            title={"en": title[:200], "zh-Hans": (chinese or title)[:200]},
            roles=asked.getlist("role"),
            valid_days=int(days) if days else None,
        )
        train.demand(wanted, by=frame.me(page), at=frame.now())

    return _done(page, "demanded", frame.attempt(planned if "planned" in asked else work))


def _done(page: Page, what: str, error: EquipoiseError | None) -> HttpResponse:
    if error is not None:
        return _trainings(page, error=error)
    return HttpResponseRedirect(reverse("people:trainings") + f"?done={what}")
