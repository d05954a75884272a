"""Record a decision of the safety board: about the start of the trial, or after an interim look."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import OutOfOrder, ReasonRequired, say
from equipoise.protocol.conduct_rules import SafetyBoard
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import board, ledger
from equipoise_server.store.models import BoardDecision, Trial, User

STEP = "record a decision of the board"


def decide_board(about: str, *, opens: bool, words: str, by: User, at: datetime, key: str) -> None:
    """Open, or close again, what randomisation waits for.

    `about`: `sentinel` for the review of the first participants, or a stratum level that the
    protocol keeps closed. `words`: what the minutes say; needed, above all where fewer
    participants have been treated than the protocol plans for the review.

    Raises:
        OutOfOrder: the protocol keeps no such thing closed.
        ReasonRequired: no words.
        NotPermitted, Locked, KeyReused.

    """
    body = {"about": about, "opens": opens, "words": words.strip()}
    request = Request(verb=STEP, by=by, at=at, key=key, body=body)
    perform(request, lambda: _decide(request, about, opens, words.strip()))


def _decide(request: Request, about: str, opens: bool, words: str) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        study = require_unlocked(cursor, STEP)
        permissions.require(cursor, STEP, by=by, at=at)
        if about not in waiting(study.protocol.safety_board):
            raise OutOfOrder(
                "The decision", say("the protocol does not wait for {about}", about=repr(about))
            )
        if not words:
            raise ReasonRequired("A decision of the board")
        row = BoardDecision(about=about, opens=opens, words=words, by=by.username, at=at)
        _keep(cursor, row)
    return {}


def follow_board(cursor: Any, *, look: int, decision: str, by: str, at: datetime) -> None:
    """Write down what the board decided after an interim look, and stop or resume randomisation.

    The vault has checked who decided, and holds no reasons. Call with the study's chain held.
    """
    opens = decision == board.CONTINUE
    about = board.after_look(look)
    row = BoardDecision(about=about, opens=opens, words="", by=by, at=at, decision=decision)
    _keep(cursor, row)
    Trial.objects.update(randomisation_open=opens)


def _keep(cursor: Any, row: BoardDecision) -> None:
    row.reviewed = board.treated()
    row.save(force_insert=True)
    ledger.append(
        cursor,
        chain=ledger.STUDY_CHAIN,
        what=board.DECIDED,
        by=row.by,
        at=row.at,
        payload=board.decided(row),
    )


def waiting(rules: SafetyBoard | None) -> tuple[str, ...]:
    """What randomisation waits for under a protocol: `sentinel`, and levels of strata."""
    if rules is None or not rules.holds_randomisation:
        return ()
    first = (board.SENTINEL,) if rules.sentinel_count else ()
    return (*first, *rules.opens)
