"""Endpoints from records: one value for every randomised participant.

Days count from randomisation, day 0. Where the plan leaves a choice it is made here, once,
and `docs/reference/results.md` says it: what is observed is used as it is, a status is carried
forward for at most `CARRY_DAYS` days, everything else that is not there is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from equipoise.analysis.answers import Baseline, number
from equipoise.analysis.dataset import Dataset, ParticipantRow, day_of, log_forms
from equipoise.analysis.variable import EXCLUDED, MISSING, Outcome, Variable, gather
from equipoise.forms.record import Record
from equipoise.protocol.estimands import Endpoint
from equipoise.protocol.visits import Visit
from equipoise.rules import UNKNOWN, Expression, parse
from equipoise.safety import judge

CARRY_DAYS = 7
"""How long the last known status stands for what was not observed after it."""


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """What the evaluation of one endpoint needs, gathered once."""

    dataset: Dataset
    baseline: Baseline
    endpoint: Endpoint
    rule: Expression | None
    relapse: Expression | None
    requires: Expression | None
    emergent_only: bool


def evaluate(
    dataset: Dataset,
    endpoint: Endpoint,
    *,
    baseline: Baseline | None = None,
    emergent_only: bool = False,
) -> Variable:
    """Work an endpoint out for every randomised participant.

    Args:
        dataset: participants and records.
        endpoint: one of the protocol's endpoints.
        baseline: baseline answers, where they were gathered before.
        emergent_only: count adverse events that began on or after the first dose only; for
            analysis sets of treated participants.

    Returns:
        One row per participant of `dataset.randomised`, in that order.

    Raises:
        ExpressionError: a rule that does not fit the values recorded.

    """
    reading = _Reading(
        dataset=dataset,
        baseline=baseline or Baseline(dataset),
        endpoint=endpoint,
        rule=_parsed(endpoint.rule),
        relapse=_parsed(endpoint.relapse),
        requires=_parsed(endpoint.requires),
        emergent_only=emergent_only and endpoint.form == dataset.study.protocol.safety.event_form,
    )
    work = _WORK[endpoint.kind]
    rows = [work(reading, row) if _meets(reading, row) else EXCLUDED for row in dataset.randomised]
    return gather(endpoint, tuple(row.code for row in dataset.randomised), rows)


def _parsed(text: str | None) -> Expression | None:
    return None if text is None else parse(text)


def _meets(reading: _Reading, row: ParticipantRow) -> bool:
    """Whether the participant meets `requires` at baseline. Unknown does not."""
    if reading.requires is None:
        return True
    answers = reading.baseline.answers(row, reading.endpoint.form)
    return reading.requires.run(answers) is True


def _days(reading: _Reading, row: ParticipantRow) -> list[tuple[int, Record]]:
    records = reading.dataset.records_of(row.code, reading.endpoint.form)
    return [(day_of(row, one.on), one) for one in records]


def death_day(row: ParticipantRow) -> int | None:
    """Days from randomisation to death, or None."""
    return None if row.died_on is None else day_of(row, row.died_on)


def died_by(row: ParticipantRow, last: float) -> bool:
    """Whether the participant died on or before day `last`."""
    day = death_day(row)
    return day is not None and day <= last


# ------------------------------------------------------------------------------ first-day


def _first_day(reading: _Reading, row: ParticipantRow) -> Outcome:
    endpoint = reading.endpoint
    seen = _observations(reading, row)
    reached = _reached(endpoint, seen, _daily(reading))
    day = death_day(row)
    dead = day is not None and day <= endpoint.horizon
    if dead and endpoint.death == "never":
        return _never_after_death(endpoint, float(day or 0))
    if reached is not None:
        return _event(float(reached))
    if dead and day is not None:
        return _dead(endpoint, float(day))
    last = _last_known(reading, [one for one, _, _ in seen])
    if last is None:
        return MISSING
    return Outcome(source="observed", time=last, cause_time=last)


def _event(day: float) -> Outcome:
    return Outcome(source="observed", time=day, event=True, cause=1, cause_time=day)


def _never_after_death(endpoint: Endpoint, day: float) -> Outcome:
    late = float(endpoint.horizon + 1)
    return Outcome(source="death", time=late, cause=2, cause_time=max(day, 0.0))


def _dead(endpoint: Endpoint, day: float) -> Outcome:
    event = endpoint.death == "event"
    return Outcome(source="death", time=day, event=event, cause=1 if event else 2, cause_time=day)


def _observations(reading: _Reading, row: ParticipantRow) -> list[tuple[int, bool, bool]]:
    """(day, rule holds, relapse holds) of every day with an answer, in order of days."""
    endpoint = reading.endpoint
    found: dict[int, tuple[bool, bool]] = {}
    for day, record in _days(reading, row):
        if not endpoint.first_day <= day <= endpoint.horizon or reading.rule is None:
            continue
        holds = reading.rule.run(record.values)
        back = False if reading.relapse is None else reading.relapse.run(record.values)
        if holds is not UNKNOWN and back is not UNKNOWN:
            found[day] = (holds is True, back is True)
    return [(day, *found[day]) for day in sorted(found)]


def _reached(endpoint: Endpoint, seen: list[tuple[int, bool, bool]], daily: range) -> int | None:
    """The first day of the state that is kept: no relapse later, and as long as is asked."""
    last_relapse = max((day for day, _, back in seen if back), default=-math.inf)
    span = math.ceil(endpoint.sustained_hours / 24)
    for day, holds, _ in seen:
        if holds and day > last_relapse and _kept(seen, day, span, daily):
            return day
    return None


def _kept(seen: list[tuple[int, bool, bool]], start: int, span: int, daily: range) -> bool:
    """Whether the state holds at every later observation up to the first at `span` days.

    A day on which the form is asked every day, and was not answered, does not hold.
    """
    if span == 0:
        return True
    before = start
    for day, holds, _ in seen:
        if day <= start:
            continue
        if not holds or any(gap in daily for gap in range(before + 1, day)):
            return False
        if day >= start + span:
            return True
        before = day
    return False


def _daily(reading: _Reading) -> range:
    """The days on which the endpoint's form is asked every day; empty where it is not."""
    for activity in reading.dataset.study.protocol.schedule:
        if activity.daily is not None and reading.endpoint.form in activity.forms:
            return range(activity.daily.first, activity.daily.last + 1)
    return range(0)


