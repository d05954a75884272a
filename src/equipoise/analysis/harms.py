"""Adverse events by arm, worst grade, term and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from equipoise.analysis.dataset import Dataset, ParticipantRow, day_of
from equipoise.analysis.endpoints import began
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.analysis.sets import Members
from equipoise.analysis.summaries import share
from equipoise.analysis.tables import Line, Table, heading, line
from equipoise.errors import say
from equipoise.safety import judge

Phase = Literal["before", "during", "after"]
GRADES = (1, 2, 3, 4, 5)
SEVERE = 3


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One adverse event as the tables use it."""

    code: str
    term: str
    grade: int | None
    serious: bool
    related: bool
    fatal: bool
    special: tuple[str, ...]
    phase: Phase
    day: int


@dataclass(frozen=True, kw_only=True)
class Harms:
    """The events of the treated set, and who is in which arm of it."""

    happenings: tuple[Happening, ...]
    people: Mapping[str, tuple[str, ...]]

    @property
    def emergent(self) -> tuple[Happening, ...]:
        """Events that began on or after the first dose."""
        return tuple(one for one in self.happenings if one.phase != "before")

    def inside(self, arm: str) -> frozenset[str]:
        """The codes of one arm."""
        return frozenset(self.people[arm])

    def with_term(self, term: str) -> frozenset[str]:
        """Everybody with a treatment-emergent event of that term."""
        return frozenset(one.code for one in self.emergent if one.term == term)

    def of_interest(self, rule: str) -> frozenset[str]:
        """Everybody with a treatment-emergent event that a rule of special interest names."""
        return frozenset(one.code for one in self.emergent if rule in one.special)

    def count(self, arm: str, keep: Callable[[Happening], bool]) -> int:
        """Participants of an arm with at least one treatment-emergent event that counts."""
        return len(self.inside(arm) & {one.code for one in self.emergent if keep(one)})


def treated_set(trial: Trial) -> Members:
    """The first set of the plan that is of the treated, else the first of all."""
    sets = list(trial.sets.values())
    return next((one for one in sets if one.treated_only), sets[0])


def harms(trial: Trial) -> Harms:
    """Every event of the treated set up to the last day of its collection."""
    dataset, members = trial.dataset, treated_set(trial)
    last = trial.protocol.safety.last_day
    found = []
    for row, inside in zip(dataset.randomised, members.member, strict=True):
        if inside:
            found += [one for one in _events(dataset, row) if one.day <= last]
    people = {
        arm.id: tuple(
            row.code
            for row, inside in zip(dataset.randomised, members.in_arm(arm.id), strict=True)
            if inside
        )
        for arm in dataset.arms
    }
    return Harms(happenings=tuple(found), people=people)


