"""One simulated person: what is true of them, and what their file says so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from equipoise.rehearsal.conduct.dice import Dice
from equipoise.schedule import GivenDose, Timeline
from equipoise.schedule.timeline import Key

AT_HOME = "@home"


@dataclass(slots=True, kw_only=True)
class Person:
    """What is true: nature knows it, nobody at the site does.

    `path` holds the course state by day, day 0 first, empty without a course. `pace` is
    positive for those who take long to recover. `steady` keeps the personal level of each
    item, so that repeated measurements belong to one person. `handling` are the dice of what
    happens to units, apart from all others.
    """

    index: int
    name: str
    site: str
    zone: ZoneInfo
    level: str
    latent: float
    dice: Dice
    handling: Dice
    path: tuple[str, ...] = ()
    ranks: dict[str, int] = field(default_factory=dict)
    pace: float = 0.0
    odds: float = 1.0
    steady: dict[str, float] = field(default_factory=dict)

    def state(self, day: int) -> str:
        """The course state on a day, "" without a course."""
        if not self.path:
            return ""
        return self.path[min(max(day, 0), len(self.path) - 1)]

    def worse(self, day: int) -> bool:
        """Whether the course is worse on a day than on day 0."""
        return bool(self.path) and self.ranks[self.state(day)] > self.ranks[self.path[0]]

    def normal(self, key: str) -> float:
        """The personal level of an item, a standard normal number."""
        found = self.steady.get(key)
        if found is None:
            found = self.steady[key] = self.dice.normal()
        return found

    def chance(self, key: str) -> float:
        """A personal chance for an item, drawn once."""
        found = self.steady.get(key)
        if found is None:
            found = self.steady[key] = self.dice.uniform()
        return found


@dataclass(slots=True, kw_only=True)
class File:
    """What the site has written down about one participant, as the next step needs it.

    `known` holds the newest answer by `form.item`, those of visits by `visit.form.item`, and
    the facts of the simulation by `sim.*`.
    """

    code: str = ""
    zone: str = "UTC"
    known: dict[str, object] = field(default_factory=dict)
    values: dict[Key, dict[str, object]] = field(default_factory=dict)
    dates: dict[Key, date] = field(default_factory=dict)
    consented_on: date | None = None
    randomised_at: datetime | None = None
    randomised_on: date | None = None
    kit: str = ""
    doses: list[GivenDose] = field(default_factory=list)
    stopped_on: date | None = None
    discharged_on: date | None = None
    readmitted_on: date | None = None
    home: bool = False
    died_on: date | None = None
    withdrawn_on: date | None = None
    completed_on: date | None = None
    numbers: dict[str, int] = field(default_factory=dict)
    requests: int = 0

    @property
    def given(self) -> tuple[GivenDose, ...]:
        """The doses that were given, in full or in part."""
        return tuple(dose for dose in self.doses if dose.amount != "not")

    @property
    def ended(self) -> bool:
        """Whether nothing is done any more."""
        return not (
            self.died_on is None and self.withdrawn_on is None and self.completed_on is None
        )

    def next_number(self, form: str) -> int:
        """The next free number of a log form."""
        self.numbers[form] = self.numbers.get(form, 0) + 1
        return self.numbers[form]

    def keep(self, form: str, visit: str, number: int, values: dict[str, object]) -> None:
        """Remember a record that was saved."""
        self.values[form, visit, number] = values
        for name, value in values.items():
            self.known[f"{form}.{name}"] = value
        if number == 0:
            for name, value in values.items():
                self.known[f"{visit}.{form}.{name}"] = value

    def timeline(self) -> Timeline:
        """What `schedule.due` wants to know."""
        given = self.given
        return Timeline(
            consented_on=self.consented_on,
            randomised_on=self.randomised_on,
            randomised_at=self.randomised_at,
            first_dose_at=given[0].at if given else None,
            doses=tuple(self.doses),
            dosing_stopped_on=self.stopped_on,
            discharged_on=self.discharged_on,
            readmitted_on=self.readmitted_on,
            in_hospital=not self.home,
            died_on=self.died_on,
            withdrawn_on=self.withdrawn_on,
            completed_on=self.completed_on,
            recorded=frozenset(self.values),
            answers=self.known,
            zone=self.zone,
        )
