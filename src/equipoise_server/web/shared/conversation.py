"""The queries on one record with what was said in them, for every page that shows the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from equipoise.protocol.forms import Form
from equipoise_server.services.access import permissions
from equipoise_server.store.queries import cleaning, trial
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import said

Place = tuple[str, str, str, int]
"""Participant, form, visit and number of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One query: about which item, what is asked, what was said since, where it goes on."""

    item: str
    label: str
    message: str
    standing: str
    turns: tuple[tuple[str, str, datetime], ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talks:
    """The open queries on a record, how many are closed, where to ask and to verify ("" not)."""

    open: tuple[Talk, ...]
    closed: int
    ask: str
    verify: str

    @property
    def anything(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.open or self.closed or self.ask or self.verify)


def talks(page: Page, place: Place, form: Form, site: str) -> Talks:
    """The queries on a saved record, as far as the viewer may work with them."""
    if not page.viewer.may_read("cleaning"):
        return Talks(open=(), closed=0, ask="", verify="")
    found = cleaning.of_record(*place, cut=page.moment.cut)
    names = trial.names() if any(one.state == "open" for one in found) else {}
    asking = _may(page, "open a query", site)
    planned = any(one.form == form.id for one in page.study.cleaning.verification)
    comparing = planned and page.viewer.may_read("verification")
    return Talks(
        open=tuple(_talk(page, form, one, names) for one in found if one.state == "open"),
        closed=sum(1 for one in found if one.state != "open"),
        ask=reverse("data:ask", args=place) if asking else "",
        verify=reverse("data:compare", args=place) if comparing else "",
    )


def _talk(page: Page, form: Form, one: cleaning.Query, names: dict[str, str]) -> Talk:
    item = form.item(one.item) if one.item else None
    spoken = cleaning.thread(one.id, cut=page.moment.cut)
    return Talk(
        item=one.item,
        label=item.text.say(page.language) if item else "",
        message=said(one.message, page.language),
        standing=one.standing,
        turns=tuple(
            (names.get(turn.by, turn.by), turn.text or "", page.moment.local(turn.at))
            for turn in spoken
            if turn.what != "query-opened"
        ),
        url=reverse("data:query", args=[one.id]),
    )


def _may(page: Page, step: str, site: str) -> bool:
    """Whether the viewer may take a step now."""
    user = page.viewer.user
    closed = page.trial is None or page.trial.locked_at is not None or page.moment.past
    if user is None or closed:
        return False
    return permissions.may(step, by=user, at=timezone.now(), site=site)
