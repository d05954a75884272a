"""Kit states as stored, and stepping them: decide, evolve, ledger, store."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from equipoise.errors import UnknownRecord
from equipoise.supply import NO_KIT, Command, KitState, decide, evolve, to_payload
from equipoise_server.store import ledger
from equipoise_server.store.models import Kit

_STATE: TypeAdapter[KitState] = TypeAdapter(KitState)
CHAIN = "kit/"


def chain_of(kit: str) -> str:
    """The name of a kit's ledger chain."""
    return f"{CHAIN}{kit}"


def state_of(kit: str) -> KitState:
    """The stored state of a kit.

    Raises:
        UnknownRecord: no kit of this code was received.

    """
    stored = Kit.objects.filter(pk=kit).values_list("state", flat=True).first()
    if stored is None:
        raise UnknownRecord(f"kit {kit}")
    return _STATE.validate_python(stored)


def advance(cursor: Any, kit: str, *commands: Command, by: str, at: datetime) -> KitState:
    """Steps of one kit, in order; returns the new state. Call inside a transaction.

    Raises:
        Refused: what `equipoise.supply.decide` refuses. Nothing was written.

    """
    ledger.hold(cursor, chain_of(kit))
    return _steps(cursor, kit, state_of(kit), commands, by, at)


def receive(cursor: Any, kit: str, *commands: Command, by: str, at: datetime) -> KitState:
    """The first steps of a kit, beginning with its receipt. Call inside a transaction."""
    ledger.hold(cursor, chain_of(kit))
    return _steps(cursor, kit, NO_KIT, commands, by, at)


def _steps(
    cursor: Any,
    kit: str,
    state: KitState,
    commands: tuple[Command, ...],
    by: str,
    at: datetime,
) -> KitState:
    happened = []
    for command in commands:
        for event in decide(state, command):
            state = evolve(state, event)
            happened.append(event)
    Kit.objects.update_or_create(pk=kit, defaults=columns(state))
    for event in happened:
        ledger.append(
            cursor, chain=chain_of(kit), what=event.what, by=by, at=at, payload=to_payload(event)
        )
    return state


def columns(state: KitState) -> dict[str, Any]:
    """The columns of the kit's row, all from the state."""
    return {
        "site_id": state.site,
        "status": state.status,
        "valid": state.valid,
        "participant": state.participant or "",
        "state": _STATE.dump_python(state, mode="json"),
    }
