"""Who may do what. One table; whoever is not in it may not.

Roles are held through memberships: at one site or at all, from one time to another. They
are read anew for each request, so that a role taken away is gone at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import NotPermitted
from equipoise.participant.events import DoseRecorded
from equipoise.protocol.forms import Form
from equipoise_server.store.models import User

SITE_STAFF = ("investigator", "coordinator", "dosing nurse", "assessor")
ROLES = (
    *SITE_STAFF,
    "pharmacist",
    "monitor",
    "unblinded monitor",
    "data manager",
    "statistician",
    "safety-board statistician",
    "safety-board member",
    "sponsor",
    "administrator",
)

ALLOWED: dict[str, tuple[str, ...]] = {
    "screen": ("investigator", "coordinator"),
    "consent": ("investigator", "coordinator"),
    "fail screening": ("investigator", "coordinator"),
    "randomise": ("investigator", "coordinator"),
    "receive": ("pharmacist",),
    "prepare a unit": ("pharmacist",),
    "dispense": ("pharmacist", "coordinator", "dosing nurse", "investigator"),
    "administer": ("dosing nurse", "investigator"),
    "record": SITE_STAFF,
    "report an event": SITE_STAFF,
    "follow up": SITE_STAFF,
    "stop dosing": ("investigator",),
    "withdraw": ("investigator", "coordinator"),
    "complete": ("investigator", "coordinator"),
    "open a site": ("administrator",),
    "seal the list": ("administrator",),
    "appoint": ("administrator",),
    "lock": ("data manager", "statistician", "sponsor"),
    "unlock": ("data manager", "statistician", "sponsor"),
    "unblind the study": ("statistician", "sponsor", "data manager"),
    "analyse": ("statistician", "data manager", "sponsor"),
    "export": ("statistician", "data manager", "sponsor"),
    "read records": (*SITE_STAFF, "monitor", "data manager", "statistician"),
    "read participants": (*SITE_STAFF, "monitor", "data manager", "statistician"),
}

_HELD = (
    "SELECT DISTINCT m.role, m.site_id FROM store_membership m JOIN store_user u ON u.id = m.user_id "
    "WHERE m.user_id = %s AND u.is_active AND m.since <= %s AND (m.until IS NULL OR m.until > %s)"
)
_DOSED = 'SELECT 1 FROM store_ledgerentry WHERE chain = %s AND what = %s AND "by" = %s LIMIT 1'


def require(cursor: Any, step: str, *, by: User, at: datetime, site: str | None = None) -> None:
    """Refuse unless `by` holds a role for `step`, at `site` (None: at any).

    Raises:
        NotPermitted: naming the roles that may.

    """
    if not _holds(cursor, ALLOWED[step], by, at, site):
        where = f" at site {site}" if site else ""
        raise NotPermitted(step, f"the role {' or '.join(ALLOWED[step])}{where}")


def may(step: str, *, by: User, at: datetime, site: str | None = None) -> bool:
    """Whether `by` holds a role for `step`; for pages that show only what is possible."""
    with connection.cursor() as cursor:
        return _holds(cursor, ALLOWED[step], by, at, site)


def roles(by: User, at: datetime) -> tuple[tuple[str, str | None], ...]:
    """The roles that a person holds at `at`, each with its site (None: all sites), sorted."""
    with connection.cursor() as cursor:
        held = _memberships(cursor, by, at)
    return tuple(sorted(held, key=lambda one: (one[0], one[1] or "")))


def _holds(cursor: Any, allowed: tuple[str, ...], by: User, at: datetime, site: str | None) -> bool:
    return any(
        role in allowed and (site is None or where is None or where == site)
        for role, where in _memberships(cursor, by, at)
    )


def _memberships(cursor: Any, by: User, at: datetime) -> list[tuple[str, str | None]]:
    moment = connection.ops.adapt_datetimefield_value(at)
    cursor.execute(_HELD, [by.pk, moment, moment])
    return [(role, site) for role, site in cursor.fetchall()]


def require_assessor(cursor: Any, form: Form, participant: str, *, by: User) -> None:
    """Refuse a blinded assessment by somebody who gave this participant a dose.

    Raises:
        NotPermitted: the person has dosed the participant.

    """
    if not form.assesses:
        return
    cursor.execute(_DOSED, [participant, DoseRecorded.what, by.username])
    if cursor.fetchone() is not None:
        raise NotPermitted(f"fill in {form.id}", "an assessor who did not dose the participant")
