"""Which protocol version somebody is under: the trial, a site, a participant.

A participant without a row is under the version with which the trial was opened.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db import connection

from equipoise.digest import sha256
from equipoise_server.store import ledger
from equipoise_server.store.models import Amendment, ParticipantVersion, SiteVersion, Trial

PUBLISHED = "amendment-published"
ACTIVATED = "amendment-activated"
MOVED = "moved-to-version"

Why = Literal["screened", "visit", "reconsent", "decided"]

OF_PARTICIPANT = (
    "COALESCE((SELECT pv.study_id FROM store_participantversion pv "
    "WHERE pv.participant_id = {participant} ORDER BY pv.id DESC LIMIT 1), t.study_id)"
)
"""SQL: the digest of the version of a participant, beside the trial `t`."""

_OF = f"SELECT {OF_PARTICIPANT.format(participant='%s')} FROM store_trial t"  # noqa: S608
_OF_KNOWN = (
    f"SELECT {OF_PARTICIPANT.format(participant='p.code')} FROM store_trial t "  # noqa: S608
    "JOIN store_participant p ON p.code = %s"
)
_AT_SITE = (
    'SELECT sv.study_id FROM store_siteversion sv WHERE sv.site_id = %s AND sv."on" <= %s '
    'ORDER BY sv."on" DESC, sv.id DESC LIMIT 1'
)
_AMENDED = (
    "SELECT 1 FROM store_siteversion sv JOIN store_participant p ON p.site_id = sv.site_id "
    "WHERE p.code = %s LIMIT 1"
)
_VISITED = "SELECT 1 FROM store_record WHERE participant_id = %s AND visit = %s LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What leads from one version to another. `reconsent`: people must agree to it anew."""

    to: str
    reconsent: bool


def of(cursor: Any, participant: str) -> str:
    """The digest of the version that a participant is under; of nobody: of the trial."""
    cursor.execute(_OF, [participant])
    return str(cursor.fetchone()[0])


def of_known(participant: str) -> str | None:
    """The same, or None where there is nobody of this code."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_KNOWN, [participant])
        found = cursor.fetchone()
    return found and str(found[0])


def moves(*, cut: datetime | None = None) -> dict[str, str]:
    """The digest of the version of each participant who has moved, now or as it was at `cut`."""
    rows = ParticipantVersion.objects.order_by("pk")
    rows = rows if cut is None else rows.filter(at__lte=cut)
    return dict(rows.values_list("participant_id", "study_id"))


def of_many(participants: Collection[str], *, cut: datetime | None = None) -> dict[str, str]:
    """The digest of the version of each of some participants, now or as it was at `cut`."""
    opened = Trial.objects.values_list("study_id", flat=True).first() or ""
    found = dict.fromkeys(participants, opened)
    rows = ParticipantVersion.objects.filter(participant__in=participants).order_by("pk")
    rows = rows if cut is None else rows.filter(at__lte=cut)
    found.update(rows.values_list("participant_id", "study_id"))
    return found


def at_site(cursor: Any, site: str, on: date) -> str | None:
    """The digest of the newest version in force at a site on a date there; None: none was."""
    cursor.execute(_AT_SITE, [site, on.isoformat()])
    found = cursor.fetchone()
    return found and str(found[0])


def way(now: str, to: str) -> Way | None:
    """How a participant under `now` gets to `to`; None where `to` is not newer."""
    known = {one.study_id: one for one in Amendment.objects.defer("changes", "rehearsal")}
    at, reconsent = to, False
    while at != now:
        amendment = known.get(at)
        if amendment is None:
            return None
        reconsent = reconsent or amendment.needs_reconsent
        at = amendment.previous_id
    return Way(to=to, reconsent=reconsent) if to != now else None


def amended(cursor: Any, participant: str) -> bool:
    """Whether the site of a participant has worked, or will work, under another version."""
    cursor.execute(_AMENDED, [participant])
    return cursor.fetchone() is not None


def visited(cursor: Any, participant: str, visit: str) -> bool:
    """Whether a participant has a record at a visit."""
    cursor.execute(_VISITED, [participant, visit])
    return cursor.fetchone() is not None


def move(cursor: Any, participant: str, to: str, *, why: Why, by: str, at: datetime) -> None:
    """Put a participant under a version. Call it inside a transaction that holds the chain."""
    ParticipantVersion.objects.create(
        participant_id=participant, study_id=to, why=why, by=by, at=at
    )
    payload = moved(to, why)
    ledger.append(cursor, chain=participant, what=MOVED, by=by, at=at, payload=payload)


def moved(to: str, why: str) -> dict[str, str]:
    """What the ledger says of a move."""
    return {"study": to, "why": why}


def activated(row: SiteVersion) -> dict[str, str]:
    """What the ledger says of an activation at a site, with the approval that it rests on."""
    said = {"site": row.site_id, "study": row.study_id, "on": row.on.isoformat()}
    approval = getattr(row, "approval", None)
    if approval is None:  # activated before approvals were asked for
        return said
    return {**said, "approval": approval.reference, "approved_on": approval.on.isoformat()}


def published(row: Amendment, version: str) -> dict[str, object]:
    """What the ledger says of an amendment: digests of all that belongs to it."""
    return {
        "study": row.study_id,
        "version": version,
        "previous": row.previous_id,
        "number": row.number,
        "needs_reconsent": row.needs_reconsent,
        **{
            name: sha256(getattr(row, name).encode()) for name in ("changes", "lenses", "rehearsal")
        },
    }
