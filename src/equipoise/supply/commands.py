"""What somebody asks to do with a kit or one of its units. `at` is an aware moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise.supply.state import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """A kit of `units` units has arrived at a site."""

    kit: str
    site: str
    units: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """The pharmacist has looked at the kit."""

    condition: Condition
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The kit leaves for another site, where it is received and looked at anew."""

    site: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Randomisation, or a replacement, has assigned the kit to a participant."""

    participant: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispense:
    """The kit leaves the stock for its participant."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Thaw:
    """A unit is taken out of the cold; its in-use limit runs from `at`."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """A unit is made ready to give.

    `in_use_hours` is the protocol's limit from thawing; None means that units are not thawed.
    With `two_persons`, somebody other than who prepared it must have verified it.
    """

    number: int
    at: datetime
    prepared_by: str = ""
    verified_by: str = ""
    two_persons: bool = False
    in_use_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Administer:
    """A prepared unit was given to the participant, in full or in part, from `at` on."""

    number: int
    participant: str
    at: datetime
    in_use_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotGiven:
    """A unit that was recorded as given was not: it is prepared, and held, as it was before."""

    number: int
    participant: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A unit came back unused."""

    number: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroy:
    """A unit was destroyed."""

    number: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lose:
    """A unit cannot be found."""

    number: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """The kit must not be used until it is released."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The kit may be used again."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire:
    """The kit has passed its expiry. The date itself stays on the unblinded side."""

    at: datetime


Command = (
    Receive
    | CheckIn
    | Transfer
    | Reserve
    | Dispense
    | Thaw
    | Prepare
    | Administer
    | NotGiven
    | Return
    | Destroy
    | Lose
    | Quarantine
    | Release
    | Expire
)
