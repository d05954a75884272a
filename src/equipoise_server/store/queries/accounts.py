"""Accountability as it stands: totals by site and participant, and what is still open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from equipoise.supply import (
    Account,
    OpenUnit,
    accountability,
    by_participant,
    by_site,
)
from equipoise.supply import (
    open_units as still_open,
)
from equipoise_server.store import supplies


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Every account of the blinded side, and the units that keep it from zero."""

    whole: Account
    sites: dict[str, Account]
    participants: dict[str, Account]
    open: tuple[OpenUnit, ...]

    @property
    def zero(self) -> bool:
        """Whether every unit is accounted for."""
        return self.whole.balanced and not self.open


def open_units() -> tuple[OpenUnit, ...]:
    """The units that are not accounted for, over all sites, sorted."""
    return still_open(supplies.states(), supplies.given_units())


def reconciliation(sites: Collection[str] | None = None) -> Reconciliation:
    """The accounts of some sites, or of all."""
    states = list(supplies.states(sites))
    codes = {state.code for state in states}
    given = {
        unit: who
        for unit, who in supplies.given_units().items()
        if sites is None or unit.rpartition("-")[0] in codes
    }
    return Reconciliation(
        whole=accountability(states),
        sites=by_site(states),
        participants=by_participant(states),
        open=still_open(states, given),
    )
