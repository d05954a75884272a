"""What people do in a trial, as verbs: the only way in for simulated conduct.

A product hands in a desk whose verbs are its services; `PaperDesk` needs only the core.
Nothing else writes anything, so that simulated participants meet every rule that real ones
meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Literal, Protocol

from equipoise.participant import Level

Role = Literal["coordinator", "investigator", "dosing nurse", "assessor", "pharmacist"]
"""Who acts. The desk knows which person holds the role at the participant's site."""

Values = Mapping[str, object]


class Desk(Protocol):
    """The verbs of a trial. `at` is an aware moment of the simulated clock, `on` a site date.

    `key` names the request: a repeated one is not carried out twice. Every verb may raise a
    `Refused`; the simulation treats one as a defect of the scenario and stops.
    """

    def day(self, *, participant: str, on: date) -> AbstractContextManager[None]:
        """What one participant does on one day; may wrap it in an outer transaction."""

    def screen(self, *, site: str, on: date, at: datetime, key: str, role: Role) -> str:
        """Put a person on the screening log; returns the participant code."""

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
        """Save a record of a blinded form; with a reason where a saved one changes."""

    def randomise(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> str:
        """Randomise; returns the kit code, which tells nothing about the arm.

        Where the study has a randomisation form, the desk fills it in.
        """

    def fail_screening(
        self, *, participant: str, reason: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """Close the screening without randomisation."""

    def dispense(self, *, participant: str, kit: str, at: datetime, key: str, role: Role) -> None:
        """The participant's kit leaves the stock."""

    def kit_in_use(self, *, participant: str, kit: str, at: datetime, key: str, role: Role) -> str:
        """The kit to take the next unit from: the same, or a replacement if it is not valid."""

    def lose_unit(
        self, *, participant: str, unit: str, reason: str, at: datetime, key: str, role: Role
    ) -> str:
        """A unit broke or is lost; returns the kit that replaces the one it was of."""

    def thaw_unit(self, *, participant: str, unit: str, at: datetime, key: str, role: Role) -> None:
        """Take one unit out of the cold."""

    def hand_in(self, *, participant: str, at: datetime, key: str, role: Role) -> None:
        """What the participant did not need comes back."""

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
        """Prepare one unit for dose `number`. `values`: the unblinded form, empty if none."""

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
        """Record dose `number`, with its administration form. `unit` is None if not given."""

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
        """Report adverse event `number`, with the event form."""

    def stop_dosing(
        self, *, participant: str, reason: str, at: datetime, key: str, role: Role
    ) -> None:
        """Stop the product for good."""

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

    def discharge(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> None:
        """Record that the participant left hospital."""

    def readmit(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> None:
        """Record that the participant came back to hospital."""

    def record_death(
        self, *, participant: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """Record the death of the participant."""

    def complete(
        self, *, participant: str, reason: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """Record the end of study."""

    def nature(self, kit: str) -> str:
        """The id of the arm whose product is in the kit.

        Only nature may ask: the simulation needs to know what really happens inside a
        participant. In a product the answer comes through the unblinded side's own door,
        never through a blinded service, and goes nowhere but into the simulated course.
        """
