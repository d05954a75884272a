"""Unlock the study again, before anybody has been unblinded."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import NotLocked, OutOfOrder
from equipoise_server.services.access.two_persons import Agreed, together
from equipoise_server.store.models import Trial


def unlock(*, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    """Unlock the study, so that data can be corrected.

    Raises:
        NotLocked: it is not locked.
        OutOfOrder: the allocation has been released; data stay as they are.
        TwoPersonsRequired, NotPermitted, KeyReused.

    """

    def change(trial: Trial) -> None:
        if trial.locked_at is None:
            raise NotLocked("Unlocking")
        if trial.unblinded_at is not None:
            raise OutOfOrder("Unlocking", "the allocation has been released")
        trial.locked_at = None

    together("unlock", "unlocked", first=first, second=second, at=at, key=key, change=change)
