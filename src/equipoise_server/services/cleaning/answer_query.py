"""Answer a query, or say more in it."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import OutOfOrder
from equipoise.protocol.roles import SITE_STAFF
from equipoise_server.services.access import permissions
from equipoise_server.services.cleaning.query_step import step
from equipoise_server.store.models import Finding, User


def answer_query(
    *, query: int, text: str, by: User, at: datetime, key: str, confirmed: bool = False
) -> None:
    """Say something in an open query. Said by the site it is the answer; else it asks on.

    Raises:
        OutOfOrder: the query is closed. MayUnblind, ReasonRequired: of the text.
        UnknownRecord, NotPermitted, Locked, KeyReused.

    """

    def act(found: Finding) -> None:
        if found.state != "open":
            raise OutOfOrder("The answer", "the query is closed; reopen it first")
        found.answered_at = at if _of_site(by, at) else None
        found.save(update_fields=["answered_at"])

    step("answer a query", query, text, by=by, at=at, key=key, confirmed=confirmed, act=act)


def _of_site(by: User, at: datetime) -> bool:
    """Whether somebody speaks for a site."""
    return any(role in SITE_STAFF for role, _site in permissions.roles(by, at))
