"""Classify a deviation: minor, major, or none at all."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise.errors import OutOfOrder, UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.cleaning.query_step import require_text
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, locks
from equipoise_server.store.models import Deviation, User

VERB = "classify a deviation"
CLASSES = ("minor", "major", "none")


def classify_deviation(
    *,
    deviation: int,
    classification: str,
    text: str,
    by: User,
    at: datetime,
    key: str,
    confirmed: bool = False,
) -> None:
    """Say how grave a deviation is, and why; "none": it is no deviation. May be said anew.

    Raises:
        UnknownRecord: no such deviation or class. OutOfOrder: the data no longer show it.
        MayUnblind, ReasonRequired: of the text. NotPermitted, Locked, KeyReused.

    """
    said = text.strip()
    body = {"deviation": deviation, "classification": classification, "text": said}
    request = Request(verb=VERB, by=by, at=at, key=key, body=body)
    perform(request, lambda: _classify(request, deviation, classification, said, confirmed))


def _classify(
    request: Request, deviation: int, classification: str, text: str, confirmed: bool
) -> Answer:
    by, at = request.by, request.at
    rows = Deviation.objects.select_related("participant")
    found = rows.filter(pk=deviation).first()
    if found is None:
        raise UnknownRecord(say("deviation {deviation}", deviation=deviation))
    if classification not in CLASSES:
        raise UnknownRecord(say("class {classification}", classification=classification[:40]))
    with connection.cursor() as cursor:
        ledger.hold(cursor, found.participant_id)
        study = require_unlocked(cursor, VERB)
        site = found.participant.site_id
        locks.require_unlocked(cursor, site=site, participant=found.participant_id, step=VERB)
        permissions.require(cursor, VERB, by=by, at=at, site=site)
        require_text(study, text, VERB, confirmed=confirmed, needed=True)
        found = rows.get(pk=deviation)
        if found.status == "gone":
            raise OutOfOrder("The class", "the data no longer show this deviation")
        found.status, found.classification = "classified", classification
        found.classified_by, found.classified_at = by.username, at
        found.save(update_fields=["status", "classification", "classified_by", "classified_at"])
        ledger.append(
            cursor,
            chain=found.participant_id,
            what="deviation-classified",
            by=by.username,
            at=at,
            payload={"class": classification, "kind": found.kind, "text": text},
            subject=f"deviation/{found.pk}",
        )
    return {}
