"""Participant states as stored, and stepping them: decide, evolve, ledger, store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from equipoise.errors import UnknownRecord
from equipoise.participant import (
    NOBODY,
    Command,
    ParticipantState,
    decide,
    evolve,
    to_payload,
)
from equipoise_server.store import ledger
from equipoise_server.store.models import Participant

_STATE: TypeAdapter[ParticipantState] = TypeAdapter(ParticipantState)


def state_of(code: str) -> ParticipantState:
    """The stored state of a participant.

    Raises:
        UnknownRecord: nobody has this code.

    """
    stored = Participant.objects.filter(pk=code).values_list("state", flat=True).first()
    if stored is None:
        raise UnknownRecord(f"participant {code}")
    return _STATE.validate_python(stored)


def site_of(code: str) -> str:
    """The site of a participant.

    Raises:
        UnknownRecord: nobody has this code.

    """
    site = Participant.objects.filter(pk=code).values_list("site_id", flat=True).first()
    if site is None:
        raise UnknownRecord(f"participant {code}")
    return site


def states() -> Iterator[ParticipantState]:
    """The stored states of everybody, by code."""
    for stored in Participant.objects.order_by("pk").values_list("state", flat=True):
        yield _STATE.validate_python(stored)


def enter(cursor: Any, command: Command, *, code: str, by: str, at: datetime) -> ParticipantState:
    """The first step of somebody's life-cycle. Call inside a transaction."""
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
    events = decide(state, command)
    for event in events:
        state = evolve(state, event)
    Participant.objects.update_or_create(pk=code, defaults=columns(state))
    for event in events:
        ledger.append(cursor, chain=code, what=event.what, by=by, at=at, payload=to_payload(event))
    return state


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
