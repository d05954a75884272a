"""One participant's way through the trial, day by day, as a generator of moments."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from equipoise.errors import ScenarioError
from equipoise.rehearsal.conduct.dosing import Course
from equipoise.rehearsal.conduct.ending import Ending
from equipoise.rehearsal.conduct.fates import Fate
from equipoise.rehearsal.conduct.happenings import Occurrence, report, resolve
from equipoise.rehearsal.conduct.staff import Staff
from equipoise.rehearsal.conduct.ward import Ward

Act = Callable[[datetime], None]
WAKE = time(6, 0)
OBSERVED = timedelta(minutes=125)
CORRECTING = time(11, 30)
MOST_ACTS = 500
"""More than this in a day is a defect: an act that puts itself on the agenda for ever."""


class Life:
    """Everything from day 0 on. `now` acts are kept in a small agenda, in order of time."""

    def __init__(self, staff: Staff, fate: Fate, events: list[Occurrence]) -> None:
        self.staff = staff
        self.fate = fate
        self.events = events
        self.course = Course(staff, fate, events)
        self.ward = Ward(staff, fate, self.course)
        self.ending = Ending(staff, fate, self.course)
        self.agenda: list[tuple[datetime, int, Act]] = []
        self.asked = 0
        self.last_day = max((day for day in fate.visits.values()), default=0)

    def plan(self, at: datetime, act: Act) -> None:
        """Put an act on the agenda."""
        self.asked += 1
        heapq.heappush(self.agenda, (at, self.asked, act))

    def moment(self, day: int, at: time) -> datetime:
        """A time of the site's clock on a day of this participant."""
        start = self.staff.file.randomised_on
        assert start is not None
        return datetime.combine(start + timedelta(days=day), at, self.staff.person.zone)

    def date(self, day: int) -> date:
        """The site date of a day."""
        return self.moment(day, WAKE).date()

    def begin(self) -> None:
        """Right after randomisation: plan the course, the events and the log."""
        file = self.staff.file
        assert file.randomised_at is not None
        self.course.begin(file.randomised_at)
        for one in self.events:
            if not one.dose:
                at = self.moment(0, time(0)) + timedelta(days=one.moment)
                self.plan(max(at, file.randomised_at + timedelta(minutes=20)), self._happen(one))
        for entry, day, minute in self.ward.log_entries():
            at = self.moment(day, time(10)) + timedelta(minutes=minute)
            at = max(at, file.randomised_at + timedelta(minutes=10 + minute))
            self.plan(at, self.ward.make_entry(entry))

    def days(self) -> Iterator[datetime]:
        """Live through the rest of day 0 and every later day; yields when each begins."""
        self.day(0)
        for day in range(1, self.last_day + 1):
            if self.staff.file.ended:
                return
            if not self._busy(day):
                continue
            yield self.moment(day, WAKE)
            with self.staff.desk.day(participant=self.staff.file.code, on=self.date(day)):
                self.day(day)

    def _busy(self, day: int) -> bool:
        """Whether anything at all can happen to this participant on a day."""
        if self.agenda and self.agenda[0][0] < self.moment(day + 1, WAKE):
            return True
        if not self.course.over or self.staff.corrections:
            return True
        return self.ward.expects(day) or self.ending.expects(day)

    def day(self, day: int) -> None:
        """One day: what is planned, in order of time, until the next day begins."""
        until = self.moment(day + 1, WAKE)
        for at, act in (*self.ending.acts(day, self.moment), *self.ward.acts(day, self.moment)):
            self.plan(at, act)
        if self.staff.corrections and day > 0:
            self.plan(self.moment(day, CORRECTING), self._correct)
        self._dose(until)
        acts = 0
        while self.agenda and self.agenda[0][0] < until:
            at, _, act = heapq.heappop(self.agenda)
            acts += 1
            if acts > MOST_ACTS:
                raise ScenarioError("", f"day {day} of {self.staff.file.code} does not end.")
            if self.staff.file.ended:
                return
            act(at)
            self._dose(until)
            while self.staff.later:
                self.plan(*self.staff.later.pop())

    def _dose(self, until: datetime) -> None:
        """Put the next dose on the agenda if it falls on this day."""
        at = self.course.next_at
        waiting = any(act == self._attempt for _, _, act in self.agenda)
        if at is not None and at < until and not waiting:
            self.plan(at, self._attempt)

    def _day_of(self, at: datetime) -> int:
        start = self.staff.file.randomised_on
        assert start is not None
        return max(0, (at.astimezone(self.staff.person.zone).date() - start).days)

    def _attempt(self, at: datetime) -> None:
        if self.course.over:
            return
        if not self.ward.may_dose(self._day_of(at)):
            self.course.stop("died", at=at, said=False)
            return
        number = self.course.attempt(at, self._day_of(at))
        dosing = self.staff.study.protocol.dosing
        if number is None or dosing is None:
            return
        if self.staff.file.doses[-1].amount == "not":
            return
        if dosing.reaction_form is not None:
            self.plan(at + OBSERVED, lambda then: self._observe(number, at, then))
        one = self.course.by_dose.get(number)
        if one is not None:
            happened = at + timedelta(hours=one.hours)
            aware = max(happened + timedelta(minutes=10), at + OBSERVED + timedelta(minutes=3))
            self.plan(aware, lambda then: self._reported(one, happened, then))

    def _observe(self, number: int, started: datetime, at: datetime) -> None:
        self.course.observe(number, at, self._day_of(started))

    def _happen(self, one: Occurrence) -> Act:
        def act(at: datetime) -> None:
            if one.rate.on_state != self.ward.death:
                self._reported(one, at, at + timedelta(minutes=25))

        return act

    def _reported(self, one: Occurrence, happened: datetime, aware: datetime) -> None:
        number = report(self.staff, one, at=happened, aware=aware, day=self._day_of(happened))
        over = aware + timedelta(days=max(0.2, one.length))
        if self._day_of(over) <= self.last_day:
            self.plan(over, lambda then: self._resolve(number, then))

    def _resolve(self, number: int, at: datetime) -> None:
        resolve(self.staff, number, at=at, day=self._day_of(at))

    def _correct(self, at: datetime) -> None:
        self.staff.correct(at)
