"""Hand a participant's kit out of the stock, and prepare its units."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import connection

from equipoise import supply
from equipoise.errors import NotRandomised, UnknownRecord, say
from equipoise.participant.deferral import require_not_lapsed
from equipoise.protocol.conduct_rules import Dosing
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import life, supplies
from equipoise_server.store.models import User

_STEPS = {"thaw a unit": "thawing a unit", "prepare a unit": "preparing a unit"}


def dispense(*, participant: str, by: User, at: datetime, key: str) -> str:
    """The kit in use leaves the stock for its participant; returns the kit code.

    Raises:
        NotRandomised: there is no kit yet.
        UnitNotValid: the kit is damaged, expired, in quarantine, or left the stock before.
        ConsentLapsed: consent was deferred, and the limit has passed.
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
        require_not_lapsed(state, "dispensing", request.at)
        command = supply.Dispense(at=request.at)
        supplies.advance(cursor, state.kit, command, by=request.by.username, at=request.at)
    return {"kit": state.kit}


def thaw_unit(*, unit: str, by: User, at: datetime, key: str) -> None:
    """Note that a unit was taken out of the cold at `at`; its in-use limit runs from then on.

    Raises:
        UnitNotValid and its leaves: the unit may not be used.
        ConsentLapsed: consent of its participant was deferred, and the limit has passed.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    _, number = supply.split_unit(unit)
    request = Request(verb="thaw a unit", by=by, at=at, key=key, body={"unit": unit})
    command = supply.Thaw(number=number, at=at)
    perform(request, lambda: _unit_step(request, unit, lambda _: command))


def prepare_unit(*, unit: str, by: User, at: datetime, key: str, verified_by: str = "") -> None:
    """Note that a unit was prepared, and verified by a second person where the protocol asks.

    `verified_by`: the username of the second person. How it was done, and what the unit
    holds, is not recorded here.

    Raises:
        SecondPersonRequired: nobody else has verified it.
        ThawedTooLongAgo, UnitNotValid and its other leaves: the unit may not be used.
        ConsentLapsed: consent of its participant was deferred, and the limit has passed.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    _, number = supply.split_unit(unit)
    body = {"unit": unit, "verified_by": verified_by}
    request = Request(verb="prepare a unit", by=by, at=at, key=key, body=body)

    def command(dosing: Dosing | None) -> supply.Prepare:
        return supply.Prepare(
            number=number,
            at=at,
            prepared_by=by.username,
            verified_by=_person(verified_by),
            two_persons=dosing is not None and dosing.two_persons,
            in_use_hours=dosing.in_use_hours if dosing else None,
        )

    perform(request, lambda: _unit_step(request, unit, command))


def _person(username: str) -> str:
    """The username of somebody who works here.

    Raises:
        UnknownRecord: nobody of that name does.

    """
    if username and not User.objects.filter(username=username, is_active=True).exists():
        raise UnknownRecord(say("person {username}", username=username))
    return username


def _unit_step(
    request: Request, unit: str, command: Callable[[Dosing | None], supply.Command]
) -> Answer:
    kit, _ = supply.split_unit(unit)
    with connection.cursor() as cursor:
        study = require_unlocked(cursor, request.verb)
        held = supplies.state_of(kit)
        permissions.require(cursor, "prepare a unit", by=request.by, at=request.at, site=held.site)
        if held.participant is not None:
            state = life.state_of(held.participant)
            require_not_lapsed(state, _STEPS[request.verb], request.at)
        wanted = command(study.protocol.dosing)
        supplies.advance(cursor, kit, wanted, by=request.by.username, at=request.at)
    return {}
