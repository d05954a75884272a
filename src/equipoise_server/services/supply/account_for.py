"""Say what became of units that are not given: returned, destroyed or lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from django.db import connection

from equipoise import supply
from equipoise.supply import KitState
from equipoise_server.allocator import depot
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, life, supplies
from equipoise_server.store.models import User

Became = Literal["returned", "destroyed", "lost"]
STEP = "account for a unit"
_COMMANDS: dict[Became, type[supply.Return | supply.Destroy | supply.Lose]] = {
    "returned": supply.Return,
    "destroyed": supply.Destroy,
    "lost": supply.Lose,
}


def account_for(
    *, units: Sequence[str], became: Became, reason: str, by: User, at: datetime, key: str
) -> None:
    """Record what became of units, together; each code is `KIT-01` or a whole kit, `KIT`.

    A kit of the stock that lost a unit is not given out any more.

    Raises:
        UnitNotValid and its leaves, ReasonRequired: nothing of it was recorded.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"units": list(units), "became": became, "reason": reason}
    request = Request(verb=STEP, by=by, at=at, key=key, body=body)
    perform(request, lambda: _account_for(request, units, became, reason))


def _account_for(request: Request, units: Sequence[str], became: Became, reason: str) -> Answer:
    with connection.cursor() as cursor:
        require_unlocked(cursor, STEP)
        broken: dict[str, list[str]] = {}
        for code in units:
            state, numbers = _meant(code)
            permissions.require(cursor, STEP, by=request.by, at=request.at, site=state.site)
            _remove(cursor, request, state, numbers, became, reason)
            if state.status in ("received", "in-stock") and state.site:
                broken.setdefault(state.site, []).append(state.code)
        for site, kits in sorted(broken.items()):
            depot.withdraw_kits(site=site, kits=sorted(set(kits)), at=request.at)
    return {}


def _meant(code: str) -> tuple[KitState, tuple[int, ...]]:
    """The kit, and which of its units: one, or all that are still there."""
    whole = supplies.known(code)
    if whole.status != "unknown":
        here = ("held", "thawed", "prepared", "returned")
        return whole, tuple(unit.number for unit in whole.units if unit.status in here)
    kit, number = supply.split_unit(code)
    return supplies.state_of(kit), (number,)


def _remove(
    cursor: object,
    request: Request,
    state: KitState,
    numbers: Sequence[int],
    became: Became,
    reason: str,
) -> None:
    kind = _COMMANDS[became]
    commands = [kind(number=number, reason=reason, at=request.at) for number in numbers]
    supplies.advance(cursor, state.code, *commands, by=request.by.username, at=request.at)


def hand_in(*, participant: str, reason: str, by: User, at: datetime, key: str) -> int:
    """Everything that a participant still has comes back; returns the number of units.

    What is still in the cold is returned; what was thawed or prepared is destroyed.

    Raises:
        ReasonRequired, NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "reason": reason}
    request = Request(verb="hand in", by=by, at=at, key=key, body=body)
    return int(perform(request, lambda: _hand_in(request, participant, reason))["units"])


def _hand_in(request: Request, participant: str, reason: str) -> Answer:
    with connection.cursor() as cursor:
        ledger.hold(cursor, participant)
        require_unlocked(cursor, "hand in")
        state = life.state_of(participant)
        permissions.require(cursor, STEP, by=request.by, at=request.at, site=state.site)
        units = 0
        for kit in state.kits:
            units += _back(cursor, request, supplies.known(kit), reason)
    return {"units": units}


def _back(cursor: object, request: Request, kit: KitState, reason: str) -> int:
    if kit.status != "dispensed":
        return 0
    at = request.at
    commands: list[supply.Command] = [
        supply.Return(number=unit.number, reason=reason, at=at)
        if unit.status == "held"
        else supply.Destroy(number=unit.number, reason=reason, at=at)
        for unit in kit.units
        if unit.status in ("held", "thawed", "prepared")
    ]
    if commands:
        supplies.advance(cursor, kit.code, *commands, by=request.by.username, at=at)
    return len(commands)
