"""Decisions about kits and doses."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import (
    AlreadyRecorded,
    AlreadyWithdrawn,
    DoseNotAllowed,
    ReasonRequired,
    UnitNotValid,
    UnitOfAnother,
    UnitUsed,
    say,
)
from equipoise.participant import commands, events
from equipoise.participant.events import Event
from equipoise.participant.require import require_going_on, require_randomised
from equipoise.participant.state import ParticipantState


def replace_kit(state: ParticipantState, command: commands.ReplaceKit) -> tuple[Event, ...]:
    """Another kit instead of the one in use."""
    require_randomised(state, "a replacement kit")
    require_going_on(state, "A replacement kit", command.at.date())
    _refuse_after_stop(state, command.at, "a replacement kit")
    if not command.reason.strip():
        raise ReasonRequired("A replacement kit")
    if not command.kit or command.kit in state.kits:
        raise UnitNotValid(command.kit or "(none)", "it is not a new kit for this participant")
    replaced = events.KitReplaced(
        kit=command.kit, replaces=state.kits[-1], reason=command.reason, at=command.at
    )
    return (replaced,)


def give_dose(state: ParticipantState, command: commands.GiveDose) -> tuple[Event, ...]:
    """One numbered dose, given or not. One recorded as not given may still be made up."""
    require_randomised(state, "a dose")
    require_going_on(state, "A dose", command.on or command.at.date())
    if command.number < 1:
        raise DoseNotAllowed(state.code, "dose numbers start at 1")
    before = next((dose for dose in state.doses if dose.number == command.number), None)
    if before is not None and (before.amount != "not" or command.amount == "not"):
        raise AlreadyRecorded(state.code, say("Dose {number}", number=command.number))
    if command.amount != "not":
        _refuse_impossible(state, command)
        _refuse_unit(state, command.unit)
    elif command.unit is not None:
        raise DoseNotAllowed(state.code, "a dose that was not given uses no unit")
    recorded = events.DoseRecorded(
        number=command.number, at=command.at, amount=command.amount, unit=command.unit
    )
    return (recorded,)


def correct_dose(state: ParticipantState, command: commands.CorrectDose) -> tuple[Event, ...]:
    """A given dose was given in full after all, or only in part. Possible at any time."""
    before = next((dose for dose in state.doses if dose.number == command.number), None)
    if before is None or before.amount == "not" or command.amount == "not":
        raise DoseNotAllowed(
            state.code,
            say(
                "dose {number} cannot become given, or not given, afterwards", number=command.number
            ),
        )
    if before.amount == command.amount:
        raise AlreadyRecorded(
            state.code, say("How much of dose {number} was given", number=command.number)
        )
    return (events.DoseCorrected(number=command.number, amount=command.amount),)


def stop_dosing(state: ParticipantState, command: commands.StopDosing) -> tuple[Event, ...]:
    """The product is stopped for good; stopping is possible at any time after randomisation."""
    require_randomised(state, "stopping the product")
    if state.dosing_stopped is not None:
        raise AlreadyRecorded(state.code, "The end of dosing")
    if not command.reason.strip():
        raise ReasonRequired("The end of dosing")
    return (events.DosingStopped(reason=command.reason, at=command.at),)


def _refuse_impossible(state: ParticipantState, command: commands.GiveDose) -> None:
    if state.randomised_at is not None and command.at < state.randomised_at:
        raise DoseNotAllowed(state.code, "its time is before randomisation")
    _refuse_after_stop(state, command.at, "a dose")
    if any(dose.at == command.at and dose.amount != "not" for dose in state.doses):
        raise DoseNotAllowed(state.code, "another dose has the same time")


def _refuse_after_stop(state: ParticipantState, at: datetime, step: str) -> None:
    """What happened before the stop or the withdrawal may still be recorded."""
    if state.dosing_stopped_at is not None and at > state.dosing_stopped_at:
        raise DoseNotAllowed(
            state.code,
            say(
                "dosing stopped for good at {dosing_stopped_at}",
                dosing_stopped_at=state.dosing_stopped_at,
            ),
        )
    if state.product_left_at is not None and at > state.product_left_at:
        raise AlreadyWithdrawn(state.code, step)
    for level, on in state.withdrawn:
        if level in ("product", "data") and at.date() > on:
            raise AlreadyWithdrawn(state.code, step)


def _refuse_unit(state: ParticipantState, unit: str | None) -> None:
    if not unit:
        raise UnitNotValid("(none)", "the code of the unit that was given is needed")
    kit = unit.rpartition("-")[0]
    if kit not in state.kits:
        raise UnitOfAnother(unit, state.code)
    if any(dose.unit == unit for dose in state.doses):
        raise UnitUsed(unit)
