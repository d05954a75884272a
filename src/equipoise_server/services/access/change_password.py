"""Change one's own password. Every session of the person ends with it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise_server.services.access import fresh_factor
from equipoise_server.services.request import whole
from equipoise_server.store import ledger
from equipoise_server.store.models import User


def change_password(*, user: User, password: str, proof: str, purpose: str, at: datetime) -> None:
    """Set a new password; that it changed stands in the ledger, what it is nowhere.

    Raises:
        FactorRequired, FactorRefused: no fitting proof for `purpose`.

    """
    with whole(), connection.cursor() as cursor:
        fresh_factor.consume(by=user, proof=proof, purpose=purpose, at=at)
        user.set_password(password)
        user.save(update_fields=["password"])
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="password-changed",
            by=user.username,
            at=at,
            payload={"username": user.username},
        )