def _last_known(reading: _Reading, days: list[int]) -> float | None:
    """The day up to which the endpoint was watched; None where it never was."""
    if not days:
        return None
    horizon = reading.endpoint.horizon
    return float(horizon if days[-1] >= horizon - _early(reading, horizon) else days[-1])


def _early(reading: _Reading, day: int) -> int:
    """How many days before `day` its visit may take place."""
    visits = reading.dataset.study.protocol.visits
    return max((one.early for one in visits if one.day == day), default=0)


# ------------------------------------------------------------------------- value and change


def _value(reading: _Reading, row: ParticipantRow) -> Outcome:
    visit = _visit(reading, reading.endpoint.visit)
    if visit is None:
        return MISSING
    settled = _settled_by_death(reading.endpoint, row, visit)
    return settled or _measured(reading, row, visit)


def _change(reading: _Reading, row: ParticipantRow) -> Outcome:
    before, after = (
        _visit(reading, reading.endpoint.baseline),
        _visit(reading, reading.endpoint.visit),
    )
    if before is None or after is None:
        return MISSING
    settled = _settled_by_death(reading.endpoint, row, after)
    if settled is not None:
        return settled
    first, last = _measured(reading, row, before), _measured(reading, row, after)
    if "missing" in (first.source, last.source):
        return MISSING
    return Outcome(source=last.source, value=last.value - first.value)


def _settled_by_death(endpoint: Endpoint, row: ParticipantRow, visit: Visit) -> Outcome | None:
    if endpoint.death not in {"worst", "missing"} or not died_by(row, visit.day):
        return None
    if endpoint.death == "missing" or endpoint.death_value is None:
        return MISSING
    return Outcome(source="death", value=float(endpoint.death_value))


