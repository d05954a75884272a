"""The course of doses: planned by the clock of the ward, given as the dosing rules allow."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal

from equipoise.protocol.conduct_rules import Dosing
from equipoise.protocol.derive import with_derived
from equipoise.rehearsal.conduct.fates import Fate
from equipoise.rehearsal.conduct.happenings import Occurrence
from equipoise.rehearsal.conduct.staff import Staff
from equipoise.schedule import DoseAnswer, GivenDose, next_dose
from equipoise.schedule.matrix import DOSING
from equipoise.supply.state import unit_code

SLOTS = (time(8, 40), time(20, 40))
"""When the first dose of the day and of the night is usually given, site time."""
SOON = timedelta(minutes=75)  # the least from randomisation to the first dose
JITTER = 0.45  # hours, standard deviation of the start around its plan
PREPARING = timedelta(minutes=35)
THAWING = timedelta(minutes=52)  # before the dose, units leave the cold
AFTER = timedelta(minutes=3)  # from the end of a session to writing it down
AGAIN = timedelta(minutes=50)  # from a hold to the next attempt
SESSION = (11.0, 15.0)  # minutes
MOST_HOLDS = 2

BROKEN = "The vial broke while it was taken out"

Amount = Literal["full", "partial", "not"]


class Course:
    """One participant's course. `next_at` is when the next attempt will be, None if over."""

    def __init__(self, staff: Staff, fate: Fate, events: list[Occurrence]) -> None:
        self.staff = staff
        self.fate = fate
        self.by_dose = {one.dose: one for one in events if one.dose}
        self.next_at: datetime | None = None
        self.holds = 0
        self.end = "completed"
        self.handed_out: set[str] = set()
        self.broke = False
        self.starts: dict[int, datetime] = {}

    @property
    def over(self) -> bool:
        """Whether nothing more will be given."""
        return self.next_at is None

    @property
    def dosing(self) -> Dosing:
        """The dosing rules."""
        found = self.staff.study.protocol.dosing
        assert found is not None
        return found

    def begin(self, randomised_at: datetime) -> None:
        """Plan the first dose at the next usual hour."""
        if self.staff.study.protocol.dosing is None:
            return
        zone, dice = self.staff.person.zone, self.staff.person.dice
        earliest = (randomised_at + SOON).astimezone(zone)
        latest = randomised_at + timedelta(hours=self.dosing.first_dose_within_hours)
        first = earliest
        for days in (0, 1):
            for slot in SLOTS:
                at = datetime.combine(earliest.date() + timedelta(days=days), slot, zone)
                at += timedelta(minutes=int(dice.between(0, 50)))
                if first is earliest and at > earliest:
                    first = at
        self.next_at = min(first, latest - timedelta(minutes=5))

    def stop(self, why: str, *, at: datetime, said: bool = True) -> None:
        """End the course before its last dose; `said`: the investigator writes it down."""
        if self.over:
            return
        self.next_at = None
        self.end = why
        file = self.staff.file
        file.stopped_on = at.astimezone(self.staff.person.zone).date()
        if said:
            self.staff.desk.stop_dosing(
                participant=file.code,
                reason=why,
                at=at,
                key=self.staff.key(),
                role="investigator",
            )

    def attempt(self, at: datetime, day: int) -> int | None:
        """Try to give the next dose now; returns its number if something was recorded."""
        file, dosing = self.staff.file, self.dosing
        when = next_dose(dosing, file.doses, at, randomised_at=file.randomised_at)
        highest = max((dose.number for dose in file.doses), default=0)
        if when.number is None or when.number <= highest:
            self.next_at = None
            return None
        if not when.allowed:
            self._wait(when)
            return None
        return self._one(when.number, at, day)

    def _wait(self, when: DoseAnswer) -> None:
        opens = when.opens
        later = when.why.code in ("gap-too-short", "window-not-open") and opens is not None
        self.next_at = opens + timedelta(minutes=4) if later and opens is not None else None

    def _one(self, number: int, at: datetime, day: int) -> int | None:
        amount, reason = self._amount(number)
        if amount != "not":
            self._reach_for(number, at - THAWING)
        values = self._values(number, at, day, amount, reason)
        judged = self._judge(values, at)
        if judged.why.code == "stopped":
            self.stop("stop-rule", at=at)
            return None
        if amount != "not" and not judged.allowed:
            if self.holds < MOST_HOLDS:
                self.holds += 1
                self.next_at = at + AGAIN
                return None
            amount, values = "not", self._values(number, at, day, "not", "hold")
        self.holds = 0
        self._carry_out(number, at, amount, values)
        self._plan_next(number, at)
        if self.fate.intolerant_at == number:
            self.stop("intolerance", at=at + timedelta(minutes=30))
        return number

    def _reach_for(self, number: int, at: datetime) -> None:
        """Take the kit in hand: it may not be valid any more, and a unit may break."""
        staff, file = self.staff, self.staff.file
        file.kit = staff.desk.kit_in_use(
            participant=file.code, kit=file.kit, at=at, key=staff.key(), role="dosing nurse"
        )
        chance = staff.conduct.lost_unit
        if chance > 0 and not self.broke and staff.person.handling.happens(chance):
            self.broke = True
            file.kit = staff.desk.lose_unit(
                participant=file.code,
                unit=unit_code(file.kit, number),
                reason=BROKEN,
                at=at,
                key=staff.key(),
                role="dosing nurse",
            )

    def _amount(self, number: int) -> tuple[Amount, str]:
        dice = self.staff.person.dice
        missed = dice.happens(self.staff.conduct.missed_dose)
        if self.fate.intolerant_at == number:
            return "partial", "intolerance"
        return ("not", "refused") if missed else ("full", "")

    def _values(
        self, number: int, at: datetime, day: int, amount: Amount, reason: str
    ) -> dict[str, object]:
        known, dice = self.staff.file.known, self.staff.person.dice
        given = self.staff.file.given
        minutes = dice.between(*SESSION)
        known["sim.dose"] = number
        known["sim.dose_given"] = amount
        known["sim.dose_reason"] = reason
        known["sim.dose_start"] = at
        known["sim.dose_stop"] = at + timedelta(minutes=round(minutes))
        known["sim.dose_planned"] = self._planned(number, at)
        known["sim.dose_previous"] = given[-1].at if given else None
        known["sim.unit"] = unit_code(self.staff.file.kit, number)
        known["sim.kit"] = self.staff.file.kit
        return self.staff.answers(
            self.dosing.administration_form,
            at=at,
            on=at.astimezone(self.staff.person.zone).date(),
            day=day,
            visit=DOSING,
            number=number,
        )

    def _planned(self, number: int, at: datetime) -> datetime:
        given = self.staff.file.given
        if not given:
            return at
        return given[0].at + timedelta(
            hours=self.dosing.interval_hours * (number - given[0].number)
        )

    def _judge(self, values: dict[str, object], at: datetime) -> DoseAnswer:
        form, file = self.dosing.administration_form, self.staff.file
        known = {**file.known, **{f"{form}.{name}": value for name, value in values.items()}}
        return next_dose(
            self.dosing,
            file.doses,
            at,
            with_derived(self.staff.study.protocol, known),
            randomised_at=file.randomised_at,
        )

    def _carry_out(
        self, number: int, at: datetime, amount: Amount, values: dict[str, object]
    ) -> None:
        staff, file = self.staff, self.staff.file
        on = at.astimezone(staff.person.zone).date()
        unit = None
        if amount != "not":
            unit = unit_code(file.kit, number)
            self._prepare(number, unit, at)
        ended = at + timedelta(minutes=16) if amount != "not" else at
        staff.desk.administer(
            participant=file.code,
            number=number,
            unit=unit,
            amount=amount,
            given_at=at,
            on=on,
            values=values,
            at=ended + AFTER,
            key=staff.key(),
            role="dosing nurse",
        )
        staff.kept(self.dosing.administration_form, DOSING, number, values, on)
        file.doses.append(GivenDose(number=number, at=at, amount=amount))
        self.starts[number] = at
        staff.counts.doses += amount != "not"
        if amount == "not":
            staff.deviation("dose", at=ended + 2 * AFTER, on=on)

    def _prepare(self, number: int, unit: str, at: datetime) -> None:
        staff, file = self.staff, self.staff.file
        if file.kit not in self.handed_out:
            self.handed_out.add(file.kit)
            staff.desk.dispense(
                participant=file.code,
                kit=file.kit,
                at=at - THAWING,
                key=staff.key(),
                role="dosing nurse",
            )
        if self.dosing.in_use_hours is not None:
            staff.desk.thaw_unit(
                participant=file.code,
                unit=unit,
                at=at - THAWING,
                key=staff.key(),
                role="pharmacist",
            )
        form, ready = self.dosing.preparation_form, at - PREPARING
        on = ready.astimezone(staff.person.zone).date()
        values: dict[str, object] = {}
        if form is not None:
            day = (on - (file.randomised_on or on)).days
            values = staff.answers(form, at=ready, on=on, day=day, visit=DOSING, number=number)
        staff.desk.prepare_unit(
            participant=file.code,
            unit=unit,
            number=number,
            on=on,
            values=values,
            at=ready,
            key=staff.key(),
            role="pharmacist",
        )
        staff.counts.preparations += 1

    def _plan_next(self, number: int, at: datetime) -> None:
        if number >= self.dosing.doses:
            self.next_at = None
            return
        dice = self.staff.person.dice
        late = max(-1.5, min(1.5, JITTER * dice.normal()))
        self.next_at = max(
            self._planned(number + 1, at) + timedelta(minutes=round(60 * late)),
            at + timedelta(hours=self.dosing.minimum_gap_hours, minutes=1),
        )

    def hand_in(self, at: datetime) -> None:
        """At the end of the study, bring back what was not needed."""
        if self.handed_out:
            staff = self.staff
            staff.desk.hand_in(
                participant=staff.file.code, at=at, key=staff.key(), role="dosing nurse"
            )

    def observe(self, number: int, at: datetime, day: int) -> None:
        """Fill in what was looked for after a dose."""
        form = self.dosing.reaction_form
        if form is None:
            return
        one, start = self.by_dose.get(number), self.starts[number]
        staff, fixed = self.staff, {}
        known = staff.file.known
        known["sim.dose"], known["sim.dose_start"] = number, start
        known["sim.reaction"] = False
        if one is not None and one.rate.reaction is not None:
            known["sim.reaction"] = True
            known["sim.reaction_minutes"] = max(1, round(one.hours * 60))
            known["sim.event_grade"] = one.grade
            known["sim.event_related"] = one.related
            known["sim.event"] = (
                staff.file.numbers.get(staff.study.protocol.safety.event_form, 0) + 1
            )
            fixed = {one.rate.reaction: True}
        on = start.astimezone(staff.person.zone).date()
        values = staff.answers(
            form, at=at, on=on, day=day, visit=DOSING, number=number, fixed=fixed
        )
        staff.save(form, DOSING, number, values, at=at, on=on)
