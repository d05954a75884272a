"""The blinded side learns that an interim look was taken, and what the board decided: no more.

The vault's journal is the outbox, as for unblindings: what it has and the ledger has not is
fetched here, in order, as often as one likes.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise.errors import ExternalError
from equipoise_server.allocator import client
from equipoise_server.services.request import whole
from equipoise_server.services.trial.decide_board import follow_board
from equipoise_server.store import interim, ledger
from equipoise_server.store.models import BoardDecision, LedgerEntry


def note_interims(*, at: datetime) -> int:
    """Enter what is not in the ledger yet; returns how many. A decision to stop holds from here on.

    Raises:
        AllocatorSilent: the allocator does not answer. Nothing is lost; run it again.

    """
    made = 0
    while told := client.ask("interim_events", after=(known := _known())):
        for place, (what, look, by, moment, said) in enumerate(told, start=known):
            made += _enter(place, (what, look, by, datetime.fromisoformat(moment), said), at)
    return made


def note_quietly(*, at: datetime) -> int:
    """The same for a timer: 0 where the allocator does not answer."""
    try:
        return note_interims(at=at)
    except ExternalError:
        return 0


def _known() -> int:
    taken = LedgerEntry.objects.filter(chain=ledger.STUDY_CHAIN, what=interim.CONDUCTED).count()
    return taken + BoardDecision.objects.exclude(decision="").count()


def _enter(place: int, event: tuple[str, int, str, datetime, str], at: datetime) -> bool:
    """Enter one event, unless somebody else has just done so."""
    what, look, by, moment, said = event
    with whole(), connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        if _known() != place:
            return False
        if what == "decided":
            follow_board(cursor, look=look, decision=said, by=by, at=moment)
        else:
            ledger.append(
                cursor,
                chain=ledger.STUDY_CHAIN,
                what=interim.CONDUCTED,
                by=by,
                at=at,
                payload={"look": look, "cut": said, "at": moment.isoformat()},
            )
    return True
