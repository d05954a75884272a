"""The people at a site: they fill forms and act through the desk, and keep the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Conduct, Scenario
from equipoise.rehearsal.conduct.desk import Desk, Role
from equipoise.rehearsal.conduct.filling import NOTHING, Filler, state_facts
from equipoise.rehearsal.conduct.person import File, Person

CORRECTION = "Corrected against the source document"


@dataclass(slots=True, kw_only=True)
class Counts:
    """What has happened so far, over all participants."""

    screened: int = 0
    failed: int = 0
    randomised: int = 0
    doses: int = 0
    visits: int = 0
    records: int = 0
    adverse_events: int = 0
    serious_events: int = 0
    deaths: int = 0
    discharges: int = 0
    withdrawals: int = 0
    lost: int = 0
    preparations: int = 0


@dataclass(slots=True, kw_only=True)
class Staff:
    """One participant's person, file and the staff who look after them.

    `corrections` wait for the next day, `later` for their moment.
    """

    study: Study
    scenario: Scenario
    desk: Desk
    filler: Filler
    counts: Counts
    person: Person
    file: File
    corrections: list[tuple[str, str, int, dict[str, object]]] = field(default_factory=list)
    later: list[tuple[datetime, Callable[[datetime], None]]] = field(default_factory=list)

    @property
    def conduct(self) -> Conduct:
        """What goes wrong in this scenario."""
        return self.scenario.conduct

    def key(self) -> str:
        """A new request key."""
        self.file.requests += 1
        return f"{self.person.name}/{self.file.requests}"

    def role_for(self, form: str) -> Role:
        """Who fills a form in."""
        definition = self.study.forms[form]
        if definition.audience == "unblinded":
            return "pharmacist"
        return "assessor" if definition.assesses else "coordinator"

    def say(self, at: datetime, on: date, *, day: int, visit: str, number: int) -> None:
        """Put down the facts of this moment."""
        state_facts(self.person, self.file, now=at, today=on, day=day, visit=visit, number=number)

    def answers(
        self,
        form: str,
        *,
        at: datetime,
        on: date,
        day: int,
        visit: str,
        number: int,
        fresh: bool = False,
        fixed: Mapping[str, object] = NOTHING,
    ) -> dict[str, object]:
        """Fill a form as this person's truth and the scenario's carelessness have it."""
        self.say(at, on, day=day, visit=visit, number=number)
        missing = 0.0 if fresh else self.conduct.missing_item
        return self.filler.fill(
            form, self.person, self.file, day=day, fresh=fresh, fixed=fixed, missing=missing
        )

    def save(
        self,
        form: str,
        visit: str,
        number: int,
        values: dict[str, object],
        *,
        at: datetime,
        on: date,
        reason: str = "",
    ) -> None:
        """Save a record of a blinded form, and remember it.

        With a reason it is a new version: it still belongs to the day of the first one.
        """
        on = self.file.dates.get((form, visit, number), on)
        self.desk.record(
            participant=self.file.code,
            form=form,
            visit=visit,
            number=number,
            on=on,
            values=values,
            at=at,
            key=self.key(),
            role=self.role_for(form),
            reason=reason,
        )
        self.kept(form, visit, number, values, on)
        if not reason and self.person.dice.happens(self.conduct.correction):
            self._plan_correction(form, visit, number, values)

    def kept(self, form: str, visit: str, number: int, values: dict[str, object], on: date) -> None:
        """Count and remember a record that the desk has saved."""
        self.counts.records += 1
        self.file.dates.setdefault((form, visit, number), on)
        self.file.keep(form, visit, number, values)

    def _plan_correction(
        self, form: str, visit: str, number: int, values: dict[str, object]
    ) -> None:
        changed = self.filler.mistyped(form, self.person, values)
        if changed:
            self.corrections.append((form, visit, number, changed))

    def correct(self, at: datetime) -> None:
        """Correct what was found to be mistyped."""
        on = at.astimezone(self.person.zone).date()
        waiting, self.corrections = self.corrections, []
        for form, visit, number, values in waiting:
            self.save(form, visit, number, values, at=at, on=on, reason=CORRECTION)

    def log(
        self,
        form: str,
        *,
        at: datetime,
        on: date,
        day: int,
        fixed: Mapping[str, object] = NOTHING,
    ) -> int:
        """Make a new entry of a log form; returns its number."""
        number = self.file.next_number(form) if self.study.forms[form].repeats else 0
        values = self.answers(form, at=at, on=on, day=day, visit="log", number=number, fixed=fixed)
        self.save(form, "log", number, values, at=at, on=on)
        return number

    def deviation(self, kind: str, *, at: datetime, on: date) -> None:
        """Note a deviation from the protocol, where the scenario names a form for it."""
        form = self.scenario.happenings.get("deviation")
        if form is not None:
            self.file.known["sim.deviation"] = kind
            day = (on - (self.file.randomised_on or on)).days
            self.log(form, at=at, on=on, day=day)
