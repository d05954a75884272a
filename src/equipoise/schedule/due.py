"""What is due for one participant on one day.

'My day', the matrix of forms by visits and the simulated conduct all ask this function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from equipoise.protocol.derive import with_derived
from equipoise.protocol.model import Protocol
from equipoise.protocol.remember import Remembered
from equipoise.protocol.visits import Activity, Visit
from equipoise.rules import parse
from equipoise.schedule.dosing import PlannedDose, doses
from equipoise.schedule.matrix import DAILY, DOSING
from equipoise.schedule.timeline import Timeline

DueState = Literal["done", "due", "overdue", "missed", "not-yet", "optional"]

GRACE_DAYS = 7
"""Days after its window in which an unrecorded activity is overdue; then it is missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One record that the schedule expects of this participant.

    state
        done: recorded. not-yet: its first day lies ahead. due: the window is open.
        optional: the window is open, and it is done only where clinically indicated.
        overdue: the window closed at most `GRACE_DAYS` ago. missed: longer ago.
    """

    form: str
    visit: str
    number: int
    first: date
    last: date
    state: DueState
    activity: str = ""


def due(protocol: Protocol, timeline: Timeline, on: date) -> tuple[Due, ...]:
    """Every expected record of one participant as it stands on a site calendar date.

    Before consent nothing is due. Before randomisation the visits up to day 0 are due from
    consent. Someone randomised and never dosed is followed like everybody else. After death,
    withdrawal or completion only what was recorded, and what had closed before, remains. A
    condition that is unknown makes an activity optional at a visit and not due daily.
    Conditions read `timeline.answers`; `in_hospital`, unless it is answered there, is judged
    day by day from discharge and readmission, whatever the protocol derives under that name.
    The caller leaves out forms that the reader may not see.
    """
    if timeline.consented_on is None:
        return ()
    state = _State(protocol, timeline, on)
    found: dict[tuple[str, str, int], Due] = {}
    for activity in protocol.schedule:
        for one in _of_activity(state, activity):
            key = (one.form, one.visit, one.number)
            if key not in found or found[key].state == "optional":
                found[key] = one
    return tuple(found.values())


class _State:
    """What the helpers below need to know, worked out once per question."""

    __slots__ = ("ended", "known", "on", "planned", "protocol", "timeline")

    def __init__(self, protocol: Protocol, timeline: Timeline, on: date) -> None:
        self.protocol = protocol
        self.timeline = timeline
        self.on = on
        self.ended = timeline.ended_on
        self.known = with_derived(protocol, timeline.answers)
        self.planned = _planned(protocol, timeline)

    def holds(self, condition: str | None, day: date) -> object:
        """True, False or UNKNOWN."""
        if condition is None:
            return True
        expression = parse(condition)
        if "in_hospital" in expression.names and "in_hospital" not in self.timeline.answers:
            return expression.run(_WithFact(self.known, self.timeline.here(day)))
        return expression.run(self.known)


class _WithFact(dict[str, object]):
    """Known answers and where the participant was."""

    def __init__(self, known: Mapping[str, object], here: bool) -> None:
        super().__init__(in_hospital=here)
        self._known = known

    def get(self, name: str, default: object = None) -> object:
        return self["in_hospital"] if name == "in_hospital" else self._known.get(name, default)


def _planned(protocol: Protocol, timeline: Timeline) -> tuple[PlannedDose, ...]:
    if timeline.first_dose_at is None:
        return ()
    return doses(protocol, timeline.first_dose_at)


def _of_activity(state: _State, activity: Activity) -> Iterator[Due]:
    needed = state.holds(activity.condition, state.on)
    if needed is False:
        yield from _recorded_only(state, activity)
        return
    for visit, optional in _visits(state.protocol).get(activity.id, ()):
        window = _window(state.timeline, visit)
        if window is not None:
            yield from _entries(
                state, activity, visit.id, 0, window, optional=optional or needed is not True
            )
    if needed is True and activity.daily is not None:
        yield from _days(state, activity)
    if needed is True and activity.per_dose:
        yield from _doses(state, activity)


def _place_visits(protocol: Protocol) -> dict[str, tuple[tuple[Visit, bool], ...]]:
    """Per activity: its visits in protocol order, each with whether it is optional there."""
    return {
        activity.id: tuple(
            (visit, visit.id not in activity.at)
            for visit in protocol.visits
            if visit.id in activity.at or visit.id in activity.optional
        )
        for activity in protocol.schedule
    }


_visits: Remembered[Protocol, dict[str, tuple[tuple[Visit, bool], ...]]] = Remembered(_place_visits)


def _recorded_only(state: _State, activity: Activity) -> Iterator[Due]:
    """What exists stays visible although the condition says that it is not needed."""
    for visit, _ in _visits(state.protocol).get(activity.id, ()):
        window = _window(state.timeline, visit)
        for form in activity.forms:
            if window is not None and (form, visit.id, 0) in state.timeline.recorded:
                yield _due(activity, form, visit.id, 0, window, "done")


def _window(timeline: Timeline, visit: Visit) -> tuple[date, date] | None:
    """First and last day of a visit; before randomisation only visits up to day 0 have one."""
    if timeline.randomised_on is not None:
        return visit.window(timeline.randomised_on)
    if visit.day > 0 or timeline.consented_on is None:
        return None
    start = timeline.consented_on
    return start, start + timedelta(days=visit.early + visit.late)


def _entries(
    state: _State,
    activity: Activity,
    visit: str,
    number: int,
    window: tuple[date, date],
    *,
    optional: bool,
) -> Iterator[Due]:
    for form in activity.forms:
        done = (form, visit, number) in state.timeline.recorded
        found = "done" if done else _standing(state, window, optional=optional)
        if not done and _gives_none(state.timeline, form, window):
            found = None
        if found is not None:
            yield _due(activity, form, visit, number, window, found)


def _gives_none(timeline: Timeline, form: str, window: tuple[date, date]) -> bool:
    """Whether the form needs a sample that the participant does not give any more."""
    stopped = timeline.samples_stopped_on
    return stopped is not None and form in timeline.samples and window[1] >= stopped


def _due(
    activity: Activity,
    form: str,
    visit: str,
    number: int,
    window: tuple[date, date],
    state: DueState,
) -> Due:
    first, last = window
    return Due(
        form=form,
        visit=visit,
        number=number,
        first=first,
        last=last,
        state=state,
        activity=activity.id,
    )


def _standing(state: _State, window: tuple[date, date], *, optional: bool) -> DueState | None:
    """How an unrecorded activity stands, or None where nothing is expected any more."""
    first, last = window
    if state.ended is not None and last >= state.ended:
        return None
    if state.on < first:
        return "not-yet"
    if state.on <= last:
        return "optional" if optional else "due"
    if optional:
        return None
    return "overdue" if state.on <= last + timedelta(days=GRACE_DAYS) else "missed"


def _days(state: _State, activity: Activity) -> Iterator[Due]:
    daily, start = activity.daily, state.timeline.randomised_on
    if daily is None or start is None:
        return
    for number in range(daily.first, daily.last + 1):
        day = start + timedelta(days=number)
        recorded = any((form, DAILY, number) in state.timeline.recorded for form in activity.forms)
        if recorded or state.holds(daily.condition, day) is True:
            yield from _entries(state, activity, DAILY, number, (day, day), optional=False)


def _doses(state: _State, activity: Activity) -> Iterator[Due]:
    dosing, timeline = state.protocol.dosing, state.timeline
    if dosing is None or timeline.randomised_on is None:
        return
    for number in range(1, dosing.doses + 1):
        window = _dose_window(state, number)
        recorded = any((form, DOSING, number) in timeline.recorded for form in activity.forms)
        stopped = timeline.dosing_stopped_on
        if recorded or (window and (stopped is None or window[1] < stopped)):
            days = window or (timeline.randomised_on, timeline.randomised_on)
            yield from _entries(state, activity, DOSING, number, days, optional=False)


def _dose_window(state: _State, number: int) -> tuple[date, date] | None:
    """Site dates of a dose: planned from the first one, else the time allowed for the first."""
    timeline, dosing = state.timeline, state.protocol.dosing
    if state.planned:
        planned = state.planned[number - 1]
        given = next((one.at for one in timeline.doses if one.number == number), None)
        if given is not None:
            return timeline.local(given), timeline.local(given)
        return timeline.local(planned.earliest), timeline.local(planned.latest)
    if number > 1 or dosing is None or timeline.randomised_on is None:
        return None
    within = timedelta(hours=dosing.first_dose_within_hours)
    if timeline.randomised_at is None:
        return timeline.randomised_on, timeline.randomised_on + within
    return timeline.randomised_on, timeline.local(timeline.randomised_at + within)
