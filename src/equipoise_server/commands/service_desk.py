"""The services as the desk of simulated conduct: every act goes the way a person's would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Literal

from django.db import transaction

from equipoise.ids import participant_code
from equipoise.participant import Level
from equipoise.protocol.model import Study
from equipoise.rehearsal.conduct.desk import Role, Values
from equipoise_server.allocator import client
from equipoise_server.services import administer as dosing
from equipoise_server.services.complete import complete
from equipoise_server.services.consent import consent
from equipoise_server.services.discharge import discharge
from equipoise_server.services.dispense import dispense, prepare_unit
from equipoise_server.services.fail_screening import fail_screening
from equipoise_server.services.randomise import randomise
from equipoise_server.services.readmit import readmit
from equipoise_server.services.receive import receive
from equipoise_server.services.record import record
from equipoise_server.services.record_death import record_death
from equipoise_server.services.report_event import report_event
from equipoise_server.services.screen import screen
from equipoise_server.services.stop_dosing import stop_dosing
from equipoise_server.services.withdraw import withdraw
from equipoise_server.store.models import User

LOW_STOCK = 2  # participants of any one arm: the depot then sends a balanced consignment
CONSIGNMENT = 4  # kits per share of each arm


@dataclass(slots=True, kw_only=True)
class ServiceDesk:
    """Maps the verbs of simulated conduct to services, and roles to people.

    `staff` gives the person for (role, site). `seed` makes the participant codes.
    """

    study: Study
    staff: Mapping[tuple[str, str], User]
    seed: int
    sites: dict[str, str] = field(default_factory=dict)  # participant -> site
    randomised_at: dict[str, datetime] = field(default_factory=dict)  # kit -> moment

    @property
    def pharmacist(self) -> User:
        """The person who prepares kits, entered in the vault as such."""
        return next(user for (role, _), user in self.staff.items() if role == "pharmacist")

    def _user(self, role: Role, participant: str) -> User:
        return self.staff[role, self.sites[participant]]

    @contextmanager
    def day(self, *, participant: str, on: date) -> Iterator[None]:
        """One participant-day in one outer transaction; each service stays whole within it."""
        with transaction.atomic():
            yield

    def screen(self, *, site: str, on: date, at: datetime, key: str, role: Role) -> str:
        """Screen under a code that follows from the seed, so that a demo can be repeated."""
        source = sha256(f"{self.seed}/{key}".encode()).digest()
        by = self.staff[role, site]
        code = screen(site=site, code=participant_code(site, source), on=on, by=by, at=at, key=key)
        self.sites[code] = site
        return code

    def consent(
        self,
        *,
        participant: str,
        version: str,
        signatory: Literal["participant", "representative"],
        signed_at: datetime,
        at: datetime,
        key: str,
        role: Role,
    ) -> None:
        """Record the signed consent."""
        consent(
            participant=participant,
            version=version,
            signatory=signatory,
            signed_at=signed_at,
            by=self._user(role, participant),
            at=at,
            key=key,
        )

    def record(
        self,
        *,
        participant: str,
        form: str,
        visit: str,
        number: int,
        on: date,
        values: Values,
        at: datetime,
        key: str,
        role: Role,
        reason: str = "",
    ) -> None:
        """Save a record."""
        record(
            participant=participant,
            form=form,
            visit=visit,
            number=number,
            values=values,
            on=on,
            by=self._user(role, participant),
            at=at,
            key=key,
            reason=reason,
        )

    def randomise(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> str:
        """Randomise; before it the depot looks at the stock of the site."""
        site = self.sites[participant]
        if client.lowest_stock(site=site) < LOW_STOCK:
            self.supply(site, at=at, key=f"{key}/supply")
        by = self._user(role, participant)
        kit = randomise(participant=participant, by=by, at=at, key=key)
        self.randomised_at[kit] = at
        return kit

    def supply(self, site: str, *, at: datetime, key: str) -> None:
        """A balanced consignment arrives at a site and is checked in."""
        kits = client.deliver(site=site, shares=CONSIGNMENT, at=at)
        receive(site=site, kits=kits, by=self.staff["pharmacist", site], at=at, key=key)

    def fail_screening(
        self, *, participant: str, reason: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """Close the screening."""
        by = self._user(role, participant)
        fail_screening(participant=participant, reason=reason, on=on, by=by, at=at, key=key)

    def dispense(self, *, participant: str, kit: str, at: datetime, key: str, role: Role) -> None:
        """The kit leaves the stock."""
        dispense(participant=participant, by=self._user(role, participant), at=at, key=key)

    def prepare_unit(
        self,
        *,
        participant: str,
        unit: str,
        number: int,
        on: date,
        values: Values,
        at: datetime,
        key: str,
        role: Role,
    ) -> None:
        """Prepare a unit: the blinded side learns that it was, the vault how."""
        by = self._user(role, participant)
        prepare_unit(unit=unit, by=by, at=at, key=key)
        rules = self.study.protocol.dosing
        if rules is not None and rules.preparation_form and values:
            client.record_unblinded(
                participant=participant,
                form=rules.preparation_form,
                number=number,
                document=_storable(values),
                by=by.username,
                at=at,
                key=key,
            )

    def administer(
        self,
        *,
        participant: str,
        number: int,
        unit: str | None,
        amount: Literal["full", "partial", "not"],
        given_at: datetime,
        on: date,
        values: Values,
        at: datetime,
        key: str,
        role: Role,
    ) -> None:
        """Record a dose."""
        dose = dosing.Dose(started_at=given_at, amount=amount, unit=unit, number=number)
        by = self._user(role, participant)
        dosing.administer(participant=participant, dose=dose, values=values, by=by, at=at, key=key)

    def report_event(
        self,
        *,
        participant: str,
        number: int,
        serious: bool,
        on: date,
        values: Values,
        at: datetime,
        key: str,
        role: Role,
    ) -> None:
        """Report an adverse event."""
        by = self._user(role, participant)
        report_event(participant=participant, values=values, on=on, by=by, at=at, key=key)

    def stop_dosing(
        self, *, participant: str, reason: str, at: datetime, key: str, role: Role
    ) -> None:
        """Stop the product."""
        by = self._user(role, participant)
        stop_dosing(participant=participant, reason=reason, by=by, at=at, key=key)

    def withdraw(
        self,
        *,
        participant: str,
        level: Level,
        reason: str,
        on: date,
        at: datetime,
        key: str,
        role: Role,
    ) -> None:
        """Record a withdrawal."""
        by = self._user(role, participant)
        withdraw(participant=participant, level=level, reason=reason, on=on, by=by, at=at, key=key)

    def discharge(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> None:
        """Record a discharge."""
        discharge(participant=participant, on=on, by=self._user(role, participant), at=at, key=key)

    def readmit(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> None:
        """Record a readmission."""
        readmit(participant=participant, on=on, by=self._user(role, participant), at=at, key=key)

    def record_death(
        self, *, participant: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """Record a death."""
        by = self._user(role, participant)
        record_death(participant=participant, on=on, by=by, at=at, key=key)

    def complete(
        self, *, participant: str, reason: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """Record the end of study."""
        by = self._user(role, participant)
        complete(participant=participant, reason=reason, on=on, by=by, at=at, key=key)

    def nature(self, kit: str) -> str:
        """Ask the allocator as the pharmacist who prepares the kit does."""
        at = self.randomised_at[kit]
        return client.contents(kit=kit, by=self.pharmacist.username, at=at)


def _storable(values: Values) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }
