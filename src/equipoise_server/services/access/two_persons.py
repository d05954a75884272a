"""Steps that two different persons take together, each with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import TwoPersonsRequired
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger
from equipoise_server.store.models import Trial, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A person who agrees to a step, and why."""

    by: User
    reason: str


def require_two(step: str, first: Agreed, second: Agreed) -> None:
    """Refuse one person twice, and a person who gives no reason.

    Raises:
        TwoPersonsRequired: either.

    """
    if first.by.pk == second.by.pk or not first.reason.strip() or not second.reason.strip():
        raise TwoPersonsRequired(step.capitalize())


def require_both(
    cursor: Any,
    step: str,
    first: Agreed,
    second: Agreed,
    *,
    at: datetime,
    site: str | None = None,
) -> dict[str, str]:
    """Refuse unless two different persons may take a step and each says why; reason by user name.

    Raises:
        TwoPersonsRequired: one person twice, or a reason is missing.
        NotPermitted: one of them may not.

    """
    require_two(step, first, second)
    for one in (first, second):
        permissions.require(cursor, step, by=one.by, at=at, site=site)
    return {one.by.username: one.reason.strip() for one in (first, second)}


def together(
    step: str,
    what: str,
    *,
    first: Agreed,
    second: Agreed,
    at: datetime,
    key: str,
    change: Callable[[Trial], None],
) -> None:
    """Change the standing of the trial when both may and both agree; one entry in the ledger.

    Raises:
        TwoPersonsRequired: one person twice, or a reason is missing.
        NotPermitted: one of them may not.

    """
    require_two(step, first, second)
    reasons = {one.by.username: one.reason for one in (first, second)}
    request = Request(verb=step, by=first.by, at=at, key=key, body=reasons)

    def work() -> Answer:
        with connection.cursor() as cursor:
            ledger.hold(cursor, ledger.STUDY_CHAIN)
            for one in (first, second):
                permissions.require(cursor, step, by=one.by, at=at)
            trial = Trial.objects.select_for_update().get()
            change(trial)
            trial.save()
            ledger.append(
                cursor,
                chain=ledger.STUDY_CHAIN,
                what=what,
                by=first.by.username,
                at=at,
                payload={"persons": reasons},
            )
        return {}

    perform(request, work)