def course_end(dataset: Dataset, row: ParticipantRow) -> int:
    """The last day of the course: that of the last dose, or as planned where none was given."""
    if row.dose_times:
        return day_of(row, dataset.site_date(row, max(row.dose_times)))
    dosing = dataset.study.protocol.dosing
    return 0 if dosing is None else int(dosing.course_hours // 24)


def _events(dataset: Dataset, row: ParticipantRow) -> Iterable[Happening]:
    rules, zone = dataset.study.protocol.safety, dataset.zone(row.site)
    end = course_end(dataset, row)
    for record in dataset.records_of(row.code, rules.event_form):
        judged = judge(rules, record.values, first_dose_at=row.first_dose_at, zone=zone)
        day = day_of(row, began(dataset, row, record))
        before = judged.treatment_emergent is False
        yield Happening(
            code=row.code,
            term=judged.term or "Not named",
            grade=judged.grade,
            serious=judged.serious is True,
            related=judged.related is True,
            fatal=judged.fatal is True,
            special=judged.special_interest,
            phase="before" if before else "during" if day <= end else "after",
            day=day,
        )


def heads(found: Harms, labels: Labels) -> tuple[str, ...]:
    """One heading per arm, with its size."""
    return tuple(f"{labels.arm(arm)} (n = {len(who)})" for arm, who in found.people.items())


def overview_table(trial: Trial, labels: Labels, found: Harms) -> Table:
    """Participants with any event, by kind and by worst grade."""
    kinds: list[tuple[str, Callable[[Happening], bool]]] = [
        ("Any adverse event", lambda one: True),
        ("Related to the product", lambda one: one.related),
        (say("Grade {n} or more", n=SEVERE), lambda one: (one.grade or 0) >= SEVERE),
        ("Serious", lambda one: one.serious),
        ("Serious and related", lambda one: one.serious and one.related),
        ("Fatal", lambda one: one.fatal),
    ]
    lines = [line(words, _shares(found, keep)) for words, keep in kinds]
    lines.append(heading(say("Worst grade ({grading})", grading=trial.protocol.safety.grading)))
    worst = worst_grades(found)
    for grade in GRADES:
        cells = [
            share(sum(worst.get(code) == grade for code in who), len(who))
            for who in found.people.values()
        ]
        lines.append(line(say("Grade {n}", n=grade), cells, depth=1))
    lines.append(heading("Events"))
    events = [
        str(sum(one.code in set(who) for one in found.emergent)) for who in found.people.values()
    ]
    lines.append(line("All events, counted once each", events, depth=1))
    return Table(
        id="adverse-events",
        title="Adverse events that began on or after the first dose",
        first="Participants with",
        columns=heads(found, labels),
        lines=tuple(lines),
        notes=(until(trial, labels), "Each participant is counted once per line: n/N (%)."),
    )


def until(trial: Trial, labels: Labels) -> str:
    """Whose events, and up to when."""
    return say(
        "{set}; events that began up to day {day}.",
        set=treated_set(trial).set.title.say(labels.language),
        day=trial.protocol.safety.last_day,
    )


def _shares(found: Harms, keep: Callable[[Happening], bool]) -> list[str]:
    return [share(found.count(arm, keep), len(who)) for arm, who in found.people.items()]


def worst_grades(found: Harms) -> dict[str, int]:
    """The worst grade of every participant with a graded event."""
    worst: dict[str, int] = {}
    for one in found.emergent:
        if one.grade is not None:
            worst[one.code] = max(worst.get(one.code, 0), one.grade)
    return worst


def terms(found: Harms) -> list[str]:
    """Terms, the most frequent (in participants) first."""
    counts = Counter(term for term, _ in {(one.term, one.code) for one in found.emergent})
    return sorted(counts, key=lambda term: (-counts[term], term))


def term_table(trial: Trial, labels: Labels, found: Harms) -> Table:
    """Participants by term and worst grade of that term, per arm."""
    columns = [
        say("{arm}, {which}", arm=labels.arm(arm), which=words)
        for arm in found.people
        for words in (*(say("grade {n}", n=grade) for grade in GRADES), "any grade")
    ]
    return Table(
        id="adverse-events-by-term",
        title="Adverse events by term and worst grade",
        first="Term",
        columns=tuple(columns),
        lines=tuple(line(term, _graded(found, term)) for term in terms(found)),
        notes=(
            until(trial, labels),
            "Participants; any grade as n (%). An event without a grade counts under any.",
        ),
    )


def _graded(found: Harms, term: str) -> list[str]:
    cells = []
    for who in found.people.values():
        worst: dict[str, int] = {}
        for one in found.emergent:
            if one.term == term and one.code in set(who):
                worst[one.code] = max(worst.get(one.code, 0), one.grade or 0)
        cells += [str(sum(grade == one for one in worst.values()) or "–") for grade in GRADES]
        cells.append(f"{len(worst)} ({100 * len(worst) / max(1, len(who)):.1f} %)")
    return cells


_PHASES: Mapping[Phase, str] = {
    "before": "Before the course",
    "during": "During the course",
    "after": "After the course",
}


def phase_table(trial: Trial, labels: Labels, found: Harms) -> Table:
    """Participants with events that began before, during and after the course."""
    kinds: list[tuple[str, Callable[[Happening], bool]]] = [
        ("Any adverse event", lambda one: True),
        (say("Grade {n} or more", n=SEVERE), lambda one: (one.grade or 0) >= SEVERE),
        ("Serious", lambda one: one.serious),
    ]
    lines: list[Line] = []
    phases: tuple[Phase, ...] = ("before", "during", "after")
    for words, keep in kinds:
        lines.append(heading(words))
        for phase in phases:
            cells = [
                share(
                    len(
                        {
                            one.code
                            for one in found.happenings
                            if one.phase == phase and keep(one) and one.code in set(who)
                        }
                    ),
                    len(who),
                )
                for who in found.people.values()
            ]
            lines.append(line(_PHASES[phase], cells, depth=1))
    return Table(
        id="events-before-during-after",
        title="Adverse events before, during and after the course",
        first="Participants with",
        columns=heads(found, labels),
        lines=tuple(lines),
        notes=(
            say(
                "Before: began between consent and the first dose. During: from the first to the "
                "day of the last dose. After: later, up to day {day}.",
                day=trial.protocol.safety.last_day,
            ),
        ),
    )
