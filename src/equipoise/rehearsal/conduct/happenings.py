"""Adverse events: who gets which, when, and what is written down about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from equipoise.protocol.conduct_rules import SafetyRules
from equipoise.protocol.scenario import EventRate
from equipoise.rehearsal.conduct.dice import Dice, edges, pick
from equipoise.rehearsal.conduct.person import Person
from equipoise.rehearsal.conduct.staff import Staff

SPREAD = 0.6  # of the logarithm of an event's length
REPORT_AFTER = timedelta(hours=6)  # narrative of a serious event, from awareness
RESOLVED = "The event has ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One adverse event that a person will have.

    `moment`: days from day 0, of an event that follows no dose. `dose`: the dose it follows,
    `hours` after its start.
    """

    rate: EventRate
    moment: float
    dose: int
    hours: float
    grade: int
    serious: bool
    related: bool
    length: float


def chance_of(rates: dict[str, float], level: str) -> float:
    """The chance for a stratum level, else that for `any`."""
    return rates.get(level, rates.get("any", 0.0))


def occurrences(
    events: tuple[EventRate, ...],
    person: Person,
    dice: Dice,
    *,
    doses: int,
    last_day: int,
    experimental: bool,
) -> list[Occurrence]:
    """The events of one person; the same chances are used whatever the arm."""
    found: list[Occurrence] = []
    for rate in events:
        chances = [dice.uniform() for _ in range(7)]
        p = chance_of(dict(rate.p), person.level)
        if chances[0] >= p + (rate.experimental_extra if experimental else 0.0):
            continue
        moment = chances[1] * last_day
        if rate.on_state is not None:
            day = _entered(person, rate.on_state)
            if day is None:
                continue
            moment = day + 0.6 + 0.3 * chances[1]
        grades = list(rate.grades)
        low, high = rate.delay
        found.append(
            Occurrence(
                rate=rate,
                moment=moment,
                dose=1 + int(chances[1] * doses) if rate.after_dose else 0,
                hours=low + (high - low) * chances[2],
                grade=int(grades[pick(edges(list(rate.grades.values())), chances[3])]),
                serious=chances[4] < rate.serious,
                related=chances[5] < rate.related,
                length=_length(rate.days, chances[6]),
            )
        )
    return found


def _entered(person: Person, state: str) -> int | None:
    """The first day after day 0 in a state that the person was not in on day 0."""
    if person.state(0) == state:
        return None
    return next((day for day, one in enumerate(person.path) if day and one == state), None)


def _length(median: float, chance: float) -> float:
    """A log-logistic length in days, half of them shorter than the median."""
    u = min(max(chance, 0.01), 0.99)
    return median * math.exp(SPREAD * math.log(u / (1 - u)) / 1.7)


def say_event(
    staff: Staff,
    one: Occurrence,
    *,
    number: int,
    at: datetime,
    on: date,
    aware: datetime,
    fatal: bool,
) -> None:
    """Put down the facts about an event, for the scenario's expressions."""
    known = staff.file.known
    known["sim.event"] = number
    known["sim.event_id"] = one.rate.id
    known["sim.event_at"] = at
    known["sim.event_on"] = on
    known["sim.event_end"] = on if fatal else None
    known["sim.event_ongoing"] = not fatal
    known["sim.event_grade"] = 5 if fatal else one.grade
    known["sim.event_serious"] = one.serious or fatal
    known["sim.event_related"] = one.related
    known["sim.event_fatal"] = fatal
    known["sim.event_dose"] = one.dose or None
    known["sim.event_hours"] = round(one.hours, 2) if one.dose else None
    known["sim.aware_at"] = aware


def fixed_items(
    rules: SafetyRules, one: Occurrence, *, at: datetime, on: date, fatal: bool, moment: bool
) -> dict[str, object]:
    """What the event form says where the protocol names the items itself."""
    fixed: dict[str, object] = {
        rules.term_item: str(one.rate.term),
        rules.onset_item: at if moment else on,
        rules.grade_item: 5 if fatal else one.grade,
        rules.serious_item: one.serious or fatal,
        **dict(one.rate.items),
    }
    if fatal:
        fixed[rules.outcome_item] = rules.fatal_codes[0]
    if one.related:
        fixed[rules.related_item] = rules.related_codes[-1]
    return fixed


def report(
    staff: Staff, one: Occurrence, *, at: datetime, aware: datetime, day: int, fatal: bool = False
) -> int:
    """Report an event, with its narrative if it is serious; returns its number."""
    rules = staff.study.protocol.safety
    on = at.astimezone(staff.person.zone).date()
    number = staff.file.next_number(rules.event_form)
    say_event(staff, one, number=number, at=at, on=on, aware=aware, fatal=fatal)
    onset = staff.study.forms[rules.event_form].item(rules.onset_item)
    moment = onset is not None and onset.type == "datetime"
    fixed = fixed_items(rules, one, at=at, on=on, fatal=fatal, moment=moment)
    values = staff.answers(
        rules.event_form, at=aware, on=on, day=day, visit="log", number=number, fixed=fixed
    )
    serious = one.serious or fatal
    staff.desk.report_event(
        participant=staff.file.code,
        number=number,
        serious=serious,
        on=on,
        values=values,
        at=aware,
        key=staff.key(),
        role="assessor" if staff.study.forms[rules.event_form].assesses else "investigator",
    )
    staff.kept(rules.event_form, "log", number, values, on)
    staff.counts.adverse_events += 1
    staff.counts.serious_events += serious
    if serious:
        _narrate(staff, number, aware=aware, day=day, fatal=fatal)
    return number


def _narrate(staff: Staff, number: int, *, aware: datetime, day: int, fatal: bool) -> None:
    """The report of a serious event: some hours later, after a death at once."""
    form = staff.scenario.happenings.get("serious")
    if form is None:
        return

    def write(at: datetime) -> None:
        staff.file.known["sim.event"], staff.file.known["sim.aware_at"] = number, aware
        staff.log(form, at=at, on=at.astimezone(staff.person.zone).date(), day=day)

    if fatal:
        write(aware + timedelta(minutes=5))
    else:
        staff.later.append((aware + REPORT_AFTER, write))


def resolve(staff: Staff, number: int, *, at: datetime, day: int) -> None:
    """Write down that an event has ended: a new version of its record."""
    form = staff.study.protocol.safety.event_form
    today = at.astimezone(staff.person.zone).date()
    old = staff.file.values[form, "log", number]
    staff.file.known["sim.event_end"] = today
    staff.file.known["sim.event_ongoing"] = False
    ends = {one.id for one in staff.filler.plan(form).items if one.ends}
    staff.say(at, today, day=day, visit="log", number=number)
    fixed = {name: value for name, value in old.items() if name not in ends}
    filled = staff.filler.fill(form, staff.person, staff.file, day=day, fixed=fixed)
    new = {name: value for name, value in filled.items() if name in ends or name in old}
    if new != old:
        staff.save(form, "log", number, new, at=at, on=today, reason=RESOLVED)
