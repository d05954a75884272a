"""Accountability: what became of every unit, and whether two records of it agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from equipoise.supply.state import KitState, unit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Units of one or many kits. `dispensed` counts what left the stock with its kit.

    `administered`, `returned`, `destroyed`, `lost` and `held` say where the dispensed units
    are now; `held` are with the participant or on the ward. `undispensed`, `in_transit` and
    `stock_removed` concern units that never left the stock.
    """

    received: int = 0
    undispensed: int = 0
    in_transit: int = 0
    stock_removed: int = 0
    dispensed: int = 0
    administered: int = 0
    returned: int = 0
    destroyed: int = 0
    lost: int = 0
    held: int = 0

    @property
    def difference(self) -> int:
        """Dispensed units that are nowhere; 0 at any time, or the ledger contradicts itself."""
        found = self.administered + self.returned + self.destroyed + self.lost + self.held
        return self.dispensed - found

    @property
    def balanced(self) -> bool:
        """Whether every dispensed unit, and every received one, is somewhere."""
        stock = self.undispensed + self.in_transit + self.stock_removed
        return self.difference == 0 and self.received == self.dispensed + stock


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
    here = "held" if status in ("held", "thawed", "prepared") else status
    if state.status == "dispensed":
        return here
    if here != "held":
        return "stock_removed"
    return "in_transit" if state.status == "sent" else "undispensed"


def accounts(
    states: Iterable[KitState], of: Callable[[KitState], str | None]
) -> dict[str, Account]:
    """One account for each thing that `of` names, sorted by name; kits without one are left out."""
    grouped: dict[str, list[KitState]] = defaultdict(list)
    for state in states:
        name = of(state)
        if name:
            grouped[name].append(state)
    return {name: accountability(grouped[name]) for name in sorted(grouped)}


def by_site(states: Iterable[KitState]) -> dict[str, Account]:
    """One account per site that holds, or was sent, the kits."""
    return accounts(states, lambda state: state.site)


def by_participant(states: Iterable[KitState]) -> dict[str, Account]:
    """One account per participant to whom kits are assigned."""
    return accounts(states, lambda state: state.participant)


def by_lot(states: Iterable[KitState], lot_of: Mapping[str, str]) -> dict[str, Account]:
    """One account per lot, for those who may know lots. `lot_of`: lot by kit code."""
    return accounts(states, lambda state: lot_of.get(state.code))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUnit:
    """A unit that is not accounted for, and why: `with-participant`, `in-transit`, `differs`."""

    unit: str
    site: str
    participant: str
    why: str


def open_units(
    states: Iterable[KitState], given: Mapping[str, str] | None = None
) -> tuple[OpenUnit, ...]:
    """What stands between the ledger and a reconciliation to zero, sorted by unit.

    A dispensed unit that was neither given, returned, destroyed nor lost; a kit that was sent
    and did not arrive; a unit on which pharmacy and bedside (`given`, as in `discrepancies`)
    disagree.
    """
    known = list(states)
    found = [
        OpenUnit(
            unit=unit_code(state.code, unit.number),
            site=state.site,
            participant=state.participant or "",
            why="with-participant" if state.status == "dispensed" else "in-transit",
        )
        for state in known
        if state.status in ("dispensed", "sent")
        for unit in state.units
        if unit.status in ("held", "thawed", "prepared")
    ]
    if given is not None:
        found += _differing(known, given)
    return tuple(sorted(found, key=lambda one: (one.unit, one.why)))


def _differing(states: list[KitState], given: Mapping[str, str]) -> list[OpenUnit]:
    site_of = {state.code: state.site for state in states}
    return [
        OpenUnit(
            unit=code,
            site=site_of.get(code.rpartition("-")[0], ""),
            participant=given.get(code, ""),
            why="differs",
        )
        for code in discrepancies(states, given)
    ]


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
