"""Note that the randomisation list, or the kits of a site, will not last.

The alarm stands in the ledger once for each time it is raised, where blinded staff read it.
It says which site is short of kits of whatever kind, and of the list only that some part of it
is nearly used: neither follows from anybody's arm, nor tells where in the list the trial is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from equipoise.errors import ExternalError, IntegrityError
from equipoise_server.allocator import client
from equipoise_server.services.request import whole
from equipoise_server.store import ledger
from equipoise_server.store import study as studies
from equipoise_server.store.models import LedgerEntry, Site

LIST_LOW = "list-low"
BY = "equipoise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """What will not last: the list, and the kits of which sites."""

    list_low: bool
    sites: tuple[str, ...]


def supply_alarms(*, at: datetime) -> Alarms:
    """What will not last, as the allocator sees it now; the list's alarm is written down once."""
    try:
        low = client.list_low()
        opened = Site.objects.filter(closed_at__isnull=True).order_by("pk")
        codes = tuple(opened.values_list("pk", flat=True))
        least = studies.active().protocol.supply.low_participants
        sites = tuple(code for code in codes if client.lowest_stock(site=code) < least)
    except (ExternalError, IntegrityError):
        return Alarms(list_low=False, sites=())
    if low:
        _note(at)
    return Alarms(list_low=low, sites=sites)


def list_is_low(*, cut: datetime | None = None) -> bool:
    """Whether the alarm was raised (by `cut`), for pages: nobody is asked but the ledger."""
    raised = LedgerEntry.objects.filter(chain=ledger.STUDY_CHAIN, what=LIST_LOW)
    return (raised if cut is None else raised.filter(at__lte=cut)).exists()


def _note(at: datetime) -> None:
    with whole(), connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        if not list_is_low():
            ledger.append(cursor, chain=ledger.STUDY_CHAIN, what=LIST_LOW, by=BY, at=at)
