"""Lock the study: from then on nothing of it can be changed."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import ChainBroken, Locked
from equipoise_server.services.two_persons import Agreed, together
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Trial


def lock(*, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    """Lock the study, after verifying that what is locked is what was written.

    Raises:
        ChainBroken: verification failed; the first bad row is named.
        Locked: it is locked already.
        TwoPersonsRequired, NotPermitted, KeyReused.

    """
    found = verify()
    if found.broken:
        raise ChainBroken(found.broken[0].row, found.broken[0].why)
    if found.differences:
        raise ChainBroken(found.differences[0].of, found.differences[0].why)

    def change(trial: Trial) -> None:
        if trial.locked_at is not None:
            raise Locked("locking it again")
        trial.locked_at = at

    together("lock", "locked", first=first, second=second, at=at, key=key, change=change)
