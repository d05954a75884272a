"""Ward rounds, visits, discharge and return: what the schedule asks for on a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta

from equipoise.protocol.scenario import LogEntry
from equipoise.rehearsal.conduct.dosing import Course
from equipoise.rehearsal.conduct.fates import Fate
from equipoise.rehearsal.conduct.happenings import chance_of
from equipoise.rehearsal.conduct.person import AT_HOME
from equipoise.rehearsal.conduct.screening import WRITES_ITSELF
from equipoise.rehearsal.conduct.staff import Staff
from equipoise.schedule import Due, due
from equipoise.schedule.matrix import DAILY, DOSING

Moment = Callable[[int, time], datetime]
Act = Callable[[datetime], None]

RETURNING, ROUND, LEAVING = time(7, 10), time(7, 40), time(16, 0)
EACH_FORM = timedelta(minutes=4)


class Ward:
    """The site's routine with one participant."""

    def __init__(self, staff: Staff, fate: Fate, course: Course) -> None:
        self.staff = staff
        self.fate = fate
        self.course = course
        self.fit_since: int | None = None
        chain = staff.scenario.course
        self.death = chain.death if chain else None
        self.best = chain.states[0] if chain else ""
        self.worst = chain.states[-2] if chain and len(chain.states) > 2 else None
        self._last_daily = max(
            (one.daily.last for one in staff.study.protocol.schedule if one.daily), default=-1
        )
        self._discharges: list[int] = []
        self._skip = _not_by_schedule(staff)

    @property
    def home(self) -> bool:
        """Whether the participant is out of hospital."""
        return self.staff.file.home

    def expects(self, day: int) -> bool:
        """Whether the schedule or the course may ask for something on a day."""
        if not self.home and self.staff.person.path:
            return True
        planned = day in self.fate.visits.values()
        return day <= self._last_daily or planned or self._returns(day)

    def _visits(self, day: int) -> list[str]:
        """The visits held on a day."""
        gone = self.fate.lost_on is not None and day >= self.fate.lost_on and self.home
        return [
            visit
            for visit, on in self.fate.visits.items()
            if on == day and not gone and (not self.home or visit in self.fate.attends)
        ]

    def _returns(self, day: int) -> bool:
        person = self.staff.person
        return bool(person.path) and self.home and person.state(day) not in (self.best, self.death)

    def may_dose(self, day: int) -> bool:
        """Whether the participant is where doses are given."""
        return self.staff.person.state(day) != self.death

    def acts(self, day: int, moment: Moment) -> Iterator[tuple[datetime, Act]]:
        """What is done on a day, with its time."""
        if day == 0:
            return
        if self._returns(day):
            yield moment(day, RETURNING), self._readmit
        yield moment(day, ROUND), lambda at: self._round(day, at)
        if not self.home and self.staff.person.path:
            yield moment(day, LEAVING), lambda at: self._leave(day, at)

    def _round(self, day: int, at: datetime) -> None:
        staff = self.staff
        self._watch(day, at)
        visits = self._visits(day)
        if self.home and any(
            on == day and visit not in self.fate.attends for visit, on in self.fate.visits.items()
        ):
            staff.deviation("visit", at=at, on=at.astimezone(staff.person.zone).date())
        if not visits and day > self._last_daily:
            return
        on = at.astimezone(staff.person.zone).date()
        done: dict[str, dict[str, object]] = {}
        for one in due(staff.study.protocol, staff.file.timeline(), on):
            if not self._wanted(one, day, visits):
                continue
            at += EACH_FORM
            self._fill(one, day, at, done)
        staff.counts.visits += len(visits)

    def _wanted(self, one: Due, day: int, visits: list[str]) -> bool:
        if one.state not in ("due", "optional") or one.form in self._skip:
            return False
        if one.visit == DOSING or (one.visit == DAILY and one.number != day):
            return False
        if one.visit != DAILY and one.visit not in visits:
            return False
        dice, conduct = self.staff.person.dice, self.staff.conduct
        if one.state == "optional" and not dice.happens(conduct.optional):
            return False
        return not dice.happens(self._absence(one.form, day))

    def _absence(self, form: str, day: int) -> float:
        """The chance that a form is not filled in, which may depend on how the person is."""
        conduct, state = self.staff.conduct, self.staff.person.state(day)
        table = conduct.absent.get(form)
        if table is None:
            return conduct.missing_form
        situation = state + AT_HOME if self.home else state
        return table.get(situation, table.get(state, table.get("any", conduct.missing_form)))

    def _fill(self, one: Due, day: int, at: datetime, done: dict[str, dict[str, object]]) -> None:
        staff = self.staff
        on = at.astimezone(staff.person.zone).date()
        values = done.get(one.form)
        if values is None:
            values = done[one.form] = staff.answers(
                one.form, at=at, on=on, day=day, visit=one.visit, number=one.number
            )
        staff.save(one.form, one.visit, one.number, values, at=at, on=on)
        for number in range(1, staff.scenario.again.get(one.form, 0) + 1):
            more = staff.answers(one.form, at=at, on=on, day=day, visit=one.visit, number=number)
            staff.save(one.form, one.visit, number, more, at=at, on=on)

    def _watch(self, day: int, at: datetime) -> None:
        """Notice recovery, and the worst state, where some stop the product."""
        person = self.staff.person
        state = person.state(day)
        if not person.path:
            return
        if state == self.best:
            self.fit_since = day if self.fit_since is None else self.fit_since
            fit = at.astimezone(person.zone).date() - timedelta(days=day - self.fit_since)
            self.staff.file.known["sim.fit_on"] = fit
        else:
            self.fit_since = None
        if state == self.worst and person.worse(day) and self.fate.stops_when_worst:
            self.course.stop("intubation", at=at)

    def _leave(self, day: int, at: datetime) -> None:
        """Discharge who is fit for it and has had the course, or does not wait for it."""
        if self.fit_since is None or self.home:
            return
        if not self.course.over and self.fate.leaves_early:
            self.course.stop("discharged", at=at)
        stays = self.fate.recovered_stays if self.course.end != "discharged" else 0
        if self.course.over and day - self.fit_since >= stays:
            self._discharge(at, day)

    def _discharge(self, at: datetime, day: int) -> None:
        staff = self.staff
        on = at.astimezone(staff.person.zone).date()
        file = staff.file
        file.known["sim.course_complete"] = self.course.end == "completed"
        form = staff.scenario.happenings.get("discharge")
        if form is not None:
            self._discharges.append(staff.log(form, at=at, on=on, day=day))
        staff.desk.discharge(
            participant=file.code, on=on, at=at, key=staff.key(), role="coordinator"
        )
        file.discharged_on, file.readmitted_on, file.home = on, None, True
        staff.counts.discharges += 1

    def _readmit(self, at: datetime) -> None:
        staff = self.staff
        on = at.astimezone(staff.person.zone).date()
        staff.desk.readmit(
            participant=staff.file.code, on=on, at=at, key=staff.key(), role="coordinator"
        )
        staff.file.readmitted_on, staff.file.home = on, False
        staff.file.known["sim.readmitted_on"] = on
        form = staff.scenario.happenings.get("discharge")
        if form is not None and self._discharges:
            number = self._discharges[-1]
            old = staff.file.values[form, "log", number]
            new = staff.answers(
                form, at=at, on=on, day=0, visit="log", number=number, fresh=True, fixed=old
            )
            staff.save(form, "log", number, new, at=at, on=on, reason="Came back to hospital")
        staff.file.known["sim.readmitted_on"] = None

    def log_entries(self) -> Iterator[tuple[LogEntry, int, int]]:
        """The log entries that this person will get: which, on which day, at which minute."""
        person = self.staff.person
        for entry in self.staff.scenario.logs:
            has, day = person.dice.uniform(), person.dice.whole(entry.first, entry.last)
            minute = person.dice.whole(0, 90)
            if has < chance_of(dict(entry.p), person.level):
                yield entry, max(0, day), minute

    def make_entry(self, entry: LogEntry) -> Act:
        """The act of making a log entry."""

        def act(at: datetime) -> None:
            staff = self.staff
            on = at.astimezone(staff.person.zone).date()
            day = (on - (staff.file.randomised_on or on)).days
            staff.log(entry.form, at=at, on=on, day=day, fixed=dict(entry.items))

        return act


def _not_by_schedule(staff: Staff) -> frozenset[str]:
    """Forms that the schedule names but something else brings about."""
    protocol, forms = staff.study.protocol, staff.study.forms
    unblinded = {name for name, form in forms.items() if form.audience == "unblinded"}
    itself = {
        name for name, form in forms.items() if {item.id for item in form.items()} >= WRITES_ITSELF
    }
    end = {staff.scenario.happenings.get("end", "")}
    return frozenset({*unblinded, *itself, *end, protocol.safety.event_form})
