"""Kit states as stored, and stepping them: decide, evolve, ledger, store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from pydantic import TypeAdapter

from equipoise.errors import UnknownRecord, say
from equipoise.participant import ParticipantState
from equipoise.supply import NO_KIT, Command, KitState, decide, evolve, to_payload
from equipoise_server.store import ledger, rows
from equipoise_server.store.models import Kit, Participant

_STATE: TypeAdapter[KitState] = TypeAdapter(KitState)
_PARTICIPANT: TypeAdapter[ParticipantState] = TypeAdapter(ParticipantState)
CHAIN = "kit/"
_TOGETHER = 200  # new kits written in one statement


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
        raise UnknownRecord(say("kit {kit}", kit=kit))
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


def receive(
    cursor: Any,
    kits: Sequence[str],
    steps: Callable[[str], tuple[Command, ...]],
    *,
    by: str,
    at: datetime,
) -> None:
    """The steps of kits that may be new here, beginning with their receipt. Call inside a transaction.

    Of a kit that nobody has received, nobody holds the chain either: its new row is the lock, so
    that a delivery of any size takes none of the database's few locks.
    """
    here = set(Kit.objects.filter(pk__in=kits).values_list("pk", flat=True))
    new = [kit for kit in dict.fromkeys(kits) if kit not in here]
    others = Counter(kits) - Counter(new)
    for start in range(0, len(new), _TOGETHER):
        some = new[start : start + _TOGETHER]
        others.update(_receive_new(cursor, some, steps, by, at))
    for kit in sorted(others.elements()):
        ledger.hold(cursor, chain_of(kit))
        _steps(cursor, kit, known(kit), steps(kit), by, at)


def _receive_new(
    cursor: Any,
    kits: Sequence[str],
    steps: Callable[[str], tuple[Command, ...]],
    by: str,
    at: datetime,
) -> list[str]:
    """Write kits that are not here; gives those that somebody else received meanwhile."""
    made = {}
    for kit in kits:
        after = (0, ledger.genesis(chain_of(kit)))
        made[kit] = stepped(NO_KIT, *steps(kit), after=after, kit=kit, by=by, at=at)
    written = rows.insert_new(
        cursor, Kit, {kit: columns(state) for kit, (state, _) in made.items()}
    )
    ledger.write(cursor, [one for kit in kits if kit in written for one in made[kit][1]])
    return [kit for kit in kits if kit not in written]


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
