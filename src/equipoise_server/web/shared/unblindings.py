"""The notice that somebody was unblinded, on the first page of those who have to know."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise_server.store.queries import trial as trials
from equipoise_server.store.queries.unblindings import unblindings
from equipoise_server.web.shared.page import Page

KIND = "unblindings"
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One unblinding in words. It has no arm, no reason and no link that leads to one."""

    participant: str
    site: str
    by: str
    at: str


def notices(page: Page) -> tuple[Notice, ...]:
    """The newest unblindings at the sites where the viewer has to know of them."""
    if not page.viewer.may_read(KIND):
        return ()
    names = trials.names()
    found = unblindings(page.viewer.sites(KIND), cut=page.moment.cut)
    return tuple(
        Notice(
            participant=one.participant,
            site=one.site,
            by=names.get(one.by, one.by),
            at=page.moment.local(one.at).strftime("%Y-%m-%d %H:%M"),
        )
        for one in found[:SHOWN]
    )
