"""Hand a participant's kit out of the stock, and prepare its units."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise import supply
from equipoise.errors import NotRandomised, UnknownRecord
from equipoise_server.services import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import life, supplies
from equipoise_server.store.models import User


def dispense(*, participant: str, by: User, at: datetime, key: str) -> str:
    """The kit in use leaves the stock for its participant; returns the kit code.

    Raises:
        NotRandomised: there is no kit yet.
        UnitNotValid: the kit is damaged, expired, in quarantine, or left the stock before.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    request = Request(verb="dispense", by=by, at=at, key=key, body={"participant": participant})
    return str(perform(request, lambda: _dispense(request, participant))["kit"])


def _dispense(request: Request, participant: str) -> Answer:
    with connection.cursor() as cursor:
        require_unlocked(cursor, "dispense")
        state = life.state_of(participant)
        permissions.require(cursor, "dispense", by=request.by, at=request.at, site=state.site)
        if state.kit is None:
            raise NotRandomised(participant, "dispensing")
        command = supply.Dispense(at=request.at)
        supplies.advance(cursor, state.kit, command, by=request.by.username, at=request.at)
    return {"kit": state.kit}


def prepare_unit(*, unit: str, by: User, at: datetime, key: str) -> None:
    """Note that a unit was thawed and prepared. How, and what it holds, is not recorded here.

    Raises:
        UnitNotValid: the unit may not be used.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    request = Request(verb="prepare a unit", by=by, at=at, key=key, body={"unit": unit})
    perform(request, lambda: _prepare(request, unit))


def _prepare(request: Request, unit: str) -> Answer:
    kit, number = supply.split_unit(unit)
    with connection.cursor() as cursor:
        require_unlocked(cursor, "prepare a unit")
        site = supplies.state_of(kit).site
        if not site:
            raise UnknownRecord(f"kit {kit}")
        permissions.require(cursor, "prepare a unit", by=request.by, at=request.at, site=site)
        command = supply.Prepare(number=number, at=request.at)
        supplies.advance(cursor, kit, command, by=request.by.username, at=request.at)
    return {}
