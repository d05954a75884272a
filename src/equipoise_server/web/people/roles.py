"""Who had which role when: a page and a file, compared with the ledger."""

from __future__ import annotations

import csv
from datetime import date, datetime, time
from io import StringIO

from django.http import HttpResponse

from equipoise_server.store.fields import instant_text
from equipoise_server.store.queries import people as queries
from equipoise_server.store.queries import trial as trials
from equipoise_server.store.queries.people import RoleHeld
from equipoise_server.web.people import frame
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.words import ROLES

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@page_for("role history")
def history(page: Page) -> HttpResponse:
    """Every role ever held, or those of one day or one person."""
    day, person = page.request.GET.get("on", ""), page.request.GET.get("person", "")
    every = queries.role_history()
    names = trials.names()
    context = {
        "rows": [
            (names.get(one.username, one.username), ROLES.get(one.role, one.role), one)
            for one in _chosen(every, day, person)
        ],
        "everybody": sorted({one.username for one in every}),
        "on": day,
        "person": person,
        "agrees": every == queries.told_by_the_ledger(),
    }
    return frame.show(page, "people/roles.html", context)


@page_for("role history")
def as_csv(page: Page) -> HttpResponse:
    """The same rows as a file."""
    day, person = page.request.GET.get("on", ""), page.request.GET.get("person", "")
    text = StringIO()
    lines = csv.writer(text)
    lines.writerow(("username", "full_name", "role", "site", "since", "until"))
    names = trials.names()
    for one in _chosen(queries.role_history(), day, person):
        until = instant_text(one.until) if one.until else ""
        cells = (one.username, names.get(one.username, ""), one.role, one.site or "all sites")
        lines.writerow((*map(_plain, cells), instant_text(one.since), until))
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="roles.csv"'
    return answer


def _plain(cell: str) -> str:
    """A cell that no spreadsheet reads as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _chosen(rows: tuple[RoleHeld, ...], day: str, person: str) -> tuple[RoleHeld, ...]:
    """Rows in force on a day (on the clock of the sites), of a person; all where none is asked."""
    found = tuple(one for one in rows if not person or one.username == person)
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        return found
    zone = frame.zone()
    first = datetime.combine(wanted, time.min, zone)
    last = datetime.combine(wanted, time.max, zone)
    return tuple(
        one for one in found if one.since <= last and (one.until is None or one.until > first)
    )
