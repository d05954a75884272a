"""What has happened to a kit. The ledger stores each event as `what` and a JSON payload.

No event has a field for a product, a lot, an expiry date or an arm, and none may be added.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import ConfigDict, with_config

from equipoise.payloads import Payloads
from equipoise.supply.state import Condition

_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The kit arrived at a site."""

    what: ClassVar[str] = "kit-received"
    kit: str
    site: str
    units: int
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn:
    """The pharmacist has looked at the kit."""

    what: ClassVar[str] = "kit-checked-in"
    condition: Condition
    at: datetime
    note: str = ""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """The kit left for another site."""

    what: ClassVar[str] = "kit-transferred"
    site: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """The kit was assigned to a participant."""

    what: ClassVar[str] = "kit-reserved"
    participant: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Dispensed:
    """The kit left the stock; `units` is how many were in it."""

    what: ClassVar[str] = "kit-dispensed"
    units: int
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Thawed:
    """A unit was taken out of the cold."""

    what: ClassVar[str] = "unit-thawed"
    number: int
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A unit was prepared; `verified_by` is the second person."""

    what: ClassVar[str] = "unit-prepared"
    number: int
    at: datetime
    verified_by: str = ""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Administered:
    """A unit was given."""

    what: ClassVar[str] = "unit-administered"
    number: int
    participant: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class GivingUndone:
    """A unit that was recorded as given was not given after all."""

    what: ClassVar[str] = "unit-giving-undone"
    number: int
    participant: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A unit was returned, destroyed or lost."""

    what: ClassVar[str] = "unit-removed"
    number: int
    became: Literal["returned", "destroyed", "lost"]
    reason: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """The kit must not be used."""

    what: ClassVar[str] = "kit-quarantined"
    reason: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The kit may be used again."""

    what: ClassVar[str] = "kit-released"
    reason: str
    at: datetime


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The kit passed its expiry."""

    what: ClassVar[str] = "kit-expired"
    at: datetime


Event = (
    Received
    | CheckedIn
    | Transferred
    | Reserved
    | Dispensed
    | Thawed
    | Prepared
    | Administered
    | GivingUndone
    | Removed
    | Quarantined
    | Released
    | Expired
)

KINDS: tuple[type[Event], ...] = (
    Received,
    CheckedIn,
    Transferred,
    Reserved,
    Dispensed,
    Thawed,
    Prepared,
    Administered,
    GivingUndone,
    Removed,
    Quarantined,
    Released,
    Expired,
)

PAYLOADS: Payloads[Event] = Payloads("supply", KINDS)
to_payload = PAYLOADS.write
from_payload = PAYLOADS.read
