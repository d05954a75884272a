"""What has happened to one participant so far, as far as the schedule needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from equipoise.schedule.dosing import GivenDose

Key = tuple[str, str, int]
"""A record of one participant: form, visit, number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Dates and doses of one participant. Dates are site calendar dates.

    `in_hospital` is where the participant is today; `discharged_on` and `readmitted_on` let
    earlier days be judged as they were. `dosing_stopped_on` ends the doses that are due,
    `withdrawn_on` everything, `samples_stopped_on` the forms of `samples`. `recorded` holds the records that exist. `answers` are the
    most recent values, for conditions. `zone` is the site's time zone (IANA name).
    """

    consented_on: date | None = None
    randomised_on: date | None = None
    randomised_at: datetime | None = None
    first_dose_at: datetime | None = None
    doses: tuple[GivenDose, ...] = ()
    dosing_stopped_on: date | None = None
    discharged_on: date | None = None
    readmitted_on: date | None = None
    in_hospital: bool = True
    died_on: date | None = None
    withdrawn_on: date | None = None
    completed_on: date | None = None
    failed_on: date | None = None
    samples: frozenset[str] = frozenset()
    samples_stopped_on: date | None = None
    recorded: frozenset[Key] = frozenset()
    answers: Mapping[str, object] = field(default_factory=dict)
    zone: str = "UTC"

    @property
    def ended_on(self) -> date | None:
        """The day on which everything ended: death, withdrawal, completion, or failure."""
        ends = (self.died_on, self.withdrawn_on, self.completed_on, self.failed_on)
        return min((one for one in ends if one is not None), default=None)

    def here(self, on: date) -> bool:
        """Whether the participant was in hospital on that day; the day of discharge counts."""
        if self.discharged_on is None:
            return self.in_hospital
        if on <= self.discharged_on:
            return True
        return self.readmitted_on is not None and on >= self.readmitted_on

    def local(self, at: datetime) -> date:
        """The site calendar date of an instant."""
        return at.astimezone(ZoneInfo(self.zone)).date()
