"""What each event changes in a kit. Applying an event never refuses: it has happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from equipoise.supply.events import (
    Administered,
    CheckedIn,
    Dispensed,
    Event,
    Expired,
    Prepared,
    Quarantined,
    Received,
    Released,
    Removed,
    Reserved,
)
from equipoise.supply.state import NO_KIT, KitState, Unit, UnitStatus


def replay(events: Iterable[Event], state: KitState = NO_KIT) -> KitState:
    """The state after all events, in order."""
    for event in events:
        state = evolve(state, event)
    return state


def evolve(state: KitState, event: Event) -> KitState:
    """The state after one event."""
    match event:
        case Received():
            units = tuple(Unit(number=k) for k in range(1, event.units + 1))
            return KitState(code=event.kit, site=event.site, status="received", units=units)
        case CheckedIn():
            valid = event.condition == "valid"
            return replace(state, status="in-stock" if valid else "damaged")
        case Reserved():
            return replace(state, status="reserved", participant=event.participant)
        case Dispensed():
            return replace(state, status="dispensed", dispensed_units=event.units)
        case Quarantined():
            return replace(state, quarantined=True)
        case Released():
            return replace(state, quarantined=False)
        case Expired():
            return replace(state, expired=True)
        case Prepared():
            return _unit(state, event.number, "prepared")
        case Administered():
            return _unit(state, event.number, "administered", event.participant)
        case Removed():
            return _unit(state, event.number, event.became)


def _unit(
    state: KitState, number: int, status: UnitStatus, participant: str | None = None
) -> KitState:
    changed = Unit(number=number, status=status, participant=participant)
    units = tuple(changed if unit.number == number else unit for unit in state.units)
    return replace(state, units=units)
