"""What a site holds, counted. Nothing here depends on what is in a kit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from equipoise.protocol.supply_plan import SupplyPlan
from equipoise.supply import Account, KitState, accountability
from equipoise_server.store import supplies
from equipoise_server.store.queries import trial
from equipoise_server.web.shared.words import Badge, Words

STATUS: dict[str, Words] = {
    "received": _("received, not looked at"),
    "in-stock": _("in stock"),
    "damaged": _("damaged"),
    "sent": _("on its way"),
    "reserved": _("reserved"),
    "dispensed": _("handed out"),
}
VALID = Badge(icon="check", label=_("valid"), tone="good")
NOT_VALID = Badge(icon="cross", label=_("not valid"), tone="bad")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kit of the list."""

    code: str
    status: Words
    badge: Badge
    participant: str
    here: int
    given: int
    gone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocked:
    """The stock of one site. `low`: a delivery should be asked for."""

    site: str
    free: int
    not_valid: int
    on_the_way: int
    reserved: int
    handed_out: int
    account: Account
    low: bool
    rows: tuple[Row, ...] = ()


def stocked(site: str, plan: SupplyPlan, *, rows: bool = False) -> Stocked:
    """Count the kits of a site."""
    states = list(supplies.states([site]))
    counts = Counter(state.status for state in states)
    free = sum(state.in_stock for state in states)
    return Stocked(
        site=site,
        free=free,
        low=free < plan.low_kits,
        not_valid=sum(not state.valid and _there(state) for state in states),
        on_the_way=counts["sent"],
        reserved=counts["reserved"],
        handed_out=counts["dispensed"],
        account=accountability(states),
        rows=tuple(_row(state) for state in states) if rows else (),
    )


def _there(state: KitState) -> bool:
    return any(unit.status in ("held", "thawed", "prepared") for unit in state.units)


def _row(state: KitState) -> Row:
    units = Counter(unit.status for unit in state.units)
    here = units["held"] + units["thawed"] + units["prepared"]
    return Row(
        code=state.code,
        status=STATUS[state.status],
        badge=VALID if state.valid else NOT_VALID,
        participant=state.participant or "",
        here=here,
        given=units["administered"],
        gone=len(state.units) - here - units["administered"],
    )


def names() -> dict[str, Mapping[str, str]]:
    """Site code to its name in each language."""
    return {one.code: one.name for one in trial.sites()}


def site_codes(allowed: Collection[str] | None) -> list[str]:
    """The sites that somebody may see, in order; None for all."""
    return [code for code in sorted(names()) if allowed is None or code in allowed]
