"""What somebody asks for. A command may be refused; an event has happened.

`at` is an aware moment, `on` a site calendar date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from equipoise.eligibility import Finding
from equipoise.participant.state import Amount, Level, Signatory


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Put a person on the screening log of a site."""

    code: str
    site: str
    at: datetime
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SignConsent:
    """Record a signed version of the consent document, the first or a newer one."""

    version: str
    at: datetime
    signatory: Signatory = "participant"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferConsent:
    """Act before consent where the protocol allows it; consent is due by `due_at`."""

    at: datetime
    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailScreening:
    """Close the screening without randomisation. Possible without consent: people decline."""

    reason: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomise:
    """Record the allocation that was made: the kit code, never what is in it.

    `stratum` gives the level of every stratification factor, `findings` what `assess` said.
    """

    at: datetime
    on: date
    kit: str
    stratum: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceKit:
    """Assign another kit of the same kind, for instance after damage."""

    kit: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveDose:
    """Record one numbered dose. `amount` "not" records that it was not given.

    The timing rules are judged before this, by `schedule.next_dose`.
    """

    number: int
    at: datetime
    amount: Amount = "full"
    unit: str | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectDose:
    """Say what became of a recorded dose after all: how much, when, which unit.

    `at` and `unit` as they should read; None leaves them as they are. A dose that was not
    given uses no unit.
    """

    number: int
    amount: Amount
    at: datetime | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopDosing:
    """Stop the product for good. Follow-up goes on."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEvent:
    """Report adverse event record `number`. Possible from consent on, also after death."""

    number: int
    at: datetime
    serious: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Withdraw from one level of taking part. `at`: the moment, where it is known."""

    level: Level
    on: date
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharge:
    """The participant left the hospital."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Readmit:
    """The participant came back to hospital."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Die:
    """The participant died."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """End of study for this participant: as planned, lost to follow-up, or otherwise."""

    on: date
    reason: str


Command = (
    Screen
    | SignConsent
    | DeferConsent
    | FailScreening
    | Randomise
    | ReplaceKit
    | GiveDose
    | CorrectDose
    | StopDosing
    | ReportEvent
    | Withdraw
    | Discharge
    | Readmit
    | Die
    | Complete
)
