"""Lock the study: from then on nothing of it can be changed."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import ChainBroken, Locked, UnitsOpen
from equipoise_server.services.access.two_persons import Agreed, require_two, together
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Trial
from equipoise_server.store.queries import checklist
from equipoise_server.store.queries.accounts import open_units


def lock(*, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    """Lock the study, after verifying that what is locked is what was written and is finished.

    Raises:
        ChainBroken: verification failed; the first bad row is named.
        UnitsOpen: the kits do not reconcile to zero; the units are named.
        NotReady: a query is open, a signature is missing, and so on; each is named.
        Locked: it is locked already.
        TwoPersonsRequired, NotPermitted, KeyReused.

    """
    require_two("lock", first, second)
    found = verify()
    if found.broken:
        raise ChainBroken(found.broken[0].row, found.broken[0].why)
    if found.differences:
        raise ChainBroken(found.differences[0].of, found.differences[0].why)

    _require_reconciled()

    def change(trial: Trial) -> None:
        if trial.locked_at is not None:
            raise Locked("locking it again")
        checklist.require_done(None, at)
        trial.locked_at = at

    together("lock", "locked", first=first, second=second, at=at, key=key, change=change)


def _require_reconciled() -> None:
    """Refuse while a unit is neither given, returned, destroyed nor lost.

    Raises:
        UnitsOpen: naming the units.

    """
    missing = open_units()
    if missing:
        raise UnitsOpen(tuple(dict.fromkeys(one.unit for one in missing)))
