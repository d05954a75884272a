"""Reporting duties that run from the moment somebody became aware of an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from equipoise.protocol.conduct_rules import SafetyRules
from equipoise.rules import UNKNOWN, parse

Standing = Literal["running", "late", "met", "met-late"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One duty of one event. `certain` is False while the record does not decide its rule.

    A duty that may apply runs until it is known not to: waiting for an answer does not stop
    the clock.
    """

    clock: str
    hours: float
    aware_at: datetime
    due_at: datetime
    certain: bool


def deadlines(
    rules: SafetyRules, values: Mapping[str, object], aware_at: datetime
) -> tuple[Deadline, ...]:
    """The duties of an event, soonest first.

    Args:
        rules: the safety rules of the protocol version.
        values: what the clock rules read: the answers of the event record, by item.
        aware_at: aware moment at which the site, or whoever the duty binds, knew of it.

    Raises:
        ValueError: `aware_at` has no time zone.

    """
    if aware_at.tzinfo is None:
        raise ValueError("aware_at needs a time zone")
    found = []
    for clock in rules.clocks:
        holds = parse(clock.rule).run(values)
        if holds is False:
            continue
        found.append(
            Deadline(
                clock=clock.id,
                hours=clock.hours,
                aware_at=aware_at,
                due_at=aware_at + timedelta(hours=clock.hours),
                certain=holds is not UNKNOWN,
            )
        )
    return tuple(sorted(found, key=lambda one: one.due_at))


def standing(deadline: Deadline, *, at: datetime, done_at: datetime | None = None) -> Standing:
    """How a duty stands at `at`; the deadline itself is still in time."""
    if done_at is not None and done_at <= at:
        return "met" if done_at <= deadline.due_at else "met-late"
    return "running" if at <= deadline.due_at else "late"
