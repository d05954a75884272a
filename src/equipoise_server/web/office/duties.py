"""What waits in cleaning for the viewer's role: numbers, each leading to where it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from equipoise_server.services.access.permissions import ALLOWED
from equipoise_server.store import study as studies
from equipoise_server.store.queries import cleaning, coding, deviating, verifying
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.visibility import visible_forms


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One kind of work: how much waits, of how much in all where that says something."""

    title: str
    number: int
    detail: str
    url: str
    icon: str
    tone: str = "warn"


def duties(page: Page) -> tuple[Duty, ...]:
    """The viewer's own kinds of work in cleaning."""
    return tuple(_duties(page))


def _duties(page: Page) -> Iterator[Duty]:
    roles, cut = set(page.viewer.roles), page.moment.cut
    forms, under = visible_forms(page.study, page.viewer.roles), studies.under()
    if roles & set(ALLOWED["close a query"]):
        loads = cleaning.by_site(page.viewer.sites("cleaning"), forms, now=page.moment.at, cut=cut)
        yield _duty(
            _("Queries to close"),
            sum(one.answered for one in loads),
            sum(one.open for one in loads),
            reverse("data:queries") + "?state=answered",
            "question",
        )
    if roles & set(ALLOWED["verify source"]):
        found = list(verifying.standings(under, page.viewer.sites("verification"), cut=cut))
        left = sum(1 for one in found if one.left)
        yield _duty(
            _("Records to verify"), left, len(found), reverse("data:verification"), "search"
        )
    if roles & set(ALLOWED["code a term"]):
        texts = list(coding.verbatims(under, page.viewer.sites("coding"), cut=cut))
        waiting = sum(1 for one in texts if one.waits)
        yield _duty(_("Texts to code"), waiting, len(texts), reverse("data:coding"), "document")
    if roles & set(ALLOWED["classify a deviation"]):
        every = deviating.departures(page.viewer.sites("deviations"), cut=cut)
        waits = sum(1 for one in every if one.status == "open")
        where = reverse("data:deviations") + "?status=open"
        yield _duty(_("Deviations to classify"), waits, len(every), where, "alert")


def _duty(title: str, number: int, total: int, url: str, icon: str) -> Duty:
    detail = _("%(n)s in all") % {"n": total}
    return Duty(title=title, number=number, detail=detail, url=url, icon=icon)
