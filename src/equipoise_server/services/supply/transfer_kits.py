"""Move kits from one site to another."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise import supply
from equipoise.errors import UnknownRecord, say
from equipoise_server.allocator import depot
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import supplies
from equipoise_server.store.models import Kit, Site, User


def transfer_kits(
    *, site: str, to: str, shares: int, by: User, at: datetime, key: str
) -> tuple[str, ...]:
    """Send free kits to another site; which ones the allocator draws, balanced over the arms.

    Returns their codes. They count for the other site from now on, and are on their way until
    it receives them.

    Raises:
        OutOfStock: the site would be left without enough.
        OutOfOrder: too few to hide which kits differ.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"site": site, "to": to, "shares": shares}
    request = Request(verb="transfer kits", by=by, at=at, key=key, body=body)
    return tuple(perform(request, lambda: _transfer(request, site, to, shares))["kits"])


def _transfer(request: Request, site: str, to: str, shares: int) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        require_unlocked(cursor, "transfer kits")
        permissions.require(cursor, "keep the stock", by=by, at=at, site=site)
        if not Site.objects.filter(pk=to).exists():
            raise UnknownRecord(say("site {to}", to=to))
        codes = depot.transfer(site=site, to=to, shares=shares, key=request.key, at=at)
        here = set(Kit.objects.filter(pk__in=codes).values_list("pk", flat=True))
        for code in codes:
            if code in here:
                command = supply.Transfer(site=to, at=at)
                supplies.advance(cursor, code, command, by=by.username, at=at)
    return {"kits": list(codes)}
