"""How taking part ends: as planned, by death, withdrawal, or silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from equipoise.rehearsal.conduct.dosing import Course
from equipoise.rehearsal.conduct.fates import Fate
from equipoise.rehearsal.conduct.happenings import Occurrence, report
from equipoise.rehearsal.conduct.staff import Staff

Moment = Callable[[int, time], datetime]
Act = Callable[[datetime], None]

DYING, LEAVING, CLOSING = time(13, 30), time(12, 10), time(17, 30)
COMPLETED, DIED, WITHDREW, LOST = "completed", "death", "withdrew", "lost"


class Ending:
    """The end of one participant's study."""

    def __init__(self, staff: Staff, fate: Fate, course: Course) -> None:
        self.staff = staff
        self.fate = fate
        self.course = course
        chain = staff.scenario.course
        self.death = chain.death if chain else None
        self.fatal: Occurrence | None = None
        self.last_day = max(fate.visits.values(), default=0)

    def expects(self, day: int) -> bool:
        """Whether something ends on a day."""
        return day in (self.fate.withdraws_on, self.last_day) or self._dies(day)

    def _dies(self, day: int) -> bool:
        return self.death is not None and self.staff.person.state(day) == self.death

    def acts(self, day: int, moment: Moment) -> Iterator[tuple[datetime, Act]]:
        """What ends on a day."""
        if day > 0 and self._dies(day):
            yield moment(day, DYING), lambda at: self._die(at, day)
        if day == self.fate.withdraws_on:
            yield moment(day, LEAVING), lambda at: self._withdraw(at, day)
        if day == self.last_day:
            yield moment(day, CLOSING), lambda at: self._close_as_planned(at, day)

    def _on(self, at: datetime) -> date:
        return at.astimezone(self.staff.person.zone).date()

    def _die(self, at: datetime, day: int) -> None:
        staff, on = self.staff, self._on(at)
        if not self.course.over:
            self.course.stop("died", at=at, said=False)
        known = staff.file.known
        known["sim.died_at"], known["sim.died_on"] = at, on
        if self.fatal is not None:
            report(staff, self.fatal, at=at, aware=at + timedelta(minutes=20), day=day, fatal=True)
        form = staff.study.protocol.safety.death_form
        if form is not None:
            staff.log(form, at=at + timedelta(minutes=30), on=on, day=day)
        staff.desk.record_death(
            participant=staff.file.code,
            on=on,
            at=at + timedelta(minutes=40),
            key=staff.key(),
            role="coordinator",
        )
        staff.counts.deaths += 1
        self._close(DIED, at + timedelta(hours=2), day)
        staff.file.died_on = on

    def _withdraw(self, at: datetime, day: int) -> None:
        staff, on, level = self.staff, self._on(at), self.fate.withdraws_from
        known = staff.file.known
        known["sim.withdrawn_on"], known["sim.withdrawal"] = on, level
        form = staff.scenario.happenings.get("withdrawal")
        if form is not None:
            self._write_withdrawal(form, at, on)
        self.course.stop("withdrew", at=at, said=False)
        if level != "product":  # withdrawal from data closes the file to any later form
            self._write_end(WITHDREW, at + timedelta(minutes=10), day)
        staff.desk.withdraw(
            participant=staff.file.code,
            level=level,
            reason="",
            on=on,
            at=at + timedelta(minutes=15),
            key=staff.key(),
            role="investigator",
        )
        staff.counts.withdrawals += 1
        if level != "product":
            self._complete(WITHDREW, at + timedelta(minutes=30))
            staff.file.withdrawn_on = on

    def _write_withdrawal(self, form: str, at: datetime, on: date) -> None:
        """The form already exists since baseline: a new version of it."""
        staff = self.staff
        found = next((key for key in staff.file.values if key[0] == form), None)
        if found is None:
            return
        _, visit, number = found
        old = staff.file.values[found]
        new = staff.answers(
            form, at=at, on=on, day=0, visit=visit, number=number, fresh=True, fixed=old
        )
        staff.save(form, visit, number, new, at=at, on=on, reason="Consent withdrawn")

    def _close_as_planned(self, at: datetime, day: int) -> None:
        last = max(self.fate.visits, key=lambda visit: self.fate.visits[visit], default=None)
        gone = self.fate.lost_on is not None and self.staff.file.home
        missed = self.staff.file.home and last is not None and last not in self.fate.attends
        if gone or missed:
            self.staff.counts.lost += 1
        self._close(LOST if gone or missed else COMPLETED, at, day)

    def _close(self, why: str, at: datetime, day: int) -> None:
        """Fill in the end-of-study form and close."""
        self._write_end(why, at, day)
        self._complete(why, at)

    def _write_end(self, why: str, at: datetime, day: int) -> None:
        staff, on = self.staff, self._on(at)
        known, given = staff.file.known, staff.file.given
        known["sim.end"] = why
        known["sim.course_end"] = self._course_end(len(given))
        known["sim.doses_given"] = len(given)
        known["sim.last_dose_on"] = (
            given[-1].at.astimezone(staff.person.zone).date() if given else None
        )
        form = staff.scenario.happenings.get("end")
        if form is not None:
            visit = self._visit_of(form)
            values = staff.answers(form, at=at, on=on, day=day, visit=visit, number=0)
            staff.save(form, visit, 0, values, at=at, on=on)

    def _complete(self, why: str, at: datetime) -> None:
        staff, on = self.staff, self._on(at)
        staff.desk.complete(
            participant=staff.file.code,
            reason=why,
            on=on,
            at=at + timedelta(minutes=5),
            key=staff.key(),
            role="investigator",
        )
        staff.file.completed_on = on
        self.course.hand_in(at + timedelta(minutes=10))

    def _course_end(self, given: int) -> str:
        dosing = self.staff.study.protocol.dosing
        if not given:
            return "never-dosed"
        short = dosing is not None and given < dosing.doses and self.course.end == "completed"
        return "incomplete" if short else self.course.end

    def _visit_of(self, form: str) -> str:
        """The visit at which the schedule has a form, else the log."""
        for activity in self.staff.study.protocol.schedule:
            if form in activity.forms and activity.at:
                return activity.at[-1]
        return "log"
