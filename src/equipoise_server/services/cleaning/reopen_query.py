"""Open a closed query again."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import OutOfOrder
from equipoise_server.services.cleaning.query_step import step
from equipoise_server.store.models import Finding, User


def reopen_query(
    *, query: int, text: str, by: User, at: datetime, key: str, confirmed: bool = False
) -> None:
    """Go on with a query that a person closed. One that a rule closed has nothing left to ask.

    Raises:
        OutOfOrder: it is open, or its rule no longer says anything.
        MayUnblind, ReasonRequired: of the text.
        UnknownRecord, NotPermitted, Locked, KeyReused.

    """

    def act(found: Finding) -> None:
        if found.state == "open":
            raise OutOfOrder("The reopening", "the query is open")
        if found.origin != "person" and not found.accepted:
            raise OutOfOrder("The reopening", "the data agree now; open a query of your own")
        found.state, found.closed_at, found.closed_version = "open", None, None
        found.accepted, found.answered_at = False, None
        found.save(
            update_fields=["state", "closed_at", "closed_version", "accepted", "answered_at"]
        )

    step("reopen a query", query, text, by=by, at=at, key=key, confirmed=confirmed, act=act)
