"""What several decisions ask of a state. Each function refuses, or says nothing."""

from __future__ import annotations

from datetime import date, timedelta

from equipoise.errors import (
    FollowUpEnded,
    NotConsented,
    NotRandomised,
    OutOfOrder,
    UnknownRecord,
    say,
)
from equipoise.participant.state import ParticipantState

_ONE_DAY = timedelta(days=1)


def require_screened(state: ParticipantState) -> None:
    """Refuse where nobody of this code is on the screening log."""
    if not state.code:
        raise UnknownRecord("participant with this code on the screening log")


def require_consent(state: ParticipantState, step: str) -> None:
    """Refuse before consent or its recorded deferral: nothing happens to a person without."""
    require_screened(state)
    if not state.covered:
        raise NotConsented(state.code, step)


def require_randomised(state: ParticipantState, step: str) -> None:
    """Refuse before randomisation."""
    require_consent(state, step)
    if not state.randomised:
        raise NotRandomised(state.code, step)


def require_alive(state: ParticipantState, step: str, on: date) -> None:
    """Refuse after death. What happened up to that day may still be recorded."""
    if state.died_on is not None and on > state.died_on:
        raise FollowUpEnded(
            state.code, step, say("death is recorded on {died_on}", died_on=state.died_on)
        )


def require_going_on(state: ParticipantState, step: str, on: date | None) -> None:
    """Refuse after end of study, and, without a day, after death."""
    if state.completed_on is not None and (on is None or on > state.completed_on):
        raise FollowUpEnded(
            state.code,
            step,
            say("the study ended on {completed_on}", completed_on=state.completed_on),
        )
    if on is None and state.died_on is not None:
        raise FollowUpEnded(
            state.code, step, say("death is recorded on {died_on}", died_on=state.died_on)
        )
    if on is not None:
        require_alive(state, step, on)


def require_not_before(state: ParticipantState, step: str, on: date) -> None:
    """Refuse a day before randomisation, else before consent, else before screening.

    Consent is an instant and the site's zone is not known here, so one day of slack is left
    against it; the other dates are site dates already.
    """
    if state.randomised_on is not None:
        earliest, what = state.randomised_on, "randomisation"
    elif state.deferred is not None:
        earliest, what = state.deferred.at.date() - _ONE_DAY, "the deferral of consent"
    elif state.consents:
        earliest, what = state.consents[0].at.date() - _ONE_DAY, "consent"
    else:
        earliest, what = state.screened_on or date.min, "screening"
    if on < earliest:
        raise OutOfOrder(step, say("its day {on} is before {what}", on=on, what=what))
