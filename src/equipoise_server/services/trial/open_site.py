"""Open a centre for the trial."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise.protocol.model import Site as PlannedSite
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger
from equipoise_server.store.models import Site, User


def open_site(site: PlannedSite, *, by: User, at: datetime, key: str) -> None:
    """Put a centre on the list of those that may screen.

    Raises:
        ZoneInfoNotFoundError: the time zone of the site does not exist.

    """
    ZoneInfo(site.timezone)
    request = Request(
        verb="open a site", by=by, at=at, key=key, body={"site": site.id, "zone": site.timezone}
    )
    perform(request, lambda: _open(site, by, at))


def _open(site: PlannedSite, by: User, at: datetime) -> Answer:
    with connection.cursor() as cursor:
        require_unlocked(cursor, "open a site")
        permissions.require(cursor, "open a site", by=by, at=at)
        Site.objects.create(
            code=site.id,
            name=dict(site.name),
            timezone=site.timezone,
            opened_at=at,
            latitude=site.latitude,
            longitude=site.longitude,
        )
        payload = {"site": site.id, "timezone": site.timezone}
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="site-opened",
            by=by.username,
            at=at,
            payload=payload,
        )
    return {}
