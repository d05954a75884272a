"""Which preparations are due at a moment: who, which dose, when, from which kit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from equipoise.participant import given
from equipoise.schedule import next_dose
from equipoise.supply import KitState
from equipoise.supply.state import unit_code
from equipoise_server.store import supplies
from equipoise_server.store.queries import participants
from equipoise_server.store.queries import trial as trials
from equipoise_server.unblinded.frame import Desk
from equipoise_server.unblinded.keys import Held

MORNING = time(8)
_BUSY_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """One dose to prepare; `opens` and `closes` bound when it may be given, on the site's clock."""

    participant: str
    site: str
    number: int
    opens: datetime
    closes: datetime
    kit: str
    unit: str
    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The moment that the list is made for; `demo`: its trial is over, and a past day is shown."""

    at: datetime
    demo: bool

    @property
    def cut(self) -> datetime | None:
        """What is left out: everything after the moment, in a demonstration."""
        return self.at if self.demo else None


def day_of(request: HttpRequest, demo: bool) -> Day:
    """Now; in a demonstration the morning of `?on=`, or of its busiest day."""
    span = trials.activity() if demo else None
    if span is None or span[1] > timezone.now() - timedelta(days=1):
        return Day(at=timezone.now(), demo=False)
    sites = trials.sites()
    zone = ZoneInfo(sites[0].timezone if sites else "UTC")
    try:
        on = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        on = _busiest(span[0].date())
    return Day(at=datetime.combine(on, MORNING, zone), demo=True)


def _busiest(otherwise: date) -> date:
    """The day on which most participants were in their first days of dosing."""
    found = participants.states(None)
    starts = [one.randomised_on for one in found if one.randomised_on]
    days = {start + timedelta(days=1) for start in starts}
    if not days:
        return otherwise
    return max(sorted(days), key=lambda day: sum(0 < (day - s).days <= _BUSY_DAYS for s in starts))


def due(here: Desk, held: Held, day: Day) -> tuple[Preparation, ...]:
    """What falls due within one dosing interval at the sites of whoever asks, soonest first."""
    dosing = here.study.protocol.dosing
    if dosing is None:
        return ()
    zones = {site.code: ZoneInfo(site.timezone) for site in trials.sites()}
    soon = day.at + timedelta(hours=dosing.interval_hours)
    found = []
    for state in participants.states(_sites(held), cut=day.cut, among=("randomised",)):
        if state.kit is None:
            continue
        doses = given(state)
        answer = next_dose(dosing, doses, day.at, None, randomised_at=state.randomised_at)
        closes = answer.closes
        if answer.number is None or closes is None or closes < day.at:
            continue
        opens = answer.opens or day.at
        if opens > soon:
            continue
        kit = supplies.state_of(state.kit)
        unit, status = (
            (unit_code(kit.code, answer.number), "held")
            if day.demo
            else unit_of(kit, answer.number)
        )
        zone = zones.get(state.site, ZoneInfo("UTC"))
        found.append(
            Preparation(
                participant=state.code,
                site=state.site,
                number=answer.number,
                opens=opens.astimezone(zone),
                closes=closes.astimezone(zone),
                kit=state.kit,
                unit=unit,
                ready=status == "prepared",
            )
        )
    return tuple(sorted(found, key=lambda one: (one.opens, one.participant)))


def _sites(held: Held) -> frozenset[str] | None:
    every = [sites for role, sites in held if role in ("pharmacist", "unblinded monitor")]
    if None in every:
        return None
    return frozenset(site for sites in every if sites for site in sites)


def unit_of(kit: KitState, number: int) -> tuple[str, str]:
    """The unit for a dose, its own where it is there, else the first that is; and its status."""
    waiting = [one for one in kit.units if one.status in ("held", "thawed", "prepared")]
    chosen = next((one for one in waiting if one.number == number), None)
    chosen = chosen or next(iter(waiting), None)
    return ("", "") if chosen is None else (unit_code(kit.code, chosen.number), chosen.status)
