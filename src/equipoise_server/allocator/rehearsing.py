"""What only a demonstration does: many acts of its simulated people in one message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from equipoise.errors import LiveUseRefused
from equipoise_server.allocator import ceremony, preparation
from equipoise_server.allocator.transaction import vault_transaction

DEMO = "demo"


def require_demonstration() -> None:
    """Refuse to open the rehearsal door on a vault whose list is not a demonstration's.

    Raises:
        LiveUseRefused: whoever reaches that door reaches everything.

    """
    if ceremony.label() != DEMO:
        raise LiveUseRefused("the rehearsal door opens on the list of a demonstration alone")


def record_many(*, records: Iterable[Mapping[str, Any]]) -> int:
    """Save many records of unblinded forms, in order and all or none; returns how many."""
    require_demonstration()
    saved = 0
    with vault_transaction():
        for one in records:
            preparation.record(**{**one, "at": datetime.fromisoformat(one["at"])})
            saved += 1
    return saved
