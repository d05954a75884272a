"""Close a query."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import OutOfOrder, ReasonRequired
from equipoise_server.services.cleaning.query_step import step
from equipoise_server.store.models import Finding, User


def close_query(
    *, query: int, by: User, at: datetime, key: str, text: str = "", confirmed: bool = False
) -> None:
    """Close an open query. That of a rule, whose data still disagree, needs a reason; it does
    not open again while the rule says the same.

    Raises:
        OutOfOrder: it is closed. ReasonRequired, MayUnblind: of the text.
        UnknownRecord, NotPermitted, Locked, KeyReused.

    """

    def act(found: Finding) -> None:
        if found.state != "open":
            raise OutOfOrder("The closing", "the query is closed already")
        if found.origin != "person" and not text.strip():
            raise ReasonRequired("To close a query while its rule still says the same")
        found.state, found.closed_at = "closed", at
        found.closed_version = found.record.version
        found.accepted = found.origin != "person"
        found.save(update_fields=["state", "closed_at", "closed_version", "accepted"])

    step(
        "close a query",
        query,
        text,
        by=by,
        at=at,
        key=key,
        confirmed=confirmed,
        act=act,
        needs_text=False,
    )
