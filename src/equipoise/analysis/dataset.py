"""What is analysed: one row per person screened, the newest version of every record, counts.

Whoever calls the analysis fills this from the ledger, the records and, after unblinding, the
allocation. Nothing here reads a database, and nothing is computed that the plan does not ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from equipoise.forms.record import Record
from equipoise.protocol.model import Arm, Study

UNKNOWN_ZONE = "UTC"
Board = Literal["", "continue", "efficacy", "futility", "safety"]
"""What the safety board decided after a look: to go on, or why it stopped the trial."""


@dataclass(frozen=True, kw_only=True)
class ParticipantRow:
    """One person on the screening log, as the ledger has it.

    `stratum` holds factor to level as they were at randomisation. `arm` is the arm allocated
    and `received` the arm whose product was given; both are ids of the protocol and None where
    there is none. `doses` counts doses given in full or in part, `dose_times` holds their aware
    moments in order. `withdrawn` holds (level, site date) pairs. `discharged_on` is the last
    discharge and `readmitted_on` a readmission after it; they only serve the display of the
    daily status.
    """

    code: str
    site: str
    stratum: Mapping[str, str] = field(default_factory=dict)
    screened_on: date | None = None
    consented_on: date | None = None
    failed_reason: str | None = None
    randomised_on: date | None = None
    first_dose_at: datetime | None = None
    doses: int = 0
    dose_times: tuple[datetime, ...] = ()
    discharged_on: date | None = None
    readmitted_on: date | None = None
    died_on: date | None = None
    withdrawn: tuple[tuple[str, date], ...] = ()
    completed_on: date | None = None
    completed_reason: str | None = None
    arm: str | None = None
    received: str | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One interim look that was taken, opened after release.

    `information`: events (or participants) that it had, of `planned`. `z`: by contrast,
    `experimental - control`; above 0 the experimental arm does better, None where it could not
    be estimated. `decision`: what the board decided after it, empty where nothing yet.
    """

    look: int
    information: float
    planned: float
    boundary_z: float
    frozen_at: str
    decision: Board
    z: Mapping[str, float | None]

    @property
    def fraction(self) -> float:
        """Information over what was planned."""
        return self.information / self.planned


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Everything an analysis may read.

    `events` holds counts taken from the ledger, name of the event to how often it stands
    there (`screened`, `randomised`, `dose-recorded` ...); the flow is checked against them.
    `looks` are the interim analyses that were taken.
    """

    study: Study
    participants: tuple[ParticipantRow, ...]
    records: Sequence[Record]
    events: Mapping[str, int] = field(default_factory=dict)
    history: Mapping[str, int] = field(default_factory=dict)
    looks: tuple[Taken, ...] = ()

    @cached_property
    def randomised(self) -> tuple[ParticipantRow, ...]:
        """Everybody with an allocation, in the order of their codes."""
        found = [row for row in self.participants if row.randomised_on is not None and row.arm]
        return tuple(sorted(found, key=lambda row: row.code))

    @cached_property
    def by_participant(self) -> Mapping[str, Mapping[str, tuple[Record, ...]]]:
        """Records by participant and form, each in order of site date, then number."""
        found: dict[str, dict[str, list[Record]]] = {}
        for record in sorted(self.records, key=lambda one: (one.on, one.number, one.visit)):
            found.setdefault(record.participant, {}).setdefault(record.form, []).append(record)
        return {
            code: {form: tuple(rows) for form, rows in forms.items()}
            for code, forms in found.items()
        }

    def forms_of(self, code: str) -> Mapping[str, tuple[Record, ...]]:
        """The records of one participant by form."""
        return self.by_participant.get(code, MappingProxyType({}))

    def records_of(self, code: str, form: str | None) -> tuple[Record, ...]:
        """The records of one form of one participant, in order of date."""
        return self.forms_of(code).get(form or "", ())

    @cached_property
    def zones(self) -> Mapping[str, str]:
        """Time zone of each site that the protocol knows."""
        return {site.id: site.timezone for site in self.study.protocol.sites}

    def zone(self, site: str) -> str:
        """IANA name of the time zone of a site; UTC where the protocol does not know it."""
        return self.zones.get(site, UNKNOWN_ZONE)

    def site_date(self, row: ParticipantRow, at: datetime) -> date:
        """The calendar day of a moment at the participant's site."""
        return at.astimezone(ZoneInfo(self.zone(row.site))).date()

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Arms, the control first: the order of every table and figure."""
        arms = self.study.protocol.arms
        return tuple(sorted(arms, key=lambda arm: arm.role != "control"))

    @cached_property
    def last_contact(self) -> Mapping[str, date]:
        """The last site date on which anything is known of each randomised participant."""
        found: dict[str, date] = {}
        for row in self.randomised:
            days = [one.on for rows in self.forms_of(row.code).values() for one in rows]
            days += [day for day in (row.completed_on, row.died_on) if day is not None]
            days.append(row.randomised_on or date.min)
            found[row.code] = max(days)
        return found


def day_of(row: ParticipantRow, on: date) -> int:
    """Days from randomisation (day 0) to a site date; negative before it.

    Raises:
        ValueError: the participant was never randomised.

    """
    if row.randomised_on is None:
        raise ValueError(f"participant {row.code} was not randomised, so no day counts from it")
    return (on - row.randomised_on).days


def log_forms(study: Study) -> frozenset[str]:
    """Forms filled whenever something happens: no record means that nothing happened."""
    return _forms_where(study, log=True)


def _forms_where(study: Study, *, log: bool) -> frozenset[str]:
    found: Iterable[str] = (
        form
        for activity in study.protocol.schedule
        if activity.log is log
        for form in activity.forms
    )
    return frozenset(found)
