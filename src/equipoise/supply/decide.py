"""What may happen next to a kit or a unit. Sentences are the same whatever is in the kit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from equipoise.errors import (
    KitNotValid,
    OutOfOrder,
    ReasonRequired,
    SecondPersonRequired,
    ThawedTooLongAgo,
    UnitNotValid,
    UnitOfAnother,
    UnitUsed,
    say,
)
from equipoise.supply import commands, events
from equipoise.supply.commands import Command
from equipoise.supply.events import Event
from equipoise.supply.state import KitState, Unit, UnitStatus, unit_code

MOST_UNITS = 99
"""Unit codes have two digits."""


def decide(state: KitState, command: Command) -> tuple[Event, ...]:
    """The events that `command` leads to, or a refusal. Nothing is changed.

    Raises:
        UnitNotValid: the kit or unit may not be used so.
        OutOfOrder: the step does not follow from where the kit stands.
        ReasonRequired: a unit or kit was taken out of use without saying why.

    """
    return _DECISIONS[type(command)](state, command)


def _receive(state: KitState, command: commands.Receive) -> tuple[Event, ...]:
    if state.status == "sent":
        return _arrive(state, command)
    if state.status != "unknown":
        raise OutOfOrder(
            say("Receipt of kit {code}", code=state.code), "the kit was received before"
        )
    if not command.kit or not command.site:
        raise OutOfOrder("Receipt of a kit", "a kit code and a site are needed")
    if not 1 <= command.units <= MOST_UNITS:
        raise OutOfOrder(
            say("Receipt of kit {kit}", kit=command.kit),
            say("a kit has 1 to {most_units} units", most_units=MOST_UNITS),
        )
    received = events.Received(
        kit=command.kit, site=command.site, units=command.units, at=command.at
    )
    return (received,)


def _arrive(state: KitState, command: commands.Receive) -> tuple[Event, ...]:
    if (command.kit, command.site) != (state.code, state.site):
        raise OutOfOrder(
            say("Receipt of kit {code}", code=state.code),
            say("it was sent to site {site}", site=state.site),
        )
    units = len(state.units)
    return (events.Received(kit=state.code, site=state.site, units=units, at=command.at),)


def _check_in(state: KitState, command: commands.CheckIn) -> tuple[Event, ...]:
    _known(state)
    if state.status != "received":
        raise OutOfOrder(
            say("Check-in of kit {code}", code=state.code),
            say("the kit is {status}", status=state.status),
        )
    return (events.CheckedIn(condition=command.condition, at=command.at, note=command.note),)


def _transfer(state: KitState, command: commands.Transfer) -> tuple[Event, ...]:
    if not state.in_stock:
        raise KitNotValid(state.code) if not state.valid else _not_free(state)
    if not command.site or command.site == state.site:
        raise OutOfOrder(
            say("Transfer of kit {code}", code=state.code), "it needs another site to go to"
        )
    return (events.Transferred(site=command.site, at=command.at),)


def _not_free(state: KitState) -> UnitNotValid:
    return UnitNotValid(state.code, "the kit is not free in stock")


def _reserve(state: KitState, command: commands.Reserve) -> tuple[Event, ...]:
    _usable(state)
    if not state.in_stock:
        raise _not_free(state)
    if not command.participant:
        raise OutOfOrder(
            say("Reservation of kit {code}", code=state.code), "a participant is needed"
        )
    return (events.Reserved(participant=command.participant, at=command.at),)


def _dispense(state: KitState, command: commands.Dispense) -> tuple[Event, ...]:
    _usable(state)
    if state.status != "reserved":
        raise UnitNotValid(state.code, "the kit is not reserved for a participant")
    if not state.whole:
        raise UnitNotValid(state.code, "a unit of the kit is missing")
    return (events.Dispensed(units=len(state.units), at=command.at),)


def _thaw(state: KitState, command: commands.Thaw) -> tuple[Event, ...]:
    _usable(state, command.number)
    unit = _dispensed_unit(state, command.number)
    if unit.status != "held":
        raise _spent(state, unit)
    return (events.Thawed(number=command.number, at=command.at),)


def _prepare(state: KitState, command: commands.Prepare) -> tuple[Event, ...]:
    _usable(state, command.number)
    unit = _dispensed_unit(state, command.number)
    code = unit_code(state.code, unit.number)
    if command.in_use_hours is None and unit.status != "held":
        raise _spent(state, unit)
    if command.in_use_hours is not None:
        if unit.status != "thawed":
            raise (
                UnitNotValid(code, "it was not thawed")
                if unit.status == "held"
                else _spent(state, unit)
            )
        _fresh(code, unit, command.in_use_hours, command.at)
    if command.two_persons and command.verified_by in ("", command.prepared_by):
        raise SecondPersonRequired(code)
    prepared = events.Prepared(
        number=command.number, at=command.at, verified_by=command.verified_by
    )
    return (prepared,)


def _administer(state: KitState, command: commands.Administer) -> tuple[Event, ...]:
    unit = _dispensed_unit(state, command.number)
    code = unit_code(state.code, unit.number)
    if command.participant != state.participant:
        raise UnitOfAnother(code, command.participant)
    if unit.status == "administered":
        raise UnitUsed(code)
    _usable(state, command.number)
    if unit.status != "prepared":
        early = unit.status in ("held", "thawed")
        raise UnitNotValid(
            code, "it was not prepared" if early else say("it is {status}", status=unit.status)
        )
    if command.in_use_hours is not None:
        _fresh(code, unit, command.in_use_hours, command.at)
    administered = events.Administered(
        number=command.number, participant=command.participant, at=command.at
    )
    return (administered,)


def _not_given(state: KitState, command: commands.NotGiven) -> tuple[Event, ...]:
    """Whatever became of the kit since: that nothing was given is no use of it."""
    unit = _any_unit(state, command.number)
    code = unit_code(state.code, unit.number)
    if unit.status != "administered":
        raise _it_is(code, unit)
    if unit.participant != command.participant:
        raise UnitOfAnother(code, command.participant)
    undone = events.GivingUndone(
        number=command.number, participant=command.participant, at=command.at
    )
    return (undone,)


def _spent(state: KitState, unit: Unit) -> UnitNotValid:
    code = unit_code(state.code, unit.number)
    return UnitUsed(code) if unit.status == "administered" else _it_is(code, unit)


def _it_is(code: str, unit: Unit) -> UnitNotValid:
    return UnitNotValid(code, say("it is {status}", status=unit.status))


def _fresh(code: str, unit: Unit, hours: float, at: datetime) -> None:
    """Refuse a unit past its in-use limit. One that was never thawed is as good as new."""
    if unit.thawed_at is not None and at > unit.thawed_at + timedelta(hours=hours):
        raise ThawedTooLongAgo(code, hours)


def _return(state: KitState, command: commands.Return) -> tuple[Event, ...]:
    _dispensed_unit(state, command.number)
    return _remove(state, command, "returned", ("held",))


def _destroy(state: KitState, command: commands.Destroy) -> tuple[Event, ...]:
    return _remove(state, command, "destroyed", ("held", "thawed", "prepared", "returned"))


def _lose(state: KitState, command: commands.Lose) -> tuple[Event, ...]:
    return _remove(state, command, "lost", ("held", "thawed", "prepared", "returned"))


def _remove(
    state: KitState,
    command: commands.Return | commands.Destroy | commands.Lose,
    became: Literal["returned", "destroyed", "lost"],
    allowed: tuple[UnitStatus, ...],
) -> tuple[Event, ...]:
    unit = _any_unit(state, command.number)
    if unit.status not in allowed:
        raise _it_is(unit_code(state.code, unit.number), unit)
    _reason(command.reason, f"A unit that is {became}")
    removed = events.Removed(
        number=command.number, became=became, reason=command.reason, at=command.at
    )
    return (removed,)


def _quarantine(state: KitState, command: commands.Quarantine) -> tuple[Event, ...]:
    _known(state)
    if state.quarantined:
        raise OutOfOrder(
            say("Quarantine of kit {code}", code=state.code), "the kit is in quarantine already"
        )
    _reason(command.reason, "Quarantine")
    return (events.Quarantined(reason=command.reason, at=command.at),)


def _release(state: KitState, command: commands.Release) -> tuple[Event, ...]:
    _known(state)
    if not state.quarantined:
        raise OutOfOrder(
            say("Release of kit {code}", code=state.code), "the kit is not in quarantine"
        )
    _reason(command.reason, "Release from quarantine")
    return (events.Released(reason=command.reason, at=command.at),)


def _expire(state: KitState, command: commands.Expire) -> tuple[Event, ...]:
    _known(state)
    if state.expired:
        raise OutOfOrder(say("Expiry of kit {code}", code=state.code), "it is recorded already")
    return (events.Expired(at=command.at),)


def _known(state: KitState) -> None:
    if state.status == "unknown":
        raise UnitNotValid("(none)", "no kit of this code was received")


def _usable(state: KitState, number: int | None = None) -> None:
    """Refuse in the same words for quarantine, expiry and damage: lots differ between arms."""
    _known(state)
    if not state.valid:
        raise KitNotValid(state.code if number is None else unit_code(state.code, number))


def _any_unit(state: KitState, number: int) -> Unit:
    _known(state)
    unit = state.unit(number)
    if unit is None:
        raise UnitNotValid(unit_code(state.code, number), "the kit has no such unit")
    return unit


def _dispensed_unit(state: KitState, number: int) -> Unit:
    unit = _any_unit(state, number)
    if state.status != "dispensed":
        raise UnitNotValid(unit_code(state.code, number), "its kit was not dispensed")
    return unit


def _reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise ReasonRequired(what)


_DECISIONS: dict[type, Callable[[KitState, Any], tuple[Event, ...]]] = {
    commands.Receive: _receive,
    commands.CheckIn: _check_in,
    commands.Transfer: _transfer,
    commands.Reserve: _reserve,
    commands.Dispense: _dispense,
    commands.Thaw: _thaw,
    commands.Prepare: _prepare,
    commands.Administer: _administer,
    commands.NotGiven: _not_given,
    commands.Return: _return,
    commands.Destroy: _destroy,
    commands.Lose: _lose,
    commands.Quarantine: _quarantine,
    commands.Release: _release,
    commands.Expire: _expire,
}
