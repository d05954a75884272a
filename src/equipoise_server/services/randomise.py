"""Randomise a participant."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise import supply
from equipoise.eligibility import assess
from equipoise.errors import Conflict, Refused
from equipoise.participant import ParticipantState, Randomise, check_randomisable
from equipoise.protocol.model import Study
from equipoise_server.allocator import client
from equipoise_server.services import permissions
from equipoise_server.services.randomisation_record import write_record
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_open
from equipoise_server.store import documents, ledger, life, supplies
from equipoise_server.store.models import Kit, Participant, RandomisationRequest, Site, User
from equipoise_server.store.strata import stratum_of


def randomise(*, participant: str, by: User, at: datetime, key: str) -> str:
    """Give the participant the next place in their stratum; returns the kit code, never an arm.

    Consent, eligibility and stratum are judged first. Then the allocator commits its answer,
    which counts; the store writes it down second. Where that fails, a retry gets the same
    answer, and `tick` finishes what nobody retries.

    Raises:
        NotEligible, NotConsented, AlreadyRandomised, StratumUnknown, AlreadyWithdrawn.
        OutOfStock, ListExhausted: from the allocator, in the same words for every arm.
        NotPermitted, Locked, UnknownRecord, KeyReused, StorageFull.

    """
    request = Request(verb="randomise", by=by, at=at, key=key, body={"participant": participant})
    _announce(request, participant)
    try:
        answer = perform(request, lambda: _randomise(request, participant))
    except (Refused, Conflict):
        RandomisationRequest.objects.filter(pk=participant).delete()
        raise
    return str(answer["kit"])


def _announce(request: Request, code: str) -> None:
    """Commit that this was asked for, before the allocator is. Inside an outer transaction
    nothing can be committed; there the driver repeats what it lost.
    """
    if connection.in_atomic_block or not Participant.objects.filter(pk=code, kit="").exists():
        return
    asked = {"by": request.by, "at": request.at, "key": request.key}
    RandomisationRequest.objects.get_or_create(pk=code, defaults=asked)


def _randomise(request: Request, code: str) -> Answer:
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        study = require_open(cursor, "randomise")
        site = Site.objects.get(pk=life.site_of(code))
        permissions.require(cursor, "randomise", by=request.by, at=request.at, site=site.pk)
        kit = _place(
            cursor, study, code, site, by=request.by.username, at=request.at, key=request.key
        )
    return {"kit": kit}


def _place(
    cursor: Any, study: Study, code: str, site: Site, *, by: str, at: datetime, key: str
) -> str:
    """Judge, ask the allocator, write down. Call inside a transaction that holds the chain."""
    state = life.state_of(code)
    records = documents.records_of(study, code)
    answers = documents.answers(study, records)
    findings = assess(study.protocol, answers)
    stratum = stratum_of(study.protocol, answers, site.pk)
    on = at.astimezone(ZoneInfo(site.timezone)).date()
    check_randomisable(state, stratum=stratum, findings=findings, on=on)
    levels = dict(stratum)
    kit = client.allocate(participant=code, site=site.pk, stratum=levels, key=key, at=at)
    command = Randomise(at=at, on=on, kit=kit, stratum=stratum, findings=findings)
    state = life.advance(cursor, command, code=code, by=by, at=at)
    RandomisationRequest.objects.filter(pk=code).delete()
    _reserve(cursor, state, kit, by=by, at=at)
    write_record(cursor, study, state, site.timezone, by=by, at=at, key=key)
    return kit


def _reserve(cursor: Any, state: ParticipantState, kit: str, *, by: str, at: datetime) -> None:
    """Take the kit out of the free stock. One that is not there any more must be replaced."""
    if Kit.objects.filter(pk=kit, status="in-stock", valid=True).exists():
        command = supply.Reserve(participant=state.code, at=at)
        supplies.advance(cursor, kit, command, by=by, at=at)
