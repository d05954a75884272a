"""Reading who somebody is: permitted where consent may be taken, and noted in the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from equipoise.errors import UnknownRecord
from equipoise_server.identity.people import recall
from equipoise_server.services.access import permissions
from equipoise_server.services.request import whole
from equipoise_server.store import consenting, ledger, life
from equipoise_server.store.models import LedgerEntry, User

ONE_READING = timedelta(hours=1)
"""Within this time, pages that one person opens about one participant are one reading."""


def note_reading(code: str, why: str, *, by: User, at: datetime) -> None:
    """Note that `by` has the name of a participant on the screen.

    Raises:
        NotPermitted: no fitting role at the site. UnknownRecord: nobody has this code.

    """
    with whole(), connection.cursor() as cursor:
        permissions.require(cursor, "consent", by=by, at=at, site=life.site_of(code))
        seen = LedgerEntry.objects.filter(
            chain=code, what=consenting.IDENTITY_READ, by=by.username, at__gt=at - ONE_READING
        )
        if seen.exists():
            return
        ledger.hold(cursor, code)
        said = {"why": why}
        ledger.append(
            cursor,
            chain=code,
            what=consenting.IDENTITY_READ,
            by=by.username,
            at=at,
            payload=said,
        )


def known_identity(code: str, *, by: User, at: datetime) -> dict[str, str]:
    """Name, address and telephone as far as they are known, so that nothing is typed twice.

    Raises:
        NotPermitted: no fitting role at the site.

    """
    try:
        found = recall(code)
    except UnknownRecord:
        return {}
    note_reading(code, "consent", by=by, at=at)
    told = [one for one in found.contact.split(", ") if one]
    return {
        "name": found.name,
        "address": next((one for one in told if "@" in one), ""),
        "phone": next((one for one in told if "@" not in one), ""),
    }
