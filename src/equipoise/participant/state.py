"""Where one participant stands. Everything here may be seen by blinded staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Level = Literal["product", "visits", "contact", "data", "samples"]
"""What a participant withdraws from. Withdrawal from `data` ends all but vital status."""

Amount = Literal["full", "partial", "not"]
Signatory = Literal["participant", "representative"]
Status = Literal[
    "unknown",
    "screening",
    "consented",
    "screen-failed",
    "randomised",
    "withdrawn",
    "completed",
    "died",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One numbered dose: `unit` is the code on the unit, None where nothing was given."""

    number: int
    at: datetime
    amount: Amount
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One signed version of the consent document."""

    version: str
    at: datetime
    signatory: Signatory


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """That consent follows later, as the protocol allows: since when, until when, and why."""

    at: datetime
    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantState:
    """The participant as the events so far have made them. `NOBODY` is where it starts.

    `stratum` holds (factor, level) pairs as they were at randomisation and never changes.
    `kits` are kit codes in the order of assignment; the last one is in use. `withdrawn`
    holds (level, day) pairs.
    """

    code: str = ""
    site: str = ""
    screenings: int = 0
    screened_on: date | None = None
    consents: tuple[Consent, ...] = ()
    failed_on: date | None = None
    failure: str | None = None
    randomised_at: datetime | None = None
    randomised_on: date | None = None
    stratum: tuple[tuple[str, str], ...] = ()
    kits: tuple[str, ...] = ()
    doses: tuple[Dose, ...] = ()
    dosing_stopped_at: datetime | None = None
    dosing_stopped: str | None = None
    reported: tuple[int, ...] = ()
    withdrawn: tuple[tuple[Level, date], ...] = ()
    discharged_on: date | None = None
    readmitted_on: date | None = None
    died_on: date | None = None
    completed_on: date | None = None
    completion: str | None = None
    deferred: Deferral | None = None
    product_left_at: datetime | None = None

    @property
    def consented(self) -> bool:
        """Whether a consent is signed for the present screening."""
        return bool(self.consents)

    @property
    def covered(self) -> bool:
        """Whether the trial may act on the person: consent is signed, or deferred by the protocol."""
        return self.consented or self.deferred is not None

    @property
    def randomised(self) -> bool:
        """Whether the participant holds an allocation; once true, always true."""
        return self.randomised_at is not None

    @property
    def kit(self) -> str | None:
        """The code of the kit in use."""
        return self.kits[-1] if self.kits else None

    @property
    def first_dose_at(self) -> datetime | None:
        """The moment of the first dose that was given, in full or in part."""
        given = [dose.at for dose in self.doses if dose.amount != "not"]
        return min(given, default=None)

    @property
    def treated(self) -> bool:
        """Whether any dose was given. Someone never dosed is followed all the same."""
        return self.first_dose_at is not None

    @property
    def in_hospital(self) -> bool:
        """Whether the participant is in hospital, as far as is recorded."""
        if self.died_on is not None:
            return False
        return self.discharged_on is None or self.readmitted_on is not None

    def withdrew(self, level: Level) -> bool:
        """Whether the participant has withdrawn from `level`, or from data altogether."""
        return any(one in (level, "data") for one, _ in self.withdrawn)

    @property
    def status(self) -> Status:
        """One word for lists."""
        if not self.code:
            return "unknown"
        if self.died_on is not None:
            return "died"
        if self.completed_on is not None:
            return "completed"
        if self.withdrew("data") or self.withdrew("visits"):
            return "withdrawn"
        if self.failure is not None:
            return "screen-failed"
        if self.randomised:
            return "randomised"
        return "consented" if self.covered else "screening"


NOBODY = ParticipantState()
