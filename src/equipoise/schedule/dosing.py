"""Doses: when each is planned, and whether the next one may be given now.

Doses are counted, never dates: ten doses twelve hours apart touch five or six calendar
days, depending on the hour of the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from equipoise.errors import say
from equipoise.protocol.conduct_rules import DoseRule, Dosing
from equipoise.protocol.model import Protocol
from equipoise.rules import UNKNOWN, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDose:
    """When one dose is planned, and the first and last moment of its window."""

    number: int
    at: datetime
    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDose:
    """One numbered dose that was given, in full or in part, or recorded as not given.

    `at` is the aware moment of its start; of a dose not given, when that was recorded.
    """

    number: int
    at: datetime
    amount: Literal["full", "partial", "not"] = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A reason: a stable code and a sentence in English."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseAnswer:
    """Whether the next dose may be given at the moment asked about.

    `number` is the dose that would be given, None where none is left. `opens` and `closes`
    bound the time in which it may be given, None where it may not be given at all or the
    time is not known. `deviations` are what giving it now would deviate from. `unanswered`
    names the stop rules that cannot be judged yet.
    """

    allowed: bool
    number: int | None
    why: Why
    opens: datetime | None = None
    closes: datetime | None = None
    deviations: tuple[Why, ...] = ()
    unanswered: tuple[str, ...] = ()


def doses(protocol: Protocol, first_dose_at: datetime) -> tuple[PlannedDose, ...]:
    """Every dose of the course, planned from the aware moment of the first.

    A window never reaches past the end of the course. A protocol without dosing has none.

    Raises:
        ValueError: `first_dose_at` has no time zone.

    """
    _aware(first_dose_at)
    dosing = protocol.dosing
    if dosing is None:
        return ()
    return tuple(_planned(dosing, first_dose_at, k) for k in range(1, dosing.doses + 1))


def next_dose(
    dosing: Dosing,
    given: Sequence[GivenDose],
    at: datetime,
    answers: Mapping[str, object] | None = None,
    *,
    randomised_at: datetime | None = None,
) -> DoseAnswer:
    """Whether a dose may be given at `at`, which one, and what it would deviate from.

    A dose is refused when: the course is complete or over; the previous dose is closer than
    the minimum gap; its own window has not opened; the first dose is later after
    randomisation than allowed; a stop or hold rule is true; or a hold rule cannot be judged.
    A late dose and a long gap are allowed and are deviations. A dose nobody gave lapses when
    the window of the next one opens; within the course it may be made up after the last.

    Args:
        dosing: the dosing rules of the protocol version.
        given: doses so far, in any order.
        at: the aware moment asked about.
        answers: values that the hold and stop rules read (what `with_derived` gives, or any
            mapping). None asks about time alone: the rules are not looked at.
        randomised_at: bounds the first dose; None leaves it unbounded.

    Raises:
        ValueError: a moment has no time zone.

    """
    for moment in (at, randomised_at, *(dose.at for dose in given)):
        _aware(moment)
    timed = _by_time(
        dosing, sorted(given, key=lambda dose: (dose.at, dose.number)), at, randomised_at
    )
    if answers is None or timed.number is None:
        return timed
    return _by_rules(dosing, timed, answers)


def _aware(moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"a moment needs a time zone; got {moment.isoformat()}")


def _planned(dosing: Dosing, first: datetime, number: int) -> PlannedDose:
    at = first + timedelta(hours=dosing.interval_hours * (number - 1))
    side = timedelta(hours=dosing.window_hours)
    end = first + timedelta(hours=dosing.course_hours)
    return PlannedDose(number=number, at=at, earliest=at - side, latest=min(at + side, end))


def _refused(
    code: str,
    sentence: str,
    number: int | None = None,
    *,
    opens: datetime | None = None,
    closes: datetime | None = None,
) -> DoseAnswer:
    why = Why(code=code, sentence=sentence)
    return DoseAnswer(allowed=False, number=number, why=why, opens=opens, closes=closes)


def _by_time(
    dosing: Dosing, given: Sequence[GivenDose], at: datetime, randomised_at: datetime | None
) -> DoseAnswer:
    administered = [dose for dose in given if dose.amount != "not"]
    if len(administered) >= dosing.doses:
        return _refused(
            "course-complete", say("All {doses} doses have been given.", doses=dosing.doses)
        )
    if not administered:
        return _first(dosing, given, at, randomised_at)
    first = administered[0]
    end = first.at + timedelta(hours=dosing.course_hours)
    if at > end:
        return _refused(
            "course-over",
            say("The course ended at {end}; nothing is made up after it.", end=_say(end)),
        )
    number = _number(dosing, given, first.at, at)
    if number is None:
        return _refused("course-complete", "Every dose of the course is recorded; none is left.")
    return _later(dosing, given, number, at, end)


def _first(
    dosing: Dosing, given: Sequence[GivenDose], at: datetime, randomised_at: datetime | None
) -> DoseAnswer:
    number = min(set(range(1, dosing.doses + 1)) - {dose.number for dose in given}, default=None)
    if number is None:
        return _refused("course-complete", "Every dose of the course is recorded; none is left.")
    if randomised_at is None:
        return _allowed(number, opens=None, closes=None)
    closes = randomised_at + timedelta(hours=dosing.first_dose_within_hours)
    if at < randomised_at:
        return _refused("before-randomisation", "The participant was not randomised yet.", number)
    if at > closes:
        return _refused(
            "first-dose-too-late",
            say(
                "The first dose was possible until {closes}. Follow-up continues without dosing.",
                closes=_say(closes),
            ),
            number,
        )
    return _allowed(number, opens=randomised_at, closes=closes)


def _number(
    dosing: Dosing, given: Sequence[GivenDose], first: datetime, at: datetime
) -> int | None:
    """The number of the dose that `at` belongs to, or of one to make up, or None."""
    recorded = {dose.number for dose in given}
    for number in range(max(recorded) + 1, dosing.doses + 1):
        if number == dosing.doses or at < _planned(dosing, first, number + 1).earliest:
            return number
    administered = {dose.number for dose in given if dose.amount != "not"}
    return min(set(range(1, dosing.doses + 1)) - administered, default=None)


def _later(
    dosing: Dosing, given: Sequence[GivenDose], number: int, at: datetime, end: datetime
) -> DoseAnswer:
    administered = [dose for dose in given if dose.amount != "not"]
    planned = _planned(dosing, administered[0].at, number)
    last = administered[-1]
    made_up = number < last.number
    rested = last.at + timedelta(hours=dosing.minimum_gap_hours)
    opens = rested if made_up else max(rested, planned.earliest)
    closes = end if made_up else planned.latest
    if at < rested:
        return _refused(
            "gap-too-short",
            say(
                "Dose {number} started at {at}; at least {minimum_gap_hours} hours must pass. Wait until {opens}.",
                number=last.number,
                at=_say(last.at),
                minimum_gap_hours=f"{dosing.minimum_gap_hours:g}",
                opens=_say(opens),
            ),
            number,
            opens=opens,
            closes=closes,
        )
    if at < opens:
        return _refused(
            "window-not-open",
            say(
                "Dose {number} is planned for {at}. Wait until {opens}.",
                number=number,
                at=_say(planned.at),
                opens=_say(opens),
            ),
            number,
            opens=opens,
            closes=closes,
        )
    deviations = tuple(_deviations(dosing, given, planned, at))
    return _allowed(number, opens=opens, closes=closes, deviations=deviations)


def _deviations(
    dosing: Dosing, given: Sequence[GivenDose], planned: PlannedDose, at: datetime
) -> list[Why]:
    found: list[Why] = []
    number = planned.number
    last = [dose for dose in given if dose.amount != "not"][-1]
    skipped = sorted(set(range(last.number + 1, number)) - {dose.number for dose in given})
    if number < last.number:
        found.append(
            Why(
                code="made-up",
                sentence=say("Dose {number} was missed and is made up.", number=number),
            )
        )
    elif at > planned.latest:
        found.append(
            Why(
                code="window",
                sentence=say(
                    "Dose {number} was due by {latest}.", number=number, latest=_say(planned.latest)
                ),
            )
        )
    found.extend(
        Why(code="dose-missed", sentence=say("Dose {k} was not given.", k=k)) for k in skipped
    )
    hours = (at - last.at) / timedelta(hours=1)
    if hours > dosing.maximum_gap_hours:
        most = f"{dosing.maximum_gap_hours:g}"
        found.append(
            Why(
                code="gap-too-long",
                sentence=say(
                    "{hours} hours have passed; at most {most} may.",
                    hours=f"{hours:.1f}",
                    most=most,
                ),
            )
        )
    return found


def _allowed(
    number: int,
    *,
    opens: datetime | None,
    closes: datetime | None,
    deviations: tuple[Why, ...] = (),
) -> DoseAnswer:
    why = Why(code="allowed", sentence=say("Dose {number} may be given now.", number=number))
    return DoseAnswer(
        allowed=True, number=number, why=why, opens=opens, closes=closes, deviations=deviations
    )


def _by_rules(dosing: Dosing, timed: DoseAnswer, answers: Mapping[str, object]) -> DoseAnswer:
    """Stop rules speak before the clock does, hold rules after it."""
    stops = [(rule, _holds(rule, answers)) for rule in dosing.stops]
    stopped = [rule for rule, holds in stops if holds is True]
    if stopped:
        return _refused(
            "stopped", say("Dosing has stopped for good: {text}.", text=stopped[0].text)
        )
    if not timed.allowed:
        return timed
    open_stops = tuple(rule.id for rule, holds in stops if holds is UNKNOWN)
    for rule in dosing.holds:
        holds = _holds(rule, answers)
        if holds is UNKNOWN:
            names = ", ".join(_unknown_names(rule, answers))
            return _refused(
                "hold-unanswered",
                say("Not yet known: {names}. Measure first.", names=names),
                timed.number,
            )
        if holds is True:
            return _refused(
                "hold", say("The dose is on hold: {text}.", text=rule.text), timed.number
            )
    return DoseAnswer(
        allowed=True,
        number=timed.number,
        why=timed.why,
        opens=timed.opens,
        closes=timed.closes,
        deviations=timed.deviations,
        unanswered=open_stops,
    )


def _holds(rule: DoseRule, answers: Mapping[str, object]) -> object:
    return parse(rule.rule).run(answers)


def _unknown_names(rule: DoseRule, answers: Mapping[str, object]) -> list[str]:
    return [name for name in parse(rule.rule).names if answers.get(name) in (None, UNKNOWN)]


def _say(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")
