"""When things happen: epochs, visits, and the schedule of activities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import ConfigDict, with_config

from equipoise.protocol.frozen import Text
from equipoise.protocol.origin import Origin

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)

Contact = Literal["on-site", "phone", "either"]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """A stretch of the trial (USDM: StudyEpoch), such as screening or follow-up."""

    id: str
    title: Text
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A planned contact with a participant (USDM: Encounter).

    `day` counts from randomisation, which is day 0. The window is closed at both
    ends, in whole calendar days at the site.

    >>> d14 = Visit(id="d14", title=Text({"en": "Day 14"}), epoch="follow-up", day=14, early=2, late=2)
    >>> d14.window(date(2026, 3, 1))
    (datetime.date(2026, 3, 13), datetime.date(2026, 3, 17))
    """

    id: str
    title: Text
    epoch: str
    day: int
    early: int = 0
    late: int = 0
    contact: Contact = "on-site"
    origin: Origin | None = None

    def __post_init__(self) -> None:
        if self.early < 0 or self.late < 0:
            raise ValueError(f"visit {self.id!r}: a window cannot be negative")

    def window(self, randomised_on: date) -> tuple[date, date]:
        """First and last acceptable calendar day of this visit."""
        target = randomised_on + timedelta(days=self.day)
        return target - timedelta(days=self.early), target + timedelta(days=self.late)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """An activity done every day from day `first` to day `last` while `condition` holds.

    `condition` reads the most recent values of the participant; unknown means not due.
    """

    first: int
    last: int
    condition: str | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What is done, on which forms, at which visits (a row of the schedule).

    Exactly one way of saying when is needed: `at` (visits), `daily`, `per_dose`
    (once for every dose), or `log` (whenever it happens). `optional` names visits at
    which it is done only if clinically indicated. `condition` restricts who needs it.
    """

    id: str
    title: Text
    forms: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    daily: Daily | None = None
    per_dose: bool = False
    log: bool = False
    condition: str | None = None
    origin: Origin | None = None
