"""Kit states as stored, and stepping them: decide, evolve, ledger, store."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from pydantic import TypeAdapter

from equipoise.errors import UnknownRecord
from equipoise.participant import ParticipantState
from equipoise.supply import NO_KIT, Command, KitState, decide, evolve, to_payload
from equipoise_server.store import ledger, rows
from equipoise_server.store.models import Kit, Participant

_STATE: TypeAdapter[KitState] = TypeAdapter(KitState)
_PARTICIPANT: TypeAdapter[ParticipantState] = TypeAdapter(ParticipantState)
CHAIN = "kit/"


def chain_of(kit: str) -> str:
    """The name of a kit's ledger chain."""
    return f"{CHAIN}{kit}"


def state_of(kit: str) -> KitState:
    """The stored state of a kit.

    Raises:
        UnknownRecord: no kit of this code was received.

    """
    found = known(kit)
    if found is NO_KIT:
        raise UnknownRecord(f"kit {kit}")
    return found


def known(kit: str) -> KitState:
    """The stored state of a kit, or that of one nobody has received."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM store_kit WHERE code = %s", [kit])
        found = cursor.fetchone()
    return NO_KIT if found is None else read(found[0])


def read(stored: str) -> KitState:
    """A state as its column holds it."""
    return _STATE.validate_json(stored)


def states(sites: Collection[str] | None = None) -> Iterator[KitState]:
    """Every kit, in order of code; those of some sites where `sites` is given."""
    rows = Kit.objects.order_by("pk")
    if sites is not None:
        rows = rows.filter(site__in=sites)
    for stored in rows.values_list("state", flat=True).iterator():
        yield _STATE.validate_python(stored)


def given_units() -> dict[str, str]:
    """Every unit that a participant's file says was given, and to whom."""
    rows = Participant.objects.exclude(randomised_at=None).values_list("state", flat=True)
    return {
        dose.unit: state.code
        for state in map(_PARTICIPANT.validate_python, rows.iterator())
        for dose in state.doses
        if dose.unit is not None
    }


def advance(cursor: Any, kit: str, *commands: Command, by: str, at: datetime) -> KitState:
    """Steps of one kit, in order; returns the new state. Call inside a transaction.

    Raises:
        Refused: what `equipoise.supply.decide` refuses. Nothing was written.

    """
    ledger.hold(cursor, chain_of(kit))
    return _steps(cursor, kit, state_of(kit), commands, by, at)


def receive(cursor: Any, kit: str, *commands: Command, by: str, at: datetime) -> KitState:
    """Steps of a kit that may be new here, beginning with its receipt. Call inside a transaction."""
    ledger.hold(cursor, chain_of(kit))
    return _steps(cursor, kit, known(kit), commands, by, at)


def _steps(
    cursor: Any,
    kit: str,
    state: KitState,
    commands: tuple[Command, ...],
    by: str,
    at: datetime,
) -> KitState:
    after = ledger.head(cursor, chain_of(kit))
    state, entries = stepped(state, *commands, after=after, kit=kit, by=by, at=at)
    put(cursor, kit, state)
    ledger.write(cursor, entries)
    return state


def stepped(
    state: KitState, *commands: Command, after: ledger.Head, kit: str, by: str, at: datetime
) -> tuple[KitState, list[ledger.Entry]]:
    """The state after some steps, and the entries that say so. Nothing is written.

    `after`: the head of the kit's chain, which the caller holds.

    Raises:
        Refused: what `equipoise.supply.decide` refuses.

    """
    happened = []
    for command in commands:
        for event in decide(state, command):
            state = evolve(state, event)
            happened.append(event)
    said = ((event.what, to_payload(event)) for event in happened)
    return state, ledger.entries(after, said, chain=chain_of(kit), by=by, at=at)


def put(cursor: Any, kit: str, state: KitState) -> None:
    """Write the kit's row."""
    rows.put(cursor, Kit, kit, columns(state))


def columns(state: KitState) -> dict[str, Any]:
    """The columns of the kit's row, all from the state."""
    return {
        "site_id": state.site,
        "status": state.status,
        "valid": state.valid,
        "participant": state.participant or "",
        "state": _STATE.dump_python(state, mode="json"),
    }
