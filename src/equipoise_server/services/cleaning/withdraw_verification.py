"""Take back that answers were compared with their source, by hand and with a reason."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from equipoise.errors import ReasonRequired, UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import cleaning, ledger
from equipoise_server.store.models import Record, User, Verification
from equipoise_server.store.save import Place, standing

STEP = "withdraw a verification"


def withdraw_verification(
    *,
    participant: str,
    form: str,
    visit: str,
    items: Collection[str],
    reason: str,
    by: User,
    at: datetime,
    key: str,
    number: int = 0,
) -> int:
    """Let the comparison of some answers hold no longer; how many there were.

    They wait to be compared again. Who verified them, and who withdrew it and why, stays in
    the ledger.

    Raises:
        UnknownRecord: no such record, or an item of it that is not verified.
        ReasonRequired, NotPermitted, Locked, PartLocked, KeyReused.

    """
    place = Place(participant=participant, form=form, visit=visit, number=number)
    wanted, why = sorted(set(items)), reason.strip()
    body = {"place": place, "items": wanted, "reason": why}
    request = Request(verb=STEP, by=by, at=at, key=key, body=body)
    return int(perform(request, lambda: _withdraw(request, place, wanted, why))["withdrawn"])


def _withdraw(request: Request, place: Place, items: list[str], reason: str) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, place.participant)
        found = standing(cursor, place, step=STEP)
        permissions.require(cursor, STEP, by=by, at=at, site=found.site)
        if not reason:
            raise ReasonRequired(STEP.capitalize())
        record = Record.objects.filter(
            participant=place.participant, form=place.form, visit=place.visit, number=place.number
        ).first()
        known = Verification.objects.filter(record=record, undone_at__isnull=True)
        missing = set(items) - set(known.values_list("item", flat=True))
        if record is None or not items or missing:
            raise UnknownRecord(
                say(
                    "verified answer {missing} in {place}",
                    missing=min(missing, default="")[:40],
                    place=place,
                )
            )
        cleaning.undo_verification(
            cursor,
            record.pk,
            place.participant,
            items,
            record.version,
            by=by.username,
            at=at,
            reason=reason,
        )
    return {"withdrawn": len(items)}
