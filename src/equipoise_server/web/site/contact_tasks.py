"""Messages of people who asked about the study and wait for an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from equipoise_server.store.queries.enquiries import Waiting, queue
from equipoise_server.web.shared.page import Page

LATE = 24
"""Hours after which a message counts as waiting too long."""


def waiting(page: Page) -> Iterable[Waiting]:
    """Messages at the viewer's sites that nobody has answered; none in a demonstration's past."""
    if page.moment.past or not page.viewer.may_read("contacts"):
        return ()
    found = queue(page.viewer.sites("contacts"), at=page.moment.at)
    return (one for one in found if one.answered_at is None)


def words(one: Waiting) -> dict[str, Any]:
    """What, detail, when, where and how urgent, as a task says it."""
    hours = ngettext("%(n)s hour", "%(n)s hours", one.hours) % {"n": one.hours}
    read = _("read, not answered") if one.read_at else _("not read yet")
    return {
        "who": one.site,
        "what": _("Somebody asks about the study"),
        "detail": f"{one.site} · {read}",
        "when": _("waits %(hours)s") % {"hours": hours},
        "url": reverse("office:contact", args=[one.token]),
        "icon": "people",
        "tone": "bad" if one.hours >= LATE else "info",
        "order": one.received_at.isoformat(),
    }
