"""Release the allocation after lock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from equipoise.errors import NotLocked
from equipoise_server.allocator import client
from equipoise_server.services.access.two_persons import Agreed, together
from equipoise_server.store.models import Trial

STEP = "unblind the study"


Reason = tuple[str, str]
Release = Callable[[Reason, Reason, datetime], object]


def unblind(
    *, first: Agreed, second: Agreed, at: datetime, key: str, release: Release | None = None
) -> None:
    """Have the allocator release the list. The arms stay on its side until analysis asks.

    The store notes who agreed, then the allocator releases inside the same step: where it
    refuses, the note goes too; where the note is lost, the release can be asked for again.
    `release`: how it is asked where the vault is not kept here, with both persons' proofs.

    Raises:
        NotLocked: the study is not locked.
        TwoPersonsRequired, NotPermitted, KeyReused.

    """

    def change(trial: Trial) -> None:
        if trial.locked_at is None:
            raise NotLocked("Unblinding")
        one, other = ((agreed.by.username, agreed.reason) for agreed in (first, second))
        if release is None:
            client.release(first=one, second=other, at=at)
        else:
            release(one, other, at)
        trial.unblinded_at = trial.unblinded_at or at

    together(STEP, "unblinded", first=first, second=second, at=at, key=key, change=change)
