"""When a form is collected: the visits and other occasions that the schedule gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from equipoise.protocol.forms import Form
from equipoise.protocol.model import Protocol
from equipoise.protocol.visits import Activity

DAILY, DOSING, LOG = "daily", "dosing", "log"
"""Occasions that are no visits: every day, with every dose, whenever it happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Where a form is collected. `visits` are visit ids in the order of their days.

    `first_day` is the earliest trial day on which the form can be filled, None where
    the schedule never asks for it; a log can be kept from consent on.
    """

    visits: tuple[str, ...] = ()
    daily: bool = False
    dosing: bool = False
    log: bool = False
    first_day: float | None = None

    @property
    def scheduled(self) -> bool:
        """Whether the schedule asks for the form at all."""
        return self.first_day is not None


def moments(protocol: Protocol, forms: Mapping[str, Form]) -> dict[str, Moments]:
    """For each form, when it is collected."""
    return {name: _moments(protocol, name) for name in forms}


def _moments(protocol: Protocol, form: str) -> Moments:
    activities = [one for one in protocol.schedule if form in one.forms]
    days = {visit.id: visit.day for visit in protocol.visits}
    asked = {visit for one in activities for visit in (*one.at, *one.optional) if visit in days}
    dosed = form in _dosing_forms(protocol)
    log = any(one.log for one in activities) or form in _log_forms(protocol)
    firsts = [float(days[visit]) for visit in asked]
    firsts += [float(one.daily.first) for one in activities if one.daily]
    per_dose = dosed or any(one.per_dose for one in activities)
    firsts += [0.0] if per_dose else []
    firsts += [float("-inf")] if log else []
    return Moments(
        visits=tuple(sorted(asked, key=lambda visit: days[visit])),
        daily=any(one.daily is not None for one in activities),
        dosing=per_dose,
        log=log,
        first_day=min(firsts, default=None),
    )


def _dosing_forms(protocol: Protocol) -> set[str | None]:
    dosing = protocol.dosing
    if dosing is None:
        return set()
    return {dosing.administration_form, dosing.preparation_form, dosing.reaction_form}


def _log_forms(protocol: Protocol) -> set[str | None]:
    return {protocol.safety.event_form, protocol.safety.death_form}


def occasions(activity: Activity) -> Iterator[str]:
    """Every visit id that an activity names."""
    yield from activity.at
    yield from activity.optional
