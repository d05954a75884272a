"""What the protocol says about one adverse event, from the values of its record.

Every answer is three-valued: None is not known yet, and is never taken for no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from equipoise.protocol.conduct_rules import SafetyRules
from equipoise.rules import UNKNOWN, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One adverse event under the safety rules; None where the record does not say yet.

    `treatment_emergent`: it began on or after the first dose. `special_interest` names the
    rules that recognise it, `unanswered` those that cannot be judged yet.
    """

    term: str | None
    grade: int | None
    serious: bool | None
    related: bool | None
    fatal: bool | None
    treatment_emergent: bool | None
    special_interest: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()


def judge(
    rules: SafetyRules,
    values: Mapping[str, object],
    *,
    first_dose_at: datetime | None,
    zone: str = "UTC",
) -> Judged:
    """Judge one adverse event.

    Args:
        rules: the safety rules of the protocol version.
        values: the answers of the event record, by item.
        first_dose_at: aware moment of the first dose, None where nothing was given: then no
            event is treatment-emergent.
        zone: IANA name of the site's time zone, in which an onset date is read.

    """
    special = [(one.id, parse(one.rule).run(values)) for one in rules.special_interest]
    term, grade = values.get(rules.term_item), values.get(rules.grade_item)
    return Judged(
        term=None if term in (None, UNKNOWN) else str(term),
        grade=_grade(grade),
        serious=_yes(values.get(rules.serious_item)),
        related=_among(values.get(rules.related_item), rules.related_codes),
        fatal=_among(values.get(rules.outcome_item), rules.fatal_codes),
        treatment_emergent=_emergent(values.get(rules.onset_item), first_dose_at, zone),
        special_interest=tuple(name for name, holds in special if holds is True),
        unanswered=tuple(name for name, holds in special if holds is UNKNOWN),
    )


def reportable(
    rules: SafetyRules, judged: Judged, onset: object, randomised_on: date, *, zone: str = "UTC"
) -> bool:
    """Whether an event falls in the time in which the protocol collects it.

    Everything is collected up to `last_day` after randomisation; serious related events, and
    deaths, up to `related_last_day`. What is not known counts as what would be collected.
    """
    span = _span(onset, zone)
    day = 0 if span is None else (span[0] - randomised_on).days
    if day <= rules.last_day:
        return True
    grave = judged.fatal is not False or (
        judged.serious is not False and judged.related is not False
    )
    return grave and day <= rules.related_last_day


def _grade(value: object) -> int | None:
    """CTCAE grade as a number; records keep it as an integer or as a code."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _yes(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"yes": True, "y": True, "no": False, "n": False}.get(str(value).lower())


def _among(value: object, codes: tuple[str, ...]) -> bool | None:
    return None if value in (None, UNKNOWN) else value in codes


def _emergent(onset: object, first_dose_at: datetime | None, zone: str) -> bool | None:
    """Whether the onset may lie at or after the first dose.

    An instant is compared to the second. A date, whole or partial, counts as emergent where
    any part of it can be at or after the first dose: the cautious reading.
    """
    if first_dose_at is None:
        return False
    if isinstance(onset, datetime):
        return onset >= first_dose_at
    span = _span(onset, zone)
    if span is None:
        return None
    return span[1] >= first_dose_at.astimezone(ZoneInfo(zone)).date()


def _span(onset: object, zone: str) -> tuple[date, date] | None:
    """First and last possible site date of an onset; None where nothing is known."""
    if isinstance(onset, datetime):
        day = onset.astimezone(ZoneInfo(zone)).date()
        return day, day
    if isinstance(onset, date):
        return onset, onset
    parts = onset.split("-") if isinstance(onset, str) else []
    if not parts or not all(part.isdigit() for part in parts):
        return None
    year, month = int(parts[0]), int(parts[1]) if len(parts) > 1 else None
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if len(parts) > 2:
        return date(year, month, int(parts[2])), date(year, month, int(parts[2]))
    following = date(year, month, 28) + timedelta(days=4)
    return date(year, month, 1), following - timedelta(days=following.day)
