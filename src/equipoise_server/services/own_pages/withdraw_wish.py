"""A participant asks from their own pages to withdraw; the site carries it out and is told."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from django.db import connection

from equipoise.errors import AlreadyWithdrawn, FormIncomplete, say
from equipoise.participant.require import require_consent
from equipoise.participant.state import Level
from equipoise_server.identity.sealing import new_token
from equipoise_server.services.own_pages.participant_self import PARTICIPANT
from equipoise_server.services.request import whole
from equipoise_server.store import consenting, ledger, life
from equipoise_server.store.models import WithdrawalWish

LEVELS: tuple[str, ...] = get_args(Level)


def wish_to_withdraw(code: str, level: Level, *, at: datetime) -> None:
    """Note the wish; asked twice, it stands once.

    Raises:
        FormIncomplete: no such level. AlreadyWithdrawn: this was carried out.
        NotConsented, UnknownRecord.

    """
    if level not in LEVELS:
        raise FormIncomplete(("level",))
    with whole(), connection.cursor() as cursor:
        ledger.hold(cursor, code)
        state = life.state_of(code)
        require_consent(state, "withdrawal")
        if state.withdrew(level):
            raise AlreadyWithdrawn(code, say("withdrawal from {level}", level=level))
        open_wish = WithdrawalWish.objects.filter(
            participant=code, level=level, done_at__isnull=True
        )
        if open_wish.exists():
            return
        WithdrawalWish.objects.create(token=new_token(), participant_id=code, level=level, at=at)
        ledger.append(
            cursor,
            chain=code,
            what=consenting.WISHED,
            by=PARTICIPANT,
            at=at,
            payload={"level": level},
        )
