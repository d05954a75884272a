"""Departures from the protocol that the data of one participant show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from equipoise.eligibility import assess, unmet
from equipoise.forms import Record, answers_of, context_of
from equipoise.participant.state import ParticipantState
from equipoise.protocol.cleaning import DeviationRule
from equipoise.protocol.derive import with_derived
from equipoise.protocol.frozen import Text
from equipoise.protocol.model import Study
from equipoise.rules import parse
from equipoise.schedule import windows

Place = tuple[str, str, int]
NOWHERE: Place = ("", "", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One departure: which rule, where, on which day, in words.

    (`rule`, `place`) names it: the same data always give the same departures.
    """

    rule: str
    kind: str
    severity: str
    place: Place
    on: date
    text: Text


def deviations(
    study: Study, state: ParticipantState, records: Iterable[Record], zone: str = "UTC"
) -> tuple[Deviation, ...]:
    """Everything in which the plan's rules see a departure, for one participant.

    `records`: the newest version of the participant's records, all of them. `zone`: the IANA
    time zone of the site, by which the day of a dose is told.
    """
    kept = tuple(records)
    found: list[Deviation] = []
    for rule in study.cleaning.deviations:
        match rule.kind:
            case "window":
                found += _windows(study, rule, state, kept)
            case "dose-gap":
                found += _gaps(study, rule, state, zone)
            case "eligibility":
                found += _eligibility(study, rule, state, kept)
            case _:
                found += _ruled(study, rule, kept)
    return tuple(found)


def _windows(
    study: Study, rule: DeviationRule, state: ParticipantState, records: tuple[Record, ...]
) -> Iterator[Deviation]:
    """One departure per visit: the first record outside is named, whatever else is."""
    if state.randomised_on is None:
        return
    allowed = {one.visit: one for one in windows(study.protocol, state.randomised_on)}
    seen: set[str] = set()
    for record in sorted(records, key=lambda one: (one.on, one.form)):
        window = allowed.get(record.visit)
        fits = window is None or record.on in window or record.visit in seen
        fits = fits or (
            _ended(state, record.on) and window is not None and record.on < window.first
        )
        if fits or (rule.form and record.form != rule.form) or window is None:
            continue
        seen.add(record.visit)
        days = (record.on - (window.last if record.on > window.last else window.first)).days
        shown = {"en": f" ({days:+d} d)", "zh-Hans": f"（{days:+d}天）"}
        yield _said(rule, ("", record.visit, 0), record.on, shown)


def _ended(state: ParticipantState, on: date) -> bool:
    """Whether somebody's time in the trial was over on a day: what is then noted is not early."""
    left = [day for level, day in state.withdrawn if level in ("visits", "data")]
    ends = [one for one in (state.died_on, state.completed_on, *left) if one is not None]
    return any(one <= on for one in ends)


def _gaps(
    study: Study, rule: DeviationRule, state: ParticipantState, zone: str
) -> Iterator[Deviation]:
    dosing = study.protocol.dosing
    if dosing is None:
        return
    given = sorted((one for one in state.doses if one.amount != "not"), key=lambda one: one.at)
    for before, after in pairwise(given):
        if after.number != before.number + 1:
            continue
        hours = (after.at - before.at).total_seconds() / 3600
        if dosing.minimum_gap_hours <= hours <= dosing.maximum_gap_hours:
            continue
        shown = {"en": f" ({hours:.1f} h)", "zh-Hans": f"（{hours:.1f}小时）"}
        place = (dosing.administration_form, "dosing", after.number)
        yield _said(rule, place, after.at.astimezone(ZoneInfo(zone)).date(), shown)


def _eligibility(
    study: Study, rule: DeviationRule, state: ParticipantState, records: tuple[Record, ...]
) -> Iterator[Deviation]:
    """Judged on what belongs to the day of randomisation or earlier."""
    if state.randomised_on is None:
        return
    first = study.protocol.visits[0].id if study.protocol.visits else ""
    before = [one for one in records if one.on <= state.randomised_on]
    answers = answers_of(before)
    for record in before:
        if record.visit == first and record.number == 0:
            answers.update({f"{record.form}.{name}": v for name, v in record.values.items()})
            prefix = f"{record.visit}.{record.form}"
            answers.update({f"{prefix}.{name}": v for name, v in record.values.items()})
    failed = unmet(assess(study.protocol, answers))
    if failed:
        names = ", ".join(failed)
        shown = {"en": f" ({names})", "zh-Hans": f"（{names}）"}
        yield _said(rule, NOWHERE, state.randomised_on, shown)


def _ruled(study: Study, rule: DeviationRule, records: tuple[Record, ...]) -> Iterator[Deviation]:
    mine = [one for one in records if one.form == rule.form]
    if not mine:
        return
    expression, latest = parse(rule.rule), answers_of(records)
    for record in mine:
        around = context_of(records, form=record.form, visit=record.visit, number=record.number)
        known = with_derived(study.protocol, {**latest, **around, **record.values})
        if expression.run(known) is True:
            yield _said(rule, (record.form, record.visit, record.number), record.on, {})


def _said(rule: DeviationRule, place: Place, on: date, more: Mapping[str, str]) -> Deviation:
    text = Text({name: words + more.get(name, "") for name, words in rule.text.items()})
    return Deviation(
        rule=rule.id, kind=rule.kind, severity=rule.severity, place=place, on=on, text=text
    )
