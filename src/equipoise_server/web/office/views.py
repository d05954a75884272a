"""Pages of the trial office."""

from __future__ import annotations

from django.http import HttpResponse

from equipoise_server.services.supply.supply_alarms import list_is_low
from equipoise_server.store.queries import trial as trials
from equipoise_server.web.office import flowing, overview, recruiting
from equipoise_server.web.shared import unblindings
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.results import is_released
from equipoise_server.web.shared.words import ROLES


@page_for("office")
def day(page: Page) -> HttpResponse:
    """Where every site stands, and what is open there."""
    context = {
        "overview": overview.overview(page),
        "unblindings": unblindings.notices(page),
        "list_is_low": list_is_low(cut=page.moment.cut),
    }
    return render(page, "office/day.html", context)


@page_for("recruitment")
def recruitment(page: Page) -> HttpResponse:
    """Planned against actual recruitment."""
    return render(page, "office/recruitment.html", {"recruitment": recruiting.recruitment(page)})


@page_for("recruitment")
def flow(page: Page) -> HttpResponse:
    """The flow of participants, without arms."""
    context = {
        "flow": flowing.flow(page),
        "released": is_released(page.trial) and page.viewer.may_read("results"),
    }
    return render(page, "office/flow.html", context)


@page_for("staff")
def staff(page: Page) -> HttpResponse:
    """Who holds which role, where and since when."""
    people = tuple((ROLES.get(one.role, one.role), one) for one in trials.staff())
    return render(page, "office/staff.html", {"people": people})
