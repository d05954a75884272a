"""What has happened. The ledger stores each event as `what` and a JSON payload.

No event has a field for an arm, a place in a sequence or a product, and none may be added.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from equipoise.errors import LedgerEntryUnreadable
from equipoise.participant.state import Amount, Level, Signatory

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
    | ScreeningFailed
    | Randomised
    | KitReplaced
    | DoseRecorded
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
    ScreeningFailed,
    Randomised,
    KitReplaced,
    DoseRecorded,
    DosingStopped,
    EventReported,
    Withdrew,
    Discharged,
    Readmitted,
    Died,
    Completed,
)

_ADAPTERS: dict[str, TypeAdapter[Any]] = {kind.what: TypeAdapter(kind) for kind in KINDS}


def to_payload(event: Event) -> dict[str, Any]:
    """The event as JSON-ready values: moments and dates in ISO 8601, tuples as lists."""
    return cast("dict[str, Any]", _ADAPTERS[event.what].dump_python(event, mode="json"))


def from_payload(what: str, payload: object) -> Event:
    """The event that `to_payload` wrote.

    Raises:
        LedgerEntryUnreadable: no such kind of event, or the payload does not fit it.

    """
    adapter = _ADAPTERS.get(what)
    if adapter is None:
        raise LedgerEntryUnreadable(what, "no participant event has this name")
    try:
        return cast("Event", adapter.validate_python(payload))
    except ValidationError as error:
        raise LedgerEntryUnreadable(what, "the payload does not fit the event") from error
