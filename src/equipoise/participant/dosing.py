"""Decisions about kits and doses."""

from __future__ import annotations

from dataclasses import replace
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
from equipoise.participant.evolve import corrected
from equipoise.participant.require import require_going_on, require_randomised
from equipoise.participant.state import Dose, ParticipantState


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
        _refuse_impossible(state, command.at)
        _refuse_unit(state, command.unit)
    elif command.unit is not None:
        raise DoseNotAllowed(state.code, "a dose that was not given uses no unit")
    recorded = events.DoseRecorded(
        number=command.number, at=command.at, amount=command.amount, unit=command.unit
    )
    return (recorded,)


def correct_dose(state: ParticipantState, command: commands.CorrectDose) -> tuple[Event, ...]:
    """What was recorded of a dose reads otherwise. Possible at any time.

    A dose that was given after all is judged as if it were recorded now; a start never moves
    past that of another dose.
    """
    before = next((dose for dose in state.doses if dose.number == command.number), None)
    if before is None:
        why = say("dose {number} is not recorded", number=command.number)
        raise DoseNotAllowed(state.code, why)
    event = events.DoseCorrected(
        number=command.number, amount=command.amount, at=command.at, unit=command.unit
    )
    after = corrected(before, event)
    if after == before:
        raise AlreadyRecorded(state.code, say("Dose {number}", number=command.number))
    others = replace(state, doses=tuple(one for one in state.doses if one != before))
    if after.amount != "not":
        if after.at != before.at or before.amount == "not":
            _refuse_impossible(others, after.at)
        if after.unit is None or after.unit != before.unit:
            _refuse_unit(others, after.unit)
        if before.amount != "not":
            _refuse_overtaking(others, before, after)
    return (event,)


def stop_dosing(state: ParticipantState, command: commands.StopDosing) -> tuple[Event, ...]:
    """The product is stopped for good; stopping is possible at any time after randomisation."""
    require_randomised(state, "stopping the product")
    if state.dosing_stopped is not None:
        raise AlreadyRecorded(state.code, "The end of dosing")
    if not command.reason.strip():
        raise ReasonRequired("The end of dosing")
    return (events.DosingStopped(reason=command.reason, at=command.at),)


def _refuse_impossible(state: ParticipantState, at: datetime) -> None:
    if state.randomised_at is not None and at < state.randomised_at:
        raise DoseNotAllowed(state.code, "its time is before randomisation")
    _refuse_after_stop(state, at, "a dose")
    if any(dose.at == at and dose.amount != "not" for dose in state.doses):
        raise DoseNotAllowed(state.code, "another dose has the same time")


def _refuse_overtaking(others: ParticipantState, before: Dose, after: Dose) -> None:
    first, last = sorted((before.at, after.at))
    for dose in others.doses:
        if dose.amount != "not" and first <= dose.at <= last:
            why = say(
                "dose {number} started at {at}; correct that one first",
                number=dose.number,
                at=dose.at.isoformat(sep=" ", timespec="minutes"),
            )
            raise DoseNotAllowed(others.code, why)


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
