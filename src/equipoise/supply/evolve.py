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
    GivingUndone,
    Prepared,
    Quarantined,
    Received,
    Released,
    Removed,
    Reserved,
    Thawed,
    Transferred,
)
from equipoise.supply.state import NO_KIT, KitState, Unit


def replay(events: Iterable[Event], state: KitState = NO_KIT) -> KitState:
    """The state after all events, in order."""
    for event in events:
        state = evolve(state, event)
    return state


def evolve(state: KitState, event: Event) -> KitState:
    """The state after one event."""
    match event:
        case Received() if state.status == "sent":
            return replace(state, status="received", site=event.site)
        case Received():
            units = tuple(Unit(number=k) for k in range(1, event.units + 1))
            return KitState(code=event.kit, site=event.site, status="received", units=units)
        case CheckedIn():
            valid = event.condition == "valid"
            return replace(state, status="in-stock" if valid else "damaged")
        case Transferred():
            return replace(state, status="sent", site=event.site)
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
        case Thawed() | Prepared() | Administered() | GivingUndone() | Removed():
            return _with_unit(state, event)


_OfUnit = Thawed | Prepared | Administered | GivingUndone | Removed


def _with_unit(state: KitState, event: _OfUnit) -> KitState:
    units = tuple(
        _changed(unit, event) if unit.number == event.number else unit for unit in state.units
    )
    return replace(state, units=units)


def _changed(unit: Unit, event: _OfUnit) -> Unit:
    match event:
        case Thawed():
            return replace(unit, status="thawed", thawed_at=event.at)
        case Prepared():
            return replace(unit, status="prepared")
        case Administered():
            return replace(unit, status="administered", participant=event.participant)
        case GivingUndone():
            return replace(unit, status="prepared", participant=None)
        case Removed():
            return replace(unit, status=event.became)
