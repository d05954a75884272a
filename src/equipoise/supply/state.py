"""Where one kit and each of its units stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from equipoise.errors import UnitNotValid

KitStatus = Literal["unknown", "received", "in-stock", "damaged", "sent", "reserved", "dispensed"]
UnitStatus = Literal["held", "thawed", "prepared", "administered", "returned", "destroyed", "lost"]
Condition = Literal["valid", "damaged"]

_UNIT = re.compile(r"(.+)-([0-9]{2,})")


def unit_code(kit: str, number: int) -> str:
    """The code printed on a unit: the kit code and two digits, counting from 01.

    >>> unit_code("K7Q2M", 3)
    'K7Q2M-03'
    """
    return f"{kit}-{number:02d}"


def split_unit(code: str) -> tuple[str, int]:
    """Kit code and number of a unit.

    Raises:
        UnitNotValid: the code is not one that `unit_code` writes.

    >>> split_unit("K7Q2M-03")
    ('K7Q2M', 3)
    """
    found = _UNIT.fullmatch(code)
    if found is None or unit_code(found[1], int(found[2])) != code or int(found[2]) < 1:
        raise UnitNotValid(code, "it is not the code of a unit, such as CODE-01")
    return found[1], int(found[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One single-dose unit of a kit. `participant` is whom it was given to, if anybody."""

    number: int
    status: UnitStatus = "held"
    participant: str | None = None
    thawed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KitState:
    """A kit as the events so far have made it. `NO_KIT` is where it starts.

    `dispensed_units` counts the units that left the pharmacy's stock with the kit.
    `quarantined` and `expired` hold whatever the status is. A kit that was `sent` is on its
    way to `site`. Nothing here tells one arm from another.
    """

    code: str = ""
    site: str = ""
    status: KitStatus = "unknown"
    units: tuple[Unit, ...] = ()
    participant: str | None = None
    dispensed_units: int = 0
    quarantined: bool = False
    expired: bool = False

    @property
    def valid(self) -> bool:
        """Whether units of the kit may be used."""
        return not (self.quarantined or self.expired or self.status in ("unknown", "damaged"))

    @property
    def in_stock(self) -> bool:
        """Whether the kit may be reserved for a participant."""
        return self.valid and self.status == "in-stock" and self.whole

    @property
    def whole(self) -> bool:
        """Whether every unit is still held."""
        return bool(self.units) and all(unit.status == "held" for unit in self.units)

    def unit(self, number: int) -> Unit | None:
        """The unit of that number, or None."""
        return next((unit for unit in self.units if unit.number == number), None)


NO_KIT = KitState()
