"""Accountability: what became of every unit, and whether two records of it agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from equipoise.supply.state import KitState, unit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Units of one or many kits. `dispensed` counts what left the stock with its kit.

    The other figures say where the dispensed units are now. `undispensed` and
    `stock_removed` concern units that never left the stock.
    """

    received: int = 0
    undispensed: int = 0
    stock_removed: int = 0
    dispensed: int = 0
    administered: int = 0
    returned: int = 0
    destroyed: int = 0
    lost: int = 0
    held: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every dispensed unit, and every received one, is somewhere."""
        found = self.administered + self.returned + self.destroyed + self.lost + self.held
        stock = self.undispensed + self.stock_removed
        return self.dispensed == found and self.received == self.dispensed + stock


def accountability(states: Iterable[KitState]) -> Account:
    """Count the units of all kits. `dispensed` comes from the event, the rest from the units."""
    total: Counter[str] = Counter()
    for state in states:
        total["received"] += len(state.units)
        total["dispensed"] += state.dispensed_units
        for unit in state.units:
            total[_where(state, unit.status)] += 1
    return Account(**total)


def _where(state: KitState, status: str) -> str:
    here = "held" if status in ("held", "prepared") else status
    if state.status == "dispensed":
        return here
    return "undispensed" if here == "held" else "stock_removed"


def discrepancies(states: Iterable[KitState], given: Mapping[str, str]) -> tuple[str, ...]:
    """Unit codes on which the pharmacy and the bedside disagree, in order.

    `given` maps each unit code recorded at the bedside to the participant who received it.
    A unit is named where only one side has it as given, or where the participants differ.
    """
    pharmacy = {
        unit_code(state.code, unit.number): unit.participant
        for state in states
        for unit in state.units
        if unit.status == "administered"
    }
    codes = pharmacy.keys() | given.keys()
    return tuple(sorted(code for code in codes if pharmacy.get(code) != given.get(code)))
