"""What has happened. The ledger stores each event as `what` and a JSON payload.

No event has a field for an arm, a place in a sequence or a product, and none may be added.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from pydantic import ConfigDict, with_config

from equipoise.participant.state import Amount, Level, Signatory
from equipoise.payloads import Payloads

_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """A person was put on the screening log. `number` counts screenings of this code."""

    what: ClassVar[str] = "screened"
    code: str
    site: str
    at: datetime
    on: date
    number: int = 1


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSigned:
    """A version of the consent document was signed."""

    what: ClassVar[str] = "consent-signed"
    version: str
    at: datetime
    signatory: Signatory


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDeferred:
    """Consent follows later, by `due_at`, for a reason that the protocol names."""

    what: ClassVar[str] = "consent-deferred"
    at: datetime
    due_at: datetime
    reason: str


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningFailed:
    """The screening was closed without randomisation."""

    what: ClassVar[str] = "screening-failed"
    reason: str
    on: date


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Randomised:
    """The participant was allocated a kit."""

    what: ClassVar[str] = "randomised"
    at: datetime
    on: date
    kit: str
    stratum: tuple[tuple[str, str], ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class KitReplaced:
    """Another kit of the same kind is in use from now on."""

    what: ClassVar[str] = "kit-replaced"
    kit: str
    replaces: str
    reason: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRecorded:
    """A numbered dose was given, or recorded as not given."""

    what: ClassVar[str] = "dose-recorded"
    number: int
    at: datetime
    amount: Amount
    unit: str | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DoseCorrected:
    """What became of a dose is known to be otherwise. `at`, `unit`: None where they stay.

    A dose that was not given after all loses its unit.
    """

    what: ClassVar[str] = "dose-corrected"
    number: int
    amount: Amount
    at: datetime | None = None
    unit: str | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DosingStopped:
    """The product was stopped for good."""

    what: ClassVar[str] = "dosing-stopped"
    reason: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class EventReported:
    """An adverse event was reported."""

    what: ClassVar[str] = "event-reported"
    number: int
    at: datetime
    serious: bool


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrew:
    """The participant withdrew from one level of taking part."""

    what: ClassVar[str] = "withdrew"
    level: Level
    on: date
    reason: str = ""
    at: datetime | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Discharged:
    """The participant left the hospital."""

    what: ClassVar[str] = "discharged"
    on: date


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Readmitted:
    """The participant came back to hospital."""

    what: ClassVar[str] = "readmitted"
    on: date


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """The participant died."""

    what: ClassVar[str] = "died"
    on: date


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The participant's time in the study ended."""

    what: ClassVar[str] = "completed"
    on: date
    reason: str


Event = (
    Screened
    | ConsentSigned
    | ConsentDeferred
    | ScreeningFailed
    | Randomised
    | KitReplaced
    | DoseRecorded
    | DoseCorrected
    | DosingStopped
    | EventReported
    | Withdrew
    | Discharged
    | Readmitted
    | Died
    | Completed
)

KINDS: tuple[type[Event], ...] = (
    Screened,
    ConsentSigned,
    ConsentDeferred,
    ScreeningFailed,
    Randomised,
    KitReplaced,
    DoseRecorded,
    DoseCorrected,
    DosingStopped,
    EventReported,
    Withdrew,
    Discharged,
    Readmitted,
    Died,
    Completed,
)

PAYLOADS: Payloads[Event] = Payloads("participant", KINDS)
to_payload = PAYLOADS.write
from_payload = PAYLOADS.read
