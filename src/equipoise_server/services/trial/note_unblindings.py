"""The blinded side learns that somebody was unblinded: who, by whom, when. Never what it was.

The vault's journal is the outbox: what it has and the store's ledger has not is fetched here,
in order, as often as one likes. Whoever is killed in between, the next run goes on. The reveal
itself waits for none of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from equipoise.errors import ExternalError
from equipoise_server.allocator import client
from equipoise_server.services.request import whole
from equipoise_server.services.trial.unblinding_letters import write_letters
from equipoise_server.store import ledger
from equipoise_server.store.models import LedgerEntry, Participant

WHAT = "unblinding-noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One unblinding as the blinded side knows it. `number` counts from 1."""

    number: int
    participant: str
    site: str
    by: str
    at: datetime


def note_unblindings(*, at: datetime) -> tuple[Noted, ...]:
    """Enter every unblinding that is not in the ledger yet, and queue its letters; returns them.

    Raises:
        AllocatorSilent: the allocator does not answer. Nothing is lost; run it again.

    """
    made: list[Noted] = []
    while True:
        known = _known()
        told = client.happened(after=known)
        if not told:
            return tuple(made)
        for number, (participant, by, moment) in enumerate(told, start=known + 1):
            noted = _noted(number, participant, by, datetime.fromisoformat(moment))
            if _enter(noted, at):
                made.append(noted)


def _known() -> int:
    return LedgerEntry.objects.filter(chain=ledger.STUDY_CHAIN, what=WHAT).count()


def _noted(number: int, participant: str, by: str, at: datetime) -> Noted:
    site = Participant.objects.filter(pk=participant).values_list("site", flat=True).first()
    return Noted(number=number, participant=participant, site=site or "", by=by, at=at)


def _enter(noted: Noted, at: datetime) -> bool:
    """Queue its letters, then append one entry, unless somebody else has just done so.

    In this order: letters are queued once however often it is asked, and a run that is killed
    before the entry comes back to them.
    """
    write_letters(noted.number, noted.participant, noted.site, noted.at)
    with whole(), connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        if _known() != noted.number - 1:
            return False
        payload = {
            "number": noted.number,
            "participant": noted.participant,
            "site": noted.site,
            "at": noted.at.isoformat(),
        }
        ledger.append(
            cursor, chain=ledger.STUDY_CHAIN, what=WHAT, by=noted.by, at=at, payload=payload
        )
    return True


def note_quietly(*, at: datetime) -> int:
    """The same for a timer: how many were entered, 0 where the allocator does not answer."""
    try:
        return len(note_unblindings(at=at))
    except ExternalError:
        return 0
