"""What each event changes. Applying an event never refuses: it has happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from equipoise.participant.events import (
    Completed,
    ConsentDeferred,
    ConsentSigned,
    Died,
    Discharged,
    DoseCorrected,
    DoseRecorded,
    DosingStopped,
    Event,
    EventReported,
    KitReplaced,
    Randomised,
    Readmitted,
    Screened,
    ScreeningFailed,
    Withdrew,
)
from equipoise.participant.state import NOBODY, Consent, Deferral, Dose, ParticipantState


def replay(events: Iterable[Event], state: ParticipantState = NOBODY) -> ParticipantState:
    """The state after all events, in order."""
    for event in events:
        state = evolve(state, event)
    return state


def evolve(state: ParticipantState, event: Event) -> ParticipantState:
    """The state after one event."""
    match event:
        case Screened():
            return ParticipantState(
                code=event.code, site=event.site, screenings=event.number, screened_on=event.on
            )
        case ConsentSigned():
            signed = Consent(version=event.version, at=event.at, signatory=event.signatory)
            return replace(state, consents=(*state.consents, signed))
        case ConsentDeferred():
            later = Deferral(at=event.at, due_at=event.due_at, reason=event.reason)
            return replace(state, deferred=later)
        case ScreeningFailed():
            return replace(state, failed_on=event.on, failure=event.reason)
        case Randomised():
            return replace(
                state,
                randomised_at=event.at,
                randomised_on=event.on,
                kits=(event.kit,),
                stratum=event.stratum,
            )
        case KitReplaced() | DoseRecorded() | DoseCorrected() | DosingStopped():
            return _product(state, event)
        case _:
            return _follow_up(state, event)


def _product(
    state: ParticipantState, event: KitReplaced | DoseRecorded | DoseCorrected | DosingStopped
) -> ParticipantState:
    match event:
        case KitReplaced():
            return replace(state, kits=(*state.kits, event.kit))
        case DoseRecorded():
            dose = Dose(number=event.number, at=event.at, amount=event.amount, unit=event.unit)
            others = (one for one in state.doses if one.number != event.number)
            return replace(state, doses=(*others, dose))
        case DoseCorrected():
            doses = (
                corrected(one, event) if one.number == event.number else one for one in state.doses
            )
            return replace(state, doses=tuple(doses))
        case DosingStopped():
            return replace(state, dosing_stopped_at=event.at, dosing_stopped=event.reason)


def corrected(dose: Dose, event: DoseCorrected) -> Dose:
    """A dose as it reads after its correction."""
    unit = None if event.amount == "not" else event.unit or dose.unit
    return replace(dose, amount=event.amount, at=event.at or dose.at, unit=unit)


def _follow_up(
    state: ParticipantState,
    event: EventReported | Withdrew | Discharged | Readmitted | Died | Completed,
) -> ParticipantState:
    match event:
        case EventReported():
            return replace(state, reported=(*state.reported, event.number))
        case Withdrew():
            left = event.at if event.level in ("product", "data") else None
            return replace(
                state,
                withdrawn=(*state.withdrawn, (event.level, event.on)),
                product_left_at=state.product_left_at or left,
            )
        case Discharged():
            return replace(state, discharged_on=event.on, readmitted_on=None)
        case Readmitted():
            return replace(state, readmitted_on=event.on)
        case Died():
            return replace(state, died_on=event.on)
        case Completed():
            return replace(state, completed_on=event.on, completion=event.reason)
