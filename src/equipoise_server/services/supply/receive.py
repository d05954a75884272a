"""Take kits into stock at a site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from django.db import connection

from equipoise import supply
from equipoise.errors import UnknownRecord, say
from equipoise_server.allocator import depot
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import supplies
from equipoise_server.store.models import Site, User


def receive(
    *,
    site: str,
    kits: Sequence[str],
    by: User,
    at: datetime,
    key: str,
    condition: Literal["valid", "damaged"] = "valid",
) -> None:
    """Record that kits arrived at a site and were looked at.

    Kits that came from another site keep what was recorded of them there. Damaged ones are not
    given out. A kit holds as many units as the protocol has doses; without dosing rules, one.

    Raises:
        UnknownRecord: no such site.
        Refused: what `equipoise.supply.decide` refuses, such as a kit received before.
        NotPermitted, Locked, KeyReused.

    """
    body = {"site": site, "kits": list(kits), "condition": condition}
    request = Request(verb="receive", by=by, at=at, key=key, body=body)
    perform(request, lambda: _receive(request, site, kits, condition))


def _receive(
    request: Request, site: str, kits: Sequence[str], condition: Literal["valid", "damaged"]
) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        study = require_unlocked(cursor, "receive")
        permissions.require(cursor, "receive", by=by, at=at, site=site)
        if not Site.objects.filter(pk=site).exists():
            raise UnknownRecord(say("site {site}", site=site))
        dosing = study.protocol.dosing
        units = dosing.doses if dosing else 1

        def steps(kit: str) -> tuple[supply.Command, ...]:
            arrived = supply.Receive(kit=kit, site=site, units=units, at=at)
            return arrived, supply.CheckIn(condition=condition, at=at)

        supplies.receive(cursor, kits, steps, by=by.username, at=at)
        if condition == "damaged":
            depot.withdraw_kits(site=site, kits=list(kits), at=at)
    return {}
