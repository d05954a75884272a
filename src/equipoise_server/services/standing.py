"""Where the trial stands: under which protocol version, locked or not."""

from __future__ import annotations

from typing import Any

from equipoise.errors import IntegrityError, Locked, OutOfOrder
from equipoise.protocol.model import Study
from equipoise_server.store import study as studies

_TRIAL = "SELECT study_id, locked_at, randomisation_open FROM store_trial"


def require_unlocked(cursor: Any, step: str) -> Study:
    """The study to act under; on PostgreSQL nobody can lock it until this transaction ends.

    Raises:
        Locked: the study is locked.

    """
    digest, _ = _unlocked(cursor, step)
    return studies.of_digest(digest)


def require_open(cursor: Any, step: str) -> Study:
    """The same, where recruitment is open too.

    Raises:
        Locked: the study is locked.
        OutOfOrder: randomisation is paused.

    """
    digest, randomisation_open = _unlocked(cursor, step)
    if not randomisation_open:
        raise OutOfOrder("Randomisation", "it is paused by the safety board")
    return studies.of_digest(digest)


def _unlocked(cursor: Any, step: str) -> tuple[str, bool]:
    shared = " FOR SHARE" if cursor.db.vendor == "postgresql" else ""
    cursor.execute(_TRIAL + shared)
    found = cursor.fetchone()
    if found is None:
        raise IntegrityError("This instance has no trial yet. Open one with `equipoise demo`.")
    digest, locked_at, randomisation_open = found
    if locked_at is not None:
        raise Locked(step)
    return digest, bool(randomisation_open)
