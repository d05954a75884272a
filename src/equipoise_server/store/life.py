"""Participant states as stored, and stepping them: decide, evolve, ledger, store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection
from pydantic import TypeAdapter

from equipoise.errors import UnknownRecord, say
from equipoise.participant import (
    NOBODY,
    Command,
    ParticipantState,
    decide,
    evolve,
    to_payload,
)
from equipoise.participant.deferral import require_still
from equipoise_server.store import ledger, locks, rows
from equipoise_server.store.models import Participant

_STATE: TypeAdapter[ParticipantState] = TypeAdapter(ParticipantState)


def state_of(code: str) -> ParticipantState:
    """The stored state of a participant.

    Raises:
        UnknownRecord: nobody has this code.

    """
    return read(_column("state", code))


def site_of(code: str) -> str:
    """The site of a participant.

    Raises:
        UnknownRecord: nobody has this code.

    """
    return _column("site_id", code)


def _column(name: str, code: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM store_participant WHERE code = %s", [code])  # noqa: S608
        found = cursor.fetchone()
    if found is None:
        raise UnknownRecord(say("participant {code}", code=code))
    return str(found[0])


def states() -> Iterator[ParticipantState]:
    """The stored states of everybody, by code."""
    for stored in Participant.objects.order_by("pk").values_list("state", flat=True):
        yield _STATE.validate_python(stored)


def enter(cursor: Any, command: Command, *, code: str, by: str, at: datetime) -> ParticipantState:
    """The first step of somebody's life-cycle. Call inside a transaction."""
    ledger.hold(cursor, code)
    return _step(cursor, NOBODY, command, code=code, by=by, at=at)


def advance(cursor: Any, command: Command, *, code: str, by: str, at: datetime) -> ParticipantState:
    """One step of a participant's life-cycle; returns the new state. Call inside a transaction.

    The chain is held from before the state is read, so that two steps of one participant
    never start from the same state.

    Raises:
        Refused: what `equipoise.participant.decide` refuses. Nothing was written.

    """
    ledger.hold(cursor, code)
    return _step(cursor, state_of(code), command, code=code, by=by, at=at)


def _step(
    cursor: Any, state: ParticipantState, command: Command, *, code: str, by: str, at: datetime
) -> ParticipantState:
    site = state.site or getattr(command, "site", "")
    locks.require_unlocked(cursor, site=site, participant=code, step="this step")
    after = ledger.head(cursor, code)
    state, entries = stepped(state, command, after=after, code=code, by=by, at=at)
    put(cursor, state)
    ledger.write(cursor, entries)
    return state


def stepped(
    state: ParticipantState,
    command: Command,
    *,
    after: ledger.Head,
    code: str,
    by: str,
    at: datetime,
) -> tuple[ParticipantState, list[ledger.Entry]]:
    """The state after a step, and the entries that say so. Nothing is written.

    `after`: the head of the participant's chain, which the caller holds.

    Raises:
        ConsentLapsed: consent was deferred, and its limit has passed.
        Refused: what `equipoise.participant.decide` refuses.

    """
    require_still(state, command, at)
    events = decide(state, command)
    for event in events:
        state = evolve(state, event)
    said = ((event.what, to_payload(event)) for event in events)
    return state, ledger.entries(after, said, chain=code, by=by, at=at)


def put(cursor: Any, state: ParticipantState) -> None:
    """Write the participant's row."""
    rows.put(cursor, Participant, state.code, columns(state))


def read(stored: str) -> ParticipantState:
    """A state as its column holds it."""
    return _STATE.validate_json(stored)


def columns(state: ParticipantState) -> dict[str, Any]:
    """The columns of the participant's row, all from the state."""
    return {
        "site_id": state.site,
        "status": state.status,
        "state": _STATE.dump_python(state, mode="json"),
        "stratum": dict(state.stratum),
        "kit": state.kit or "",
        "screened_on": state.screened_on,
        "consented_at": state.consents[0].at if state.consents else None,
        "randomised_at": state.randomised_at,
        "randomised_on": state.randomised_on,
        "first_dose_at": state.first_dose_at,
        "doses": sum(1 for dose in state.doses if dose.amount != "not"),
        "ended_on": _ended(state),
    }


def _ended(state: ParticipantState) -> date | None:
    return state.died_on or state.completed_on or state.failed_on
