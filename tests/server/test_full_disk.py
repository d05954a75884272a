"""A disk that fills up: one sentence, nothing half-written, and work goes on with space."""

from __future__ import annotations

import pytest
from django.db import connection

from equipoise.errors import StorageFull
from equipoise_server.services.verify import verify
from equipoise_server.store import checkpoint
from equipoise_server.store.models import LedgerEntry, RecordVersion
from server.cast import NOW, Cast


def limit(pages: int) -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0])


def fill_up(trial: Cast, code: str) -> None:
    for number in range(1, 500):
        trial.fill_in(code, "event", {"term": "x" * 2000}, visit="log", number=number)


def test_a_full_disk_is_said_in_one_sentence_and_nothing_is_half_written(trial: Cast) -> None:
    code = trial.enrol()
    if connection.vendor != "sqlite":
        assert verify().sound  # PostgreSQL answers for its own disk
        return
    limit(1)  # SQLite sets it to the present size: not one page more
    with pytest.raises(StorageFull) as refusal:
        fill_up(trial, code)
    saved = RecordVersion.objects.count() + 1
    assert "Nothing was half-written" in str(refusal.value)
    assert LedgerEntry.objects.filter(what="recorded").count() == saved - 1
    limit(1_000_000)
    assert verify().sound
    before = LedgerEntry.objects.count()
    trial.fill_in(code, "event", {"term": "after"}, visit="log", number=saved)
    assert LedgerEntry.objects.count() == before + 1
    assert verify().sound


def test_a_checkpoint_that_cannot_be_written_leaves_nothing(trial: Cast) -> None:
    folder = trial.instance.folder / "checkpoints"
    folder.write_text("a file where the folder should be")
    with pytest.raises(StorageFull):
        checkpoint.write(NOW)
    assert folder.read_text() == "a file where the folder should be"