def _measured(reading: _Reading, row: ParticipantRow, visit: Visit) -> Outcome:
    """The measurement nearest to the planned day; a status may be carried forward."""
    item = reading.endpoint.item or ""
    known = [
        (day, record, value)
        for day, record in _days(reading, row)
        if (value := number(record.values.get(item))) is not None
    ]
    inside = [one for one in known if _belongs(visit, one[0], one[1])]
    if inside:
        _, _, value = min(inside, key=lambda one: (abs(one[0] - visit.day), -one[0]))
        return Outcome(source="observed", value=value)
    if is_status(reading.dataset, reading.endpoint.form, item):
        recent = [one for one in known if visit.day - CARRY_DAYS <= one[0] < visit.day]
        if recent:
            return Outcome(source="carried", value=recent[-1][2])
    return MISSING


def is_status(dataset: Dataset, form: str | None, item: str) -> bool:
    """Whether an item is the status that the plan follows day by day."""
    return dataset.study.protocol.analysis.status_item in {item, f"{form}.{item}"}


def _belongs(visit: Visit, day: int, record: Record) -> bool:
    """A record of the visit, or one of no visit that was made in the visit's window."""
    if record.visit == visit.id:
        return True
    inside = visit.day - visit.early <= day <= visit.day + visit.late
    return inside and record.visit in {"daily", "dosing", "log"}


def _visit(reading: _Reading, name: str | None) -> Visit | None:
    visits = reading.dataset.study.protocol.visits
    return next((one for one in visits if one.id == name), None)


# ------------------------------------------------------------------- any-record and death


def _any_record(reading: _Reading, row: ParticipantRow) -> Outcome:
    endpoint = reading.endpoint
    answers = [_holds(reading, record) for record in _in_time(reading, row)]
    if any(answer is True for answer in answers):
        return Outcome(source="observed", value=1.0)
    if died_by(row, endpoint.horizon) and endpoint.death == "event":
        return Outcome(source="death", value=1.0)
    if died_by(row, endpoint.horizon) and endpoint.death == "worst":
        return Outcome(source="death", value=float(endpoint.death_value or 0.0))
    nothing_happened = endpoint.form in log_forms(reading.dataset.study)
    if nothing_happened or any(answer is False for answer in answers):
        return Outcome(source="observed", value=0.0)
    return MISSING


def _holds(reading: _Reading, record: Record) -> bool | None:
    answer = None if reading.rule is None else reading.rule.run(record.values)
    return answer if isinstance(answer, bool) else None


def _in_time(reading: _Reading, row: ParticipantRow) -> Iterable[Record]:
    endpoint = reading.endpoint
    for record in reading.dataset.records_of(row.code, endpoint.form):
        day = day_of(row, began(reading.dataset, row, record))
        if endpoint.first_day <= day <= endpoint.horizon and _counts(reading, row, record):
            yield record


def _counts(reading: _Reading, row: ParticipantRow, record: Record) -> bool:
    if not reading.emergent_only:
        return True
    return emergent(reading.dataset, row, record)


def emergent(dataset: Dataset, row: ParticipantRow, record: Record) -> bool:
    """Whether an adverse event may have begun on or after the first dose."""
    rules, zone = dataset.study.protocol.safety, dataset.zone(row.site)
    judged = judge(rules, record.values, first_dose_at=row.first_dose_at, zone=zone)
    return judged.treatment_emergent is not False


def began(dataset: Dataset, row: ParticipantRow, record: Record) -> date:
    """The site date that counts: the onset of an adverse event, else the record's own."""
    rules = dataset.study.protocol.safety
    onset = record.values.get(rules.onset_item) if record.form == rules.event_form else None
    if isinstance(onset, datetime):
        return dataset.site_date(row, onset)
    return onset if isinstance(onset, date) else record.on


def _death(reading: _Reading, row: ParticipantRow) -> Outcome:
    horizon = reading.endpoint.horizon
    if died_by(row, horizon):
        return Outcome(source="observed", value=1.0)
    last = day_of(row, reading.dataset.last_contact[row.code])
    if last >= horizon - _early(reading, horizon):
        return Outcome(source="observed", value=0.0)
    if last >= horizon - CARRY_DAYS:
        return Outcome(source="carried", value=0.0)
    return MISSING


_WORK: dict[str, Callable[[_Reading, ParticipantRow], Outcome]] = {
    "first-day": _first_day,
    "value": _value,
    "change": _change,
    "any-record": _any_record,
    "death": _death,
}
