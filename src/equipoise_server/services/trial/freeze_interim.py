"""Freeze the data of the interim analysis that is due. Blinded: counts and outcomes, no arm.

The independent statistician conducts the analysis elsewhere; that process reads no record, but
these frozen data alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from equipoise.digest import canonical_json, sha256
from equipoise.errors import AlreadyRecorded, OutOfOrder, say
from equipoise.protocol.model import Study
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, answered_before, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import checkpoint, interim, ledger
from equipoise_server.store import study as studies
from equipoise_server.store.models import InterimCut, User

if TYPE_CHECKING:
    from equipoise.analysis.interim_cut import Gathered, Progress

STEP = "freeze the data of an interim analysis"
_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """The data at one moment, and the digest of the heads of all chains then."""

    gathered: Gathered
    head: str


def interim_progress(at: datetime) -> Progress | None:
    """How far the trial is, all arms together; None where the protocol plans no interim analysis."""
    from equipoise.analysis.interim_cut import forms_that_count

    study = studies.active()
    found = _read(study, at, forms_that_count(study.protocol))
    return None if found is None else found.gathered.progress


def freeze_interim(*, by: User, at: datetime, key: str) -> int:
    """Freeze the data of the look that is due; returns its number.

    Raises:
        OutOfOrder: no interim analysis is planned, or none is due.
        AlreadyRecorded: somebody else has just frozen it.
        NotPermitted, Locked, KeyReused.

    """
    request = Request(verb=STEP, by=by, at=at, key=key, body={})
    with connection.cursor() as cursor:
        known = answered_before(cursor, request)
        if known is not None:
            return int(known["look"])
        permissions.require(cursor, STEP, by=by, at=at)
    row = _due(at, by)
    return int(perform(request, lambda: _keep(request, row))["look"])


def _due(at: datetime, by: User) -> InterimCut:
    from equipoise.analysis import interim_cut

    found, taken = _read(studies.active(), at, None), interim.newest_look()
    if found is None:
        raise OutOfOrder("The interim analysis", say("the protocol plans none"))
    progress = found.gathered.progress
    look = progress.due(taken)
    if look is None:
        raise OutOfOrder("The interim analysis", _why_not(progress, taken))
    cut = canonical_json(interim_cut.document(found.gathered.cut(look))).decode()
    return InterimCut(look=look, document=cut, head=found.head, by=by.username, at=at)


def _why_not(now: Progress, taken: int) -> str:
    if taken >= len(now.looks):
        return say("each planned look was taken")
    if now.fraction >= 1:
        return say("all the information is there, so that the final analysis is next")
    words = (
        say("it is due at {needed} events, and there are {now}", **_numbers(now, taken))
        if now.unit == "events"
        else say("it is due at {needed} participants, and there are {now}", **_numbers(now, taken))
    )
    return words


def _numbers(now: Progress, taken: int) -> dict[str, object]:
    return {"needed": f"{now.needed(taken + 1):.1f}", "now": now.information}


def _read(study: Study, at: datetime, forms: frozenset[str] | None) -> _Read | None:
    from equipoise.analysis.interim_cut import Gathered, interim_of
    from equipoise_server.store.dataset import dataset

    planned = interim_of(study.protocol)
    if planned is None:
        return None
    with _one_moment():
        head = sha256(checkpoint.heads())
        data = dataset(study, allocated={}, received={}, forms=forms)
    return _Read(gathered=Gathered(data, at, planned), head=head)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything read within is as it was at one moment."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost and connection.vendor == "postgresql":
            cursor.execute(_ONE_MOMENT)
        yield


def _keep(request: Request, row: InterimCut) -> Answer:
    with connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        require_unlocked(cursor, STEP)
        permissions.require(cursor, STEP, by=request.by, at=request.at)
        if interim.newest_look() >= row.look:
            raise AlreadyRecorded(say("interim look {look}", look=row.look), "The data")
        row.save(force_insert=True)
        said: dict[str, Any] = interim.frozen(row)
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what=interim.FROZEN,
            by=row.by,
            at=row.at,
            payload=said,
        )
    return {"look": row.look}
