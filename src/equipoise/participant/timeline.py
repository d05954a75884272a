"""A participant's state as the schedule wants to see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from equipoise.participant.state import ParticipantState
from equipoise.schedule import GivenDose, Timeline
from equipoise.schedule.timeline import Key


def timeline(
    state: ParticipantState,
    *,
    recorded: Iterable[Key] = (),
    answers: Mapping[str, object] | None = None,
    zone: str = "UTC",
    samples: Iterable[str] = (),
) -> Timeline:
    """What `schedule.due` needs: the state, the records that exist, the most recent values.

    `zone` is the IANA name of the site's time zone. Withdrawal from visits or data ends what
    is due; withdrawal from the product ends only doses, withdrawal from samples only the forms
    of `samples`.
    """
    stops = [on for level, on in state.withdrawn if level in ("product", "data")]
    if state.dosing_stopped_at is not None:
        stops.append(_local(state.dosing_stopped_at, zone))
    no_samples = [on for level, on in state.withdrawn if level in ("samples", "data")]
    leaves = [on for level, on in state.withdrawn if level in ("visits", "data")]
    return Timeline(
        consented_on=_began(state, zone),
        randomised_on=state.randomised_on,
        randomised_at=state.randomised_at,
        first_dose_at=state.first_dose_at,
        doses=given(state),
        dosing_stopped_on=min(stops, default=None),
        discharged_on=state.discharged_on,
        readmitted_on=state.readmitted_on,
        in_hospital=state.in_hospital,
        died_on=state.died_on,
        withdrawn_on=min(leaves, default=None),
        completed_on=state.completed_on,
        failed_on=state.failed_on,
        samples=frozenset(samples),
        samples_stopped_on=min(no_samples, default=None),
        recorded=frozenset(recorded),
        answers=answers or {},
        zone=zone,
    )


def _began(state: ParticipantState, zone: str) -> date | None:
    """The day of the first consent, or of its deferral where that was earlier."""
    moments = [one.at for one in state.consents[:1]]
    moments += [state.deferred.at] if state.deferred else []
    return _local(min(moments), zone) if moments else None


def given(state: ParticipantState) -> tuple[GivenDose, ...]:
    """The doses as `schedule.next_dose` wants them."""
    return tuple(
        GivenDose(number=dose.number, at=dose.at, amount=dose.amount) for dose in state.doses
    )


def _local(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
