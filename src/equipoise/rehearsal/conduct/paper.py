"""A trial on paper: the desk of the pure core, without a server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from equipoise import participant as people
from equipoise.eligibility import assess
from equipoise.errors import AlreadyWithdrawn, InvalidRecord, NotConsented, ReasonRequired
from equipoise.forms import FormFinding, Record, answers_of, context_of, prepare
from equipoise.ids import kit_code, participant_code
from equipoise.participant import NOBODY, Command, Level, ParticipantState, decide, evolve
from equipoise.protocol.derive import with_derived
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario
from equipoise.randomisation import State
from equipoise.rehearsal.conduct.desk import Role, Values
from equipoise.rehearsal.factors import SITE
from equipoise.rehearsal.lists import scheme_of
from equipoise.rehearsal.streams import Stream
from equipoise.rules import UNKNOWN
from equipoise.schedule.matrix import DOSING, LOG
from equipoise.schedule.timeline import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One saved version: the record, when, by whom, why, and what the checks found."""

    record: Record
    at: datetime
    role: Role
    reason: str
    findings: tuple[FormFinding, ...]


@dataclass(slots=True)
class PaperDesk:
    """Everything in memory. `allocation` chances are those of the tier-1 kernel.

    Attributes:
        states: participants by code, in order of screening.
        records: newest version of each record, per participant.
        versions: every version in the order in which it was saved.
        arms: arm id by kit code.

    """

    study: Study
    scenario: Scenario
    seed: int
    trial: int = 0
    states: dict[str, ParticipantState] = field(default_factory=dict)
    records: dict[str, dict[Key, Record]] = field(default_factory=dict)
    versions: list[Saved] = field(default_factory=list)
    arms: dict[str, str] = field(default_factory=dict)
    preparations: int = 0
    _strata: dict[tuple[tuple[str, str], ...], State] = field(default_factory=dict)
    _allocation: Stream | None = None

    @contextmanager
    def day(self, *, participant: str, on: date) -> Iterator[None]:
        """Nothing to wrap on paper."""
        del participant, on
        yield

    def _do(self, code: str, command: Command) -> ParticipantState:
        state = self.states.get(code, NOBODY)
        for event in decide(state, command):
            state = evolve(state, event)
        self.states[code] = state
        return state

    def _bytes(self, *path: object) -> bytes:
        return hashlib.sha256(repr((self.seed, self.trial, *path)).encode()).digest()

    def screen(self, *, site: str, on: date, at: datetime, key: str, role: Role) -> str:
        """A new person on the log."""
        del role
        code = participant_code(site, self._bytes("participant", key))
        self._do(code, people.Screen(code=code, site=site, at=at, on=on))
        self.records[code] = {}
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
        """The signed consent."""
        del at, key, role
        self._do(
            participant, people.SignConsent(version=version, at=signed_at, signatory=signatory)
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
        """A version of a record.

        Raises:
            NotConsented, AlreadyWithdrawn, InvalidRecord, ReasonRequired: as the service does.

        """
        del key
        if not self.states[participant].consented:
            raise NotConsented(participant, "a record")
        if self.states[participant].withdrew("data"):
            raise AlreadyWithdrawn(participant, f"form {form}")
        mine, definition = self.records[participant], self.study.forms[form]
        place = (form, visit, number)
        if place in mine and not reason:
            raise ReasonRequired("A change to saved answers")
        context = context_of(mine.values(), form=form, visit=visit, number=number)
        done = prepare(self.study.protocol, definition, values, context)
        hard = tuple(f"{one.item}: {one.code}" for one in done.findings if one.severity == "hard")
        if hard:
            raise InvalidRecord(form, hard)
        record = Record(
            participant=participant,
            form=form,
            visit=visit,
            number=number,
            on=on,
            values=done.values,
        )
        mine[place] = record
        self.versions.append(
            Saved(record=record, at=at, role=role, reason=reason, findings=done.findings)
        )

    def randomise(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> str:
        """The next place of the participant's stratum, by the chance of their arrival."""
        del key, role
        answers = answers_of(self.records[participant].values())
        findings = assess(self.study.protocol, answers)
        stratum = self._stratum(answers, self.states[participant].site)
        people.check_randomisable(
            self.states[participant], stratum=stratum, findings=findings, on=on
        )
        kit = kit_code(self._bytes("kit", participant))
        self.arms[kit] = self._allocate(stratum)
        self._do(
            participant,
            people.Randomise(at=at, on=on, kit=kit, stratum=stratum, findings=findings),
        )
        return kit

    def _stratum(self, answers: dict[str, object], site: str) -> tuple[tuple[str, str], ...]:
        known = with_derived(self.study.protocol, answers)
        levels = []
        for factor in self.study.protocol.randomisation.strata:
            value = site if factor == SITE else known.get(factor)
            said = "" if value is None or value is UNKNOWN else str(value)
            levels.append((factor, said.lower() if isinstance(value, bool) else said))
        return tuple(levels)

    def _allocate(self, stratum: tuple[tuple[str, str], ...]) -> str:
        if self._allocation is None:
            self._allocation = Stream(self.seed, self.scenario.id, "allocation", self.trial)
        rule, arms = scheme_of(self.study.protocol), self.study.protocol.arms
        cell = () if rule.uses_covariates else stratum
        before = self._strata.get(cell)
        if before is None:
            before = rule.start(tuple(arm.ratio for arm in arms))
        chance = float(self._allocation.take(1)[0])
        arm, self._strata[cell] = rule.step(before, chance, covariates=dict(stratum))
        return arms[arm].id

    def fail_screening(
        self, *, participant: str, reason: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """A screen failure."""
        del at, key, role
        self._do(participant, people.FailScreening(reason=reason, on=on))

    def dispense(self, *, participant: str, kit: str, at: datetime, key: str, role: Role) -> None:
        """Stock is not kept on paper."""
        del participant, kit, at, key, role

    def kit_in_use(self, *, participant: str, kit: str, at: datetime, key: str, role: Role) -> str:
        """Nothing makes a kit invalid on paper."""
        del participant, at, key, role
        return kit

    def lose_unit(
        self, *, participant: str, unit: str, reason: str, at: datetime, key: str, role: Role
    ) -> str:
        """Another kit with the same product."""
        del role
        lost = unit.rpartition("-")[0]
        kit = kit_code(self._bytes("kit", key))
        self.arms[kit] = self.arms[lost]
        self._do(participant, people.ReplaceKit(kit=kit, reason=reason, at=at))
        return kit

    def thaw_unit(self, *, participant: str, unit: str, at: datetime, key: str, role: Role) -> None:
        """Units are not followed on paper."""
        del participant, unit, at, key, role

    def hand_in(self, *, participant: str, at: datetime, key: str, role: Role) -> None:
        """Units are not followed on paper."""
        del participant, at, key, role

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
        """The preparation is checked and counted; it stays on the unblinded side.

        Raises:
            InvalidRecord: an impossible value.

        """
        del participant, unit, number, on, at, key, role
        self.preparations += 1
        dosing = self.study.protocol.dosing
        if dosing is None or dosing.preparation_form is None:
            return
        form = self.study.forms[dosing.preparation_form]
        found = prepare(self.study.protocol, form, values).findings
        hard = tuple(f"{one.item}: {one.code}" for one in found if one.severity == "hard")
        if hard:
            raise InvalidRecord(form.id, hard)

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
        """A dose with its form."""
        self._do(
            participant,
            people.GiveDose(number=number, at=given_at, amount=amount, unit=unit, on=on),
        )
        dosing = self.study.protocol.dosing
        assert dosing is not None
        self.record(
            participant=participant,
            form=dosing.administration_form,
            visit=DOSING,
            number=number,
            on=on,
            values=values,
            at=at,
            key=key,
            role=role,
        )

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
        """An adverse event with its form."""
        self._do(participant, people.ReportEvent(number=number, at=at, serious=serious))
        self.record(
            participant=participant,
            form=self.study.protocol.safety.event_form,
            visit=LOG,
            number=number,
            on=on,
            values=values,
            at=at,
            key=key,
            role=role,
        )

    def stop_dosing(
        self, *, participant: str, reason: str, at: datetime, key: str, role: Role
    ) -> None:
        """The product stopped."""
        del key, role
        self._do(participant, people.StopDosing(reason=reason, at=at))

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
        """A withdrawal."""
        del at, key, role
        self._do(participant, people.Withdraw(level=level, on=on, reason=reason))

    def discharge(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> None:
        """Left hospital."""
        del at, key, role
        self._do(participant, people.Discharge(on=on))

    def readmit(self, *, participant: str, on: date, at: datetime, key: str, role: Role) -> None:
        """Came back."""
        del at, key, role
        self._do(participant, people.Readmit(on=on))

    def record_death(
        self, *, participant: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """Died."""
        del at, key, role
        self._do(participant, people.Die(on=on))

    def complete(
        self, *, participant: str, reason: str, on: date, at: datetime, key: str, role: Role
    ) -> None:
        """End of study."""
        del at, key, role
        self._do(participant, people.Complete(on=on, reason=reason))

    def nature(self, kit: str) -> str:
        """What is in the kit."""
        return self.arms[kit]

    def zone(self, participant: str) -> ZoneInfo:
        """The time zone of the participant's site."""
        site = self.states[participant].site
        found = next(one for one in self.study.protocol.sites if one.id == site)
        return ZoneInfo(found.timezone)
