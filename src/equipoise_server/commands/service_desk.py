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
from equipoise.supply import split_unit
from equipoise_server.allocator import client
from equipoise_server.commands.demo_depot import Depot
from equipoise_server.commands.demo_finalising import when_open
from equipoise_server.commands.demo_interim import InterimDesk
from equipoise_server.services.consenting.consent import consent
from equipoise_server.services.participants import administer as dosing
from equipoise_server.services.participants.complete import complete
from equipoise_server.services.participants.discharge import discharge
from equipoise_server.services.participants.fail_screening import fail_screening
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.readmit import readmit
from equipoise_server.services.participants.record_death import record_death
from equipoise_server.services.participants.report_event import report_event
from equipoise_server.services.participants.screen import screen
from equipoise_server.services.participants.stop_dosing import stop_dosing
from equipoise_server.services.participants.withdraw import withdraw
from equipoise_server.services.records.record import record
from equipoise_server.services.supply.account_for import account_for, hand_in
from equipoise_server.services.supply.dispense import dispense, prepare_unit, thaw_unit
from equipoise_server.services.supply.receive import receive
from equipoise_server.services.supply.replace_kit import replace_kit
from equipoise_server.store.models import Kit, User

TOGETHER = 200  # records of the unblinded side that wait for each other


@dataclass(slots=True, kw_only=True)
class ServiceDesk:
    """Maps the verbs of simulated conduct to services, and roles to people.

    `staff` gives the person for (role, site). `seed` makes the participant codes.
    """

    study: Study
    staff: Mapping[tuple[str, str], User]
    seed: int
    depot: Depot | None = None  # None: kits are packed without lots
    interim: InterimDesk | None = None  # None: no look is taken
    unsaved: list[dict[str, Any]] = field(default_factory=list)  # unblinded records
    sites: dict[str, str] = field(default_factory=dict)  # participant -> site
    randomised_at: dict[str, datetime] = field(default_factory=dict)  # kit -> moment

    @property
    def pharmacist(self) -> User:
        """The person who prepares kits, entered in the vault as such."""
        return next(user for (role, _), user in self.staff.items() if role == "pharmacist")

    def _user(self, role: str, participant: str) -> User:
        return self.staff[role, self.sites[participant]]

    @contextmanager
    def day(self, *, participant: str, on: date) -> Iterator[None]:
        """One participant-day in one outer transaction; each service stays whole within it."""
        if self.depot is not None:
            self.depot.look(on)
        if self.interim is not None:
            self.interim.look(on, self.randomised_at.values())
        with transaction.atomic():
            yield

    def screen(self, *, site: str, on: date, at: datetime, key: str, role: Role) -> str:
        """Screen under a code that follows from the seed, so that a demo can be repeated."""
        by = self.staff[role, site]
        code = screen(site=site, code=self.code_for(site, key), on=on, by=by, at=at, key=key)
        self.sites[code] = site
        return code

    def code_for(self, site: str, key: str) -> str:
        """The code that the seed gives to whoever is screened under this key."""
        return participant_code(site, sha256(f"{self.seed}/{key}".encode()).digest())

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
        self._stock_up(self.sites[participant], at, key)
        by = self._user(role, participant)
        kit = when_open(
            self.staff,
            lambda: randomise(participant=participant, by=by, at=at, key=key),
            at=at,
            key=key,
        )
        self.randomised_at[kit] = at
        if self.depot is not None:
            self.depot.randomised += 1
        return kit

    def _stock_up(self, site: str, at: datetime, key: str) -> None:
        """Before a kit is taken, the depot looks at the stock of the site."""
        sent = 0
        while client.lowest_stock(site=site) < self.study.protocol.supply.low_participants:
            sent += 1
            self.supply(site, at=at, key=f"{key}/supply" + (f"/{sent}" if sent > 1 else ""))

    def supply(self, site: str, *, at: datetime, key: str) -> None:
        """A balanced consignment arrives at a site and is checked in."""
        shares = self.study.protocol.supply.consignment_shares
        if self.depot is not None:
            self.depot.ensure(shares, at)
        kits = client.deliver(site=site, shares=shares, at=at)
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

    def kit_in_use(self, *, participant: str, kit: str, at: datetime, key: str, role: Role) -> str:
        """The same kit, or a replacement where the stock says that it is not valid."""
        if self.depot is None or Kit.objects.filter(pk=kit, valid=True).exists():
            return kit
        return self._replaced(participant, "The kit is not valid", at, key, role)

    def _replaced(self, participant: str, why: str, at: datetime, key: str, role: Role) -> str:
        self._stock_up(self.sites[participant], at, key)
        by = self._user(role, participant)
        return replace_kit(participant=participant, reason=why, by=by, at=at, key=f"{key}/kit")

    def lose_unit(
        self, *, participant: str, unit: str, reason: str, at: datetime, key: str, role: Role
    ) -> str:
        """Record the loss, and take the replacement."""
        by = self._user(role, participant)
        account_for(units=[unit], became="lost", reason=reason, by=by, at=at, key=key)
        return self._replaced(participant, reason, at, key, role)

    def thaw_unit(self, *, participant: str, unit: str, at: datetime, key: str, role: Role) -> None:
        """Take a unit out of the cold."""
        thaw_unit(unit=unit, by=self._user(role, participant), at=at, key=key)

    def hand_in(self, *, participant: str, at: datetime, key: str, role: Role) -> None:
        """Bring back what was not needed."""
        by, reason = self._user(role, participant), "Not needed"
        hand_in(participant=participant, reason=reason, by=by, at=at, key=key)

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
        by, other = self._user(role, participant), self._user("unblinded monitor", participant)
        prepare_unit(unit=unit, by=by, at=at, key=key, verified_by=other.username)
        rules = self.study.protocol.dosing
        if rules is None or not rules.preparation_form or not values:
            return
        self.unsaved.append(
            {
                "participant": participant,
                "form": rules.preparation_form,
                "number": number,
                "document": _storable(values),
                "kit": split_unit(unit)[0],
                "by": by.username,
                "at": at.isoformat(),
                "key": key,
            }
        )
        if len(self.unsaved) >= TOGETHER:
            self.save_unblinded()

    def save_unblinded(self) -> None:
        """Send the records of the unblinded side to the vault, many in one message."""
        waiting, self.unsaved = self.unsaved, []
        if waiting:
            client.ask("record_many", records=waiting)

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
