"""Consent that follows later runs out: what may still happen to a person after its limit."""

from __future__ import annotations

from datetime import datetime

from equipoise.errors import ConsentLapsed
from equipoise.participant.commands import (
    Command,
    Complete,
    Die,
    Discharge,
    FailScreening,
    GiveDose,
    Randomise,
    Readmit,
    ReplaceKit,
    ReportEvent,
    SignConsent,
    StopDosing,
    Withdraw,
)
from equipoise.participant.state import ParticipantState
from equipoise.protocol.model import Study

STILL = (SignConsent, FailScreening, StopDosing, ReportEvent, Withdraw, Die, Complete)
"""Steps that a lapsed deferral never stops: consent itself, safety, and every way out."""
_NAMED: dict[type, str] = {
    GiveDose: "a dose",
    Randomise: "randomisation",
    ReplaceKit: "a replacement kit",
    Discharge: "discharge",
    Readmit: "readmission",
}


def lasting_forms(study: Study) -> frozenset[str]:
    """Forms that may be saved all the same: adverse events, special reports and death."""
    safety = study.protocol.safety
    wanted = (safety.event_form, safety.death_form, *(one.form for one in safety.reports))
    return frozenset(one for one in wanted if one)


def lapsed(state: ParticipantState, at: datetime) -> bool:
    """Whether consent was deferred, is not given, and its limit has passed."""
    return not state.consented and state.deferred is not None and at > state.deferred.due_at


def require_not_lapsed(state: ParticipantState, step: str, at: datetime) -> None:
    """Refuse once a deferral has lapsed.

    Raises:
        ConsentLapsed: until consent is given.

    """
    if state.deferred is not None and lapsed(state, at):
        raise ConsentLapsed(state.code, step, state.deferred.due_at)


def require_still(state: ParticipantState, command: Command, at: datetime) -> None:
    """Refuse a step of the life-cycle once a deferral has lapsed, but for those in `STILL`.

    A dose that was given within the limit may be recorded after it.

    Raises:
        ConsentLapsed: until consent is given.

    """
    if isinstance(command, STILL):
        return
    moment = min(at, command.at) if isinstance(command, GiveDose) else at
    require_not_lapsed(state, _NAMED.get(type(command), "this step"), moment)
