"""Keep what somebody has typed and not saved yet, so that nothing typed is lost.

A draft is no record: it makes no version and no entry on the ledger, and it replaces the one
before. Saving the page, or throwing the draft away, ends it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from equipoise.errors import InvalidRecord, say
from equipoise_server.services.records.record import require_author
from equipoise_server.store.models import Draft, IdempotencyKey, User
from equipoise_server.store.planned import Planned
from equipoise_server.store.save import Place, standing

LONGEST = 200_000
"""Characters of a draft; the largest form holds a tenth of it."""
KEPT = timedelta(days=14)
_KEPT = Planned(
    "SELECT id FROM store_draft WHERE user_id = %(user)s AND participant_id = %(participant_id)s "
    "AND form = %(form)s AND visit = %(visit)s AND number = %(number)s",
    {
        "user": "bigint",
        "participant_id": "text",
        "form": "text",
        "visit": "text",
        "number": "integer",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a page held: its fields, the version it was opened at, its request key."""

    said: Mapping[str, Sequence[str]]
    version: int
    key: str


def keep_draft(*, place: Place, typed: Typed, by: User, at: datetime) -> bool:
    """Keep the draft of one person for one page; False where the page was saved meanwhile.

    Raises:
        InvalidRecord: the draft is too long.
        Locked, PartLocked, NotPermitted, NotConsented, AlreadyWithdrawn, UnknownRecord.

    """
    said = json.dumps({name: list(several) for name, several in typed.said.items()})
    if len(said) > LONGEST:
        raise InvalidRecord(
            place.form, (say("a draft holds at most {longest} characters", longest=LONGEST),)
        )
    with transaction.atomic(), connection.cursor() as cursor:
        found = standing(cursor, place, step="record", at=at)
        require_author(cursor, found, by=by, at=at)
        if IdempotencyKey.objects.filter(pk=typed.key).exists():
            return False
        Draft.objects.filter(user=by, at__lt=at - KEPT).delete()
        Draft.objects.update_or_create(
            user=by,
            **_of(place),
            defaults={"version": typed.version, "key": typed.key[:200], "said": said, "at": at},
        )
    return True


def drop_draft(*, place: Place, by: User) -> None:
    """Throw the draft of one person for one page away, where there is one."""
    Draft.objects.filter(user=by, **_of(place)).delete()


def draft_of(place: Place, by: User) -> tuple[Typed, datetime] | None:
    """The draft of one person for one page and when it was kept, or None."""
    with connection.cursor() as cursor:
        _KEPT.run(cursor, user=by.pk, **_of(place))
        row = cursor.fetchone()
    if row is None:  # as nearly always
        return None
    found = Draft.objects.get(pk=row[0])
    return Typed(said=json.loads(found.said), version=found.version, key=found.key), found.at


def _of(place: Place) -> dict[str, Any]:
    return {
        "participant_id": place.participant,
        "form": place.form,
        "visit": place.visit,
        "number": place.number,
    }
