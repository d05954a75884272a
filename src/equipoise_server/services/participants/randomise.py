"""Randomise a participant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise import supply
from equipoise.eligibility import Finding, assess
from equipoise.errors import AllocatedOtherwise, Conflict, Refused
from equipoise.participant import ParticipantState, Randomise, check_randomisable
from equipoise.participant.deferral import require_not_lapsed
from equipoise.protocol.model import Study
from equipoise_server.allocator import client
from equipoise_server.services.access import permissions
from equipoise_server.services.participants.randomisation_record import (
    require_writable,
    write_record,
)
from equipoise_server.services.request import Answer, Request, answered_before, perform
from equipoise_server.services.standing import (
    require_board,
    require_newest_consent,
    require_open,
)
from equipoise_server.store import documents, ledger, life, randomising, supplies
from equipoise_server.store import study as studies
from equipoise_server.store.ledger import Entry
from equipoise_server.store.models import Participant, RandomisationRequest, User
from equipoise_server.store.randomising import Standing, Stored
from equipoise_server.store.strata import stratum_of


def randomise(*, participant: str, by: User, at: datetime, key: str) -> str:
    """Give the participant the next place in their stratum; returns the kit code, never an arm.

    Consent, eligibility and stratum are judged first, and nobody waits for that. Then the
    allocator commits its answer, which counts; it is asked outside every transaction, for it
    takes its time. Then the store writes the answer down, if what was judged still holds.
    Where that fails, a retry gets the same answer, and `tick` finishes what nobody retries.

    Raises:
        NotEligible, NotConsented, ConsentLapsed, ReconsentDue, AlreadyRandomised, StratumUnknown, AlreadyWithdrawn.
        OutOfStock, ListExhausted: from the allocator, in the same words for every arm.
        ListOfAnotherVersion, ClockWrong, AllocatedOtherwise: from the allocator.
        NotPermitted, Locked, UnknownRecord, KeyReused, StorageFull.

    """
    request = Request(verb="randomise", by=by, at=at, key=key, body={"participant": participant})
    with connection.cursor() as cursor:
        known = answered_before(cursor, request)
    if known is not None:
        _forget(request, participant)
        return str(known["kit"])
    try:
        with connection.cursor() as cursor:
            judged = _judge(cursor, request, randomising.standing(cursor, participant))
            _announce(cursor, request, participant)
        kit = _ask(request, judged)
        answer = perform(request, lambda: _write_down(request, judged, kit))
    except (Refused, Conflict):
        _forget(request, participant)
        raise
    _forget(request, participant)
    return str(answer["kit"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """That somebody may be randomised, under which version and stratum, judged at which entry."""

    standing: Standing
    state: ParticipantState
    study: Study
    on: date
    stratum: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def _judge(cursor: Any, request: Request, now: Standing) -> _Judged:
    """Whether this person may randomise this participant now."""
    require_open(request.verb, now.locked_at, now.randomisation_open)
    study = studies.of_digest(now.version)
    permissions.require(cursor, request.verb, by=request.by, at=request.at, site=now.site)
    state = now.state()
    answers = documents.answers(study, documents.records_of(study, now.code))
    findings = assess(study.protocol, answers)
    stratum = stratum_of(study.protocol, answers, now.site)
    on = request.at.astimezone(ZoneInfo(now.timezone)).date()
    require_not_lapsed(state, "randomisation", request.at)
    check_randomisable(state, stratum=stratum, findings=findings, on=on)
    require_newest_consent(cursor, state, "randomisation", at=request.at)
    now.require_unlocked()
    require_writable(cursor, study, state)
    require_board(cursor, study, site=now.site, stratum=stratum, at=request.at)
    return _Judged(
        standing=now,
        state=state,
        study=study,
        on=on,
        stratum=tuple(stratum),
        findings=tuple(findings),
    )


def _announce(cursor: Any, request: Request, code: str) -> None:
    """Commit that this was asked for, before the allocator is. Inside an outer transaction
    nothing can be committed; there the driver repeats what it lost.
    """
    if not connection.in_atomic_block:
        randomising.announce(cursor, code, by=request.by.pk, at=request.at, key=request.key)


def _ask(request: Request, judged: _Judged) -> str:
    return client.allocate(
        participant=judged.standing.code,
        site=judged.standing.site,
        stratum=dict(judged.stratum),
        key=request.key,
        at=request.at,
        digest=judged.standing.opened_under,
    )


def _forget(request: Request, code: str) -> None:
    """An answered request is over, and so is a refused one, unless the allocator holds an answer
    that the store has not: then `tick` reports it. Of two at once, the slower may have announced
    itself after the faster had cleared up.
    """
    waiting = RandomisationRequest.objects.filter(pk=code, key=request.key)
    if not waiting.exists():
        return
    written = Participant.objects.filter(pk=code).exclude(kit="").exists()
    if written or not client.holds(participant=code):
        waiting.delete()


def _write_down(request: Request, judged: _Judged, kit: str) -> Answer:
    """Write the allocator's answer, with nobody else acting on the participant.

    Raises:
        AllocatedOtherwise: the stratum has changed since it was judged.

    """
    by, at, code = request.by.username, request.at, judged.standing.code
    with connection.cursor() as cursor:
        ledger.hold(cursor, code, supplies.chain_of(kit))
        now, stored = randomising.held(cursor, code, kit)
        judged = _still(cursor, request, judged, now)
        command = Randomise(
            at=at, on=judged.on, kit=kit, stratum=judged.stratum, findings=judged.findings
        )
        state, entries = life.stepped(
            judged.state, command, after=now.head, code=code, by=by, at=at
        )
        life.put(cursor, state)
        entries += _reserve(cursor, state, stored, by=by, at=at)
        ledger.write(cursor, entries)
        randomising.done(cursor, code)
        write_record(cursor, judged.study, state, now.timezone, by=by, at=at, key=request.key)
    return {"kit": kit}


def _still(cursor: Any, request: Request, judged: _Judged, now: Standing) -> _Judged:
    """The judgement, made again where the participant's chain has grown since."""
    before = judged.standing
    if now.head == before.head:
        require_open(request.verb, now.locked_at, now.randomisation_open)
        permissions.require(cursor, request.verb, by=request.by, at=request.at, site=now.site)
        now.require_unlocked()
        return judged
    again = _judge(cursor, request, now)
    if (now.site, again.stratum) != (before.site, judged.stratum):
        raise AllocatedOtherwise(now.code)
    return again


def _reserve(
    cursor: Any, state: ParticipantState, stored: Stored, *, by: str, at: datetime
) -> list[Entry]:
    """Take the kit out of the free stock. One that is not there any more must be replaced."""
    kit = stored.state
    if kit is None or kit.status != "in-stock" or not kit.valid:
        return []
    command = supply.Reserve(participant=state.code, at=at)
    changed, entries = supplies.stepped(kit, command, after=stored.head, kit=kit.code, by=by, at=at)
    supplies.put(cursor, kit.code, changed)
    return entries
