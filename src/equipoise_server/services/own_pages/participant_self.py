"""The participant as the one who acts: a name in the ledger, and no role of the staff."""

from __future__ import annotations

from equipoise_server.store.models import User

PARTICIPANT = "participant"


def oneself() -> User:
    """Stands where a service names who acts; it is nobody's account and is never stored."""
    return User(username=PARTICIPANT, full_name="", is_active=False)
