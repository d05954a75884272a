"""What may happen next. Every refusal is an error leaf; a decision is a tuple of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from equipoise.eligibility import Finding, is_eligible, unmet
from equipoise.errors import (
    AlreadyRandomised,
    AlreadyRecorded,
    AlreadyScreened,
    AlreadyWithdrawn,
    FollowUpEnded,
    NotEligible,
    OutOfOrder,
    ReasonRequired,
    StratumUnknown,
    UnitNotValid,
    say,
)
from equipoise.participant import commands, dosing, events
from equipoise.participant.commands import Command
from equipoise.participant.events import Event
from equipoise.participant.require import (
    require_alive,
    require_consent,
    require_going_on,
    require_not_before,
    require_screened,
)
from equipoise.participant.state import ParticipantState

RESCREENINGS = 1
"""How often someone whose screening failed may be screened again."""


def decide(state: ParticipantState, command: Command) -> tuple[Event, ...]:
    """The events that `command` leads to, or a refusal. Nothing is changed.

    Before consent nothing happens but screening and its failure. Someone randomised but
    never dosed goes on like everybody else.

    Raises:
        Refused: one of its leaves, with the reason and what to do.

    """
    return _DECISIONS[type(command)](state, command)


def check_randomisable(
    state: ParticipantState,
    *,
    stratum: Sequence[tuple[str, str]],
    findings: Sequence[Finding],
    on: date,
) -> None:
    """Refuse where this participant may not be randomised now.

    Called before the allocator is asked, and again by `decide` with its answer.

    Raises:
        AlreadyRandomised, NotConsented, NotEligible, StratumUnknown, AlreadyWithdrawn,
        FollowUpEnded, OutOfOrder, UnknownRecord: see each.

    """
    require_screened(state)
    if state.randomised:
        raise AlreadyRandomised(state.code)
    if state.failure is not None:
        why = f"the screening failed on {state.failed_on}; a failed screening is not reopened"
        raise FollowUpEnded(state.code, "Randomisation", why)
    require_consent(state, "randomisation")
    require_going_on(state, "Randomisation", on)
    if state.withdrawn:
        raise AlreadyWithdrawn(state.code, "randomisation")
    require_not_before(state, "Randomisation", on)
    if not is_eligible(findings):
        raise NotEligible(state.code, unmet(findings) or ("every criterion",))
    for factor, level in stratum:
        if not level:
            raise StratumUnknown(state.code, factor)


def _screen(state: ParticipantState, command: commands.Screen) -> tuple[Event, ...]:
    if state.code and (state.failure is None or command.code != state.code):
        raise AlreadyScreened(state.code)
    if state.screenings > RESCREENINGS:
        raise AlreadyScreened(state.code)
    if state.failed_on is not None and command.on < state.failed_on:
        raise OutOfOrder(
            "Screening",
            say("the screening before it ended on {failed_on}", failed_on=state.failed_on),
        )
    if not command.code or not command.site:
        raise OutOfOrder("Screening", "a participant code and a site are needed")
    number = state.screenings + 1
    screened = events.Screened(
        code=command.code, site=command.site, at=command.at, on=command.on, number=number
    )
    return (screened,)


def _sign(state: ParticipantState, command: commands.SignConsent) -> tuple[Event, ...]:
    require_screened(state)
    if state.failure is not None:
        raise FollowUpEnded(
            state.code,
            "Consent",
            say("the screening failed on {failed_on}", failed_on=state.failed_on),
        )
    require_going_on(state, "Consent", None)
    if state.withdrew("data"):
        raise AlreadyWithdrawn(state.code, "consent")
    if not command.version:
        raise OutOfOrder("Consent", "the version of the signed document is needed")
    if any(one.version == command.version for one in state.consents):
        raise AlreadyRecorded(state.code, say("Consent version {version}", version=command.version))
    if state.consents and command.at < state.consents[-1].at:
        raise OutOfOrder("Consent", "a later consent is already recorded")
    signed = events.ConsentSigned(
        version=command.version, at=command.at, signatory=command.signatory
    )
    return (signed,)


def _defer(state: ParticipantState, command: commands.DeferConsent) -> tuple[Event, ...]:
    require_screened(state)
    if state.failure is not None:
        raise FollowUpEnded(
            state.code,
            "Deferral",
            say("the screening failed on {failed_on}", failed_on=state.failed_on),
        )
    require_going_on(state, "Deferral", None)
    if state.consents:
        raise AlreadyRecorded(state.code, "Consent")
    if state.deferred is not None:
        raise AlreadyRecorded(state.code, "Deferred consent")
    _reason(command.reason, "Deferred consent")
    if command.due_at <= command.at:
        raise OutOfOrder("Deferred consent", "consent is due before it is deferred")
    later = events.ConsentDeferred(at=command.at, due_at=command.due_at, reason=command.reason)
    return (later,)


def _fail(state: ParticipantState, command: commands.FailScreening) -> tuple[Event, ...]:
    require_screened(state)
    if state.randomised:
        raise AlreadyRandomised(state.code)
    if state.failure is not None:
        raise AlreadyRecorded(state.code, "A screening failure")
    _reason(command.reason, "A screening failure")
    require_not_before(state, "A screening failure", command.on)
    return (events.ScreeningFailed(reason=command.reason, on=command.on),)


def _randomise(state: ParticipantState, command: commands.Randomise) -> tuple[Event, ...]:
    check_randomisable(state, stratum=command.stratum, findings=command.findings, on=command.on)
    began = state.deferred.at if state.deferred else state.consents[0].at
    if command.at < began:
        raise OutOfOrder(
            "Randomisation", say("consent was signed or deferred later, at {began}", began=began)
        )
    if not command.kit:
        raise UnitNotValid("(none)", "no kit was assigned")
    randomised = events.Randomised(
        at=command.at, on=command.on, kit=command.kit, stratum=command.stratum
    )
    return (randomised,)


def _report(state: ParticipantState, command: commands.ReportEvent) -> tuple[Event, ...]:
    require_consent(state, "an adverse event")
    if state.withdrew("data"):
        raise AlreadyWithdrawn(state.code, "a new adverse event")
    if command.number < 1:
        raise OutOfOrder("The adverse event", "event numbers start at 1")
    if command.number in state.reported:
        raise AlreadyRecorded(state.code, say("Adverse event {number}", number=command.number))
    reported = events.EventReported(number=command.number, at=command.at, serious=command.serious)
    return (reported,)


def _withdraw(state: ParticipantState, command: commands.Withdraw) -> tuple[Event, ...]:
    require_consent(state, "withdrawal")
    require_alive(state, "Withdrawal", command.on)
    require_going_on(state, "Withdrawal", command.on)
    if state.withdrew(command.level):
        raise AlreadyWithdrawn(state.code, say("withdrawal from {level}", level=command.level))
    require_not_before(state, "Withdrawal", command.on)
    return (_withdrew(command),)


def _withdrew(command: commands.Withdraw) -> events.Withdrew:
    return events.Withdrew(level=command.level, on=command.on, reason=command.reason, at=command.at)


def _discharge(state: ParticipantState, command: commands.Discharge) -> tuple[Event, ...]:
    require_consent(state, "discharge")
    require_alive(state, "Discharge", command.on)
    require_going_on(state, "Discharge", command.on)
    if state.discharged_on is not None and state.readmitted_on is None:
        raise AlreadyRecorded(
            state.code, say("Discharge on {discharged_on}", discharged_on=state.discharged_on)
        )
    if state.readmitted_on is not None and command.on < state.readmitted_on:
        raise OutOfOrder(
            "Discharge",
            say("the readmission was on {readmitted_on}", readmitted_on=state.readmitted_on),
        )
    require_not_before(state, "Discharge", command.on)
    return (events.Discharged(on=command.on),)


def _readmit(state: ParticipantState, command: commands.Readmit) -> tuple[Event, ...]:
    require_consent(state, "readmission")
    require_alive(state, "Readmission", command.on)
    require_going_on(state, "Readmission", command.on)
    if state.discharged_on is None or state.readmitted_on is not None:
        raise OutOfOrder("Readmission", "no discharge is recorded before it")
    if command.on < state.discharged_on:
        raise OutOfOrder(
            "Readmission",
            say("the discharge was on {discharged_on}", discharged_on=state.discharged_on),
        )
    return (events.Readmitted(on=command.on),)


def _die(state: ParticipantState, command: commands.Die) -> tuple[Event, ...]:
    require_consent(state, "death")
    if state.died_on is not None:
        raise AlreadyRecorded(state.code, say("Death on {died_on}", died_on=state.died_on))
    require_not_before(state, "Death", command.on)
    return (events.Died(on=command.on),)


def _complete(state: ParticipantState, command: commands.Complete) -> tuple[Event, ...]:
    require_consent(state, "end of study")
    if state.completed_on is not None:
        raise AlreadyRecorded(
            state.code, say("End of study on {completed_on}", completed_on=state.completed_on)
        )
    _reason(command.reason, "End of study")
    require_not_before(state, "End of study", command.on)
    return (events.Completed(on=command.on, reason=command.reason),)


def _reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise ReasonRequired(what)


_DECISIONS: dict[type, Callable[[ParticipantState, Any], tuple[Event, ...]]] = {
    commands.Screen: _screen,
    commands.SignConsent: _sign,
    commands.DeferConsent: _defer,
    commands.FailScreening: _fail,
    commands.Randomise: _randomise,
    commands.ReplaceKit: dosing.replace_kit,
    commands.GiveDose: dosing.give_dose,
    commands.CorrectDose: dosing.correct_dose,
    commands.StopDosing: dosing.stop_dosing,
    commands.ReportEvent: _report,
    commands.Withdraw: _withdraw,
    commands.Discharge: _discharge,
    commands.Readmit: _readmit,
    commands.Die: _die,
    commands.Complete: _complete,
}
