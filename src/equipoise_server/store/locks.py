"""Locks on parts of the trial: a record, a visit, a participant, a site.

The row is the lock; the ledger tells who set and took it. Every write of a record asks in
`save.standing`, every step of a life-cycle in `life.advance`: there is no other way in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from equipoise.errors import PartLocked, say
from equipoise_server.store.heads import place_words
from equipoise_server.store.models import Lock

Scope = Literal["record", "visit", "participant", "site"]

LOCKED = "part-locked"
UNLOCKED = "part-unlocked"

WHERE = (
    "((l.scope = 'site' AND l.site = {site}) OR (l.participant = {participant} AND "
    "(l.scope = 'participant' OR (l.visit = {visit} AND (l.scope = 'visit' OR "
    "(l.form = {form} AND l.number = {number}))))))"
)
"""SQL: the locks `l` that stand over one record."""

_FOUND = (
    "SELECT l.scope FROM store_lock l WHERE "  # noqa: S608 - placeholders alone are filled in
    + WHERE.format(site="%s", participant="%s", visit="%s", form="%s", number="%s")
    + " LIMIT 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What can be locked. What a scope does not need is empty."""

    scope: Scope
    site: str
    participant: str = ""
    visit: str = ""
    form: str = ""
    number: int = 0

    def __str__(self) -> str:
        person = self.participant
        return {
            "record": place_words(person, self.form, self.visit, self.number),
            "visit": say("Visit {visit} of {participant}", visit=self.visit, participant=person),
            "participant": say("Participant {participant}", participant=person),
            "site": say("Site {site}", site=self.site),
        }[self.scope]

    def as_payload(self) -> dict[str, object]:
        """The part as the ledger and a proposal keep it."""
        return asdict(self)


def name_of(scope: str, site: str, participant: str, place: str) -> str:
    """What is locked, in words, where a record was to be written."""
    return {
        "site": say("Site {site}", site=site),
        "participant": say("Participant {participant}", participant=participant),
        "visit": say("The visit of {place}", place=place),
    }.get(scope, place)


def require_unlocked(
    cursor: Any,
    *,
    site: str,
    participant: str = "",
    visit: str = "",
    form: str = "",
    number: int = 0,
    step: str,
) -> None:
    """Refuse a step of a participant, at a site, or about a record, that is locked.

    Raises:
        PartLocked: naming what is locked.

    """
    cursor.execute(_FOUND, [site, participant, visit, form, number])
    found = cursor.fetchone()
    if found is not None:
        about = Part(
            scope="record",
            site=site,
            participant=participant,
            visit=visit,
            form=form,
            number=number,
        )
        raise PartLocked(name_of(found[0], site, participant, str(about)), step)


def is_locked(part: Part) -> bool:
    """Whether this very part is locked; a lock above it does not count."""
    return Lock.objects.filter(**asdict(part)).exists()


def put(part: Part, at: datetime) -> None:
    """Set the lock. Call it inside the transaction of the ledger entry."""
    Lock.objects.create(**asdict(part), at=at)


def take(part: Part) -> None:
    """Take the lock away. Call it inside the transaction of the ledger entry."""
    Lock.objects.filter(**asdict(part)).delete()
