"""What runs over the data at night: checks across forms and visits, deviations."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise.digest import sha256
from equipoise.protocol.identity import as_data
from equipoise_server.services.request import whole
from equipoise_server.store import cleaning, ledger, study, versions
from equipoise_server.store.models import LedgerEntry, Participant, Trial, Upload

NIGHT = "night"
CHECKED = "data-checked"
"""Whom the ledger names for what no person did."""


def check_nightly(*, at: datetime) -> int:
    """The same once a day (UTC), however often it is called; 0 where it was done already."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    done = LedgerEntry.objects.filter(chain=ledger.STUDY_CHAIN, what=CHECKED)
    if done.filter(at__gte=today).exists():
        return 0
    looked = check_data(at=at)
    if looked:
        with whole(), connection.cursor() as cursor:
            ledger.append(
                cursor,
                chain=ledger.STUDY_CHAIN,
                what=CHECKED,
                by=NIGHT,
                at=at,
                payload={"participants": looked},
            )
    return looked


def check_data(*, at: datetime) -> int:
    """Judge everybody's data by the cleaning plan; how many participants were looked at.

    Each participant is one transaction, so that nobody who works waits for long. Nothing is
    done in a locked study. Uploads that nobody accepted are dropped after a day.
    """
    trial = Trial.objects.first()
    if trial is None or trial.locked_at is not None:
        return 0
    _note_plan(trial.study_id, at)
    Upload.objects.filter(at__lt=at.replace(hour=0, minute=0, second=0, microsecond=0)).delete()
    looked = 0
    people = Participant.objects.exclude(consented_at=None).order_by("pk")
    for code, zone in people.values_list("pk", "site__timezone"):
        with whole(), connection.cursor() as cursor:
            ledger.hold(cursor, code)
            running = study.of_digest(versions.of(cursor, code))
            cleaning.whole(cursor, running, code, by=NIGHT, at=at, zone=zone)
        looked += 1
    return looked


def _note_plan(digest: str, at: datetime) -> None:
    """Put the plan's digest into the study's ledger when it is first used."""
    plan = sha256(as_data(study.of_digest(digest).cleaning))
    known = LedgerEntry.objects.filter(chain=ledger.STUDY_CHAIN, what="cleaning-plan")
    if known.filter(subject=plan).exists():
        return
    with whole(), connection.cursor() as cursor:
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="cleaning-plan",
            by=NIGHT,
            at=at,
            payload={"digest": plan},
            subject=plan,
        )
