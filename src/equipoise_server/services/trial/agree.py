"""A step that needs two persons: one asks for it, another one agrees or declines."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import AlreadyRecorded, ReasonRequired, TwoPersonsRequired, UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.records import redact
from equipoise_server.services.records.redact_texts import STEP
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.trial import lock, unlock, unlock_part
from equipoise_server.store.locks import Part
from equipoise_server.store.models import Proposal, User
from equipoise_server.store.save import Place

Body = Mapping[str, Any]


def part_body(part: Part) -> Body:
    """What a proposal to unlock a part keeps."""
    return asdict(part)


def redaction_body(
    place: Place,
    items: Collection[str],
    reasons: Collection[int] = (),
    turns: Collection[str] = (),
) -> Body:
    """What a proposal to redact keeps: where, and which answers, reasons and texts go.

    A place without a form names a chain of the ledger, whose texts go.
    """
    return {
        **asdict(place),
        "items": sorted(items),
        "reasons": sorted(reasons),
        "turns": sorted(turns),
    }


def propose(step: str, body: Body, *, by: User, reason: str, at: datetime, key: str) -> int:
    """Ask for a step; returns the number of the proposal.

    `step`: `unlock a part`, `redact`, `lock` or `unlock` (the study).

    Raises:
        UnknownRecord: no such step.
        ReasonRequired, NotPermitted, KeyReused.

    """
    if step not in _CARRIED_OUT:
        raise UnknownRecord(say("step {step} for two persons", step=repr(step)))
    request = Request(
        verb="propose", by=by, at=at, key=key, body={"step": step, "body": body, "reason": reason}
    )
    return int(perform(request, lambda: _propose(request, step, body, reason.strip()))["proposal"])


def _propose(request: Request, step: str, body: Body, reason: str) -> Answer:
    if not reason:
        raise ReasonRequired(step.capitalize())
    with connection.cursor() as cursor:
        asks = "order a redaction" if step == STEP else step
        permissions.require(cursor, asks, by=request.by, at=request.at, site=body.get("site"))
        written = canonical_json(dict(body)).decode()
        if Proposal.objects.filter(step=step, body=written, outcome="").exists():
            raise AlreadyRecorded("this step", "A proposal")
        row = Proposal.objects.create(
            step=step, body=written, by=request.by, reason=reason, at=request.at
        )
    return {"proposal": row.pk}


def agree(proposal: int, *, by: User, reason: str, at: datetime, key: str) -> None:
    """Agree as the second person: the step is carried out now, by both, with both reasons.

    Raises:
        UnknownRecord: the proposal is settled, or there is none.
        TwoPersonsRequired: it is one's own, or the reason is missing.
        Refused: what the step itself refuses. The proposal stays.

    """
    request = Request(
        verb="agree", by=by, at=at, key=key, body={"proposal": proposal, "reason": reason}
    )
    perform(request, lambda: _agree(request, proposal, reason))


def _agree(request: Request, proposal: int, reason: str) -> Answer:
    row = _open(proposal)
    first = Agreed(by=row.by, reason=row.reason)
    second = Agreed(by=request.by, reason=reason)
    if row.by_id == request.by.pk or not reason.strip():
        raise TwoPersonsRequired(row.step.capitalize())
    _CARRIED_OUT[row.step](json.loads(row.body), first, second, request.at, f"{request.key}/step")
    _settle(row, request, "done")
    return {}


def decline(proposal: int, *, by: User, at: datetime, key: str) -> None:
    """Turn a proposal down, or take one's own back.

    Raises:
        UnknownRecord: the proposal is settled, or there is none.
        NotPermitted, KeyReused.

    """
    request = Request(verb="decline", by=by, at=at, key=key, body={"proposal": proposal})
    perform(request, lambda: _decline(request, proposal))


def _decline(request: Request, proposal: int) -> Answer:
    row = _open(proposal)
    with connection.cursor() as cursor:
        site = json.loads(row.body).get("site")
        permissions.require(cursor, row.step, by=request.by, at=request.at, site=site)
    _settle(row, request, "declined")
    return {}


def _open(proposal: int) -> Proposal:
    found = Proposal.objects.select_for_update().filter(pk=proposal, outcome="").first()
    if found is None:
        raise UnknownRecord(say("open proposal {proposal}", proposal=proposal))
    return found


def _settle(row: Proposal, request: Request, outcome: str) -> None:
    row.outcome, row.settled_at, row.settled_by = outcome, request.at, request.by.username
    row.save(update_fields=["outcome", "settled_at", "settled_by"])


def _unlock_part(body: Body, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    unlock_part.unlock_part(Part(**body), first=first, second=second, at=at, key=key)


def _redact(body: Body, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    place = Place(**{name: body[name] for name in ("participant", "form", "visit", "number")})
    what = {name: tuple(body.get(name, ())) for name in ("items", "reasons", "turns")}
    redact.redact(place, **what, first=first, second=second, at=at, key=key)


def _lock(body: Body, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    lock.lock(first=first, second=second, at=at, key=key)


def _unlock(body: Body, first: Agreed, second: Agreed, at: datetime, key: str) -> None:
    unlock.unlock(first=first, second=second, at=at, key=key)


_CARRIED_OUT: Mapping[str, Callable[[Body, Agreed, Agreed, datetime, str], None]] = {
    "unlock a part": _unlock_part,
    "redact": _redact,
    "lock": _lock,
    "unlock": _unlock,
}
STEPS = tuple(_CARRIED_OUT)
