"""Analyse the study and write the report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.db import connection

from equipoise.errors import NotLocked
from equipoise_server.allocator import client
from equipoise_server.services.access import permissions
from equipoise_server.services.request import whole
from equipoise_server.store import ledger, study
from equipoise_server.store.models import Trial, User


def analyse(*, out: Path, by: User, at: datetime, language: str = "en") -> Path:
    """Write results, report, tables and figures of the locked and released study to `out`.

    What was analysed cannot change any more, so it may be repeated; each time stands in the
    ledger. `language` is that of the protocol's own words in the report.

    Raises:
        NotLocked: the study is not locked, or its allocation was not released.
        NotPermitted: `by` may not.
        StorageFull: `out` cannot be written.

    """
    with whole(), connection.cursor() as cursor:
        permissions.require(cursor, "analyse", by=by, at=at)
        trial = Trial.objects.get()
        if trial.locked_at is None or trial.unblinded_at is None:
            raise NotLocked("Analysing by arm")
        running = study.active()
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="analysed",
            by=by.username,
            at=at,
            payload={"study": running.digest},
        )
    from equipoise.analysis import report
    from equipoise.analysis.dataset import Taken
    from equipoise_server.store.dataset import dataset

    looks = tuple(Taken(**one) for one in client.ask("released_looks"))
    data = dataset(running, allocated=client.released(), received=client.received(), looks=looks)
    report.write(
        data, out, made_at=at, demo=trial.demo, commitment=client.commitment(), language=language
    )
    return out
