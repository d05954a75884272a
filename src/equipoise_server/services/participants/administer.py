"""Record one dose at the bedside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise import supply
from equipoise.errors import DoseNotAllowed, UnitElsewhere, UnitOfAnother, say
from equipoise.forms import prepare
from equipoise.participant import GiveDose, ParticipantState, given
from equipoise.protocol.conduct_rules import Dosing
from equipoise.protocol.derive import with_derived
from equipoise.protocol.model import Study
from equipoise.schedule import DoseAnswer, next_dose
from equipoise.schedule.matrix import DOSING
from equipoise_server.services.access import permissions
from equipoise_server.services.participants.follow_dose import Act, giving_of, link_looks
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import cleaning, documents, ledger, life, supplies
from equipoise_server.store.models import User
from equipoise_server.store.save import Answers, Place, save, standing

MADE_UP = "The dose is made up."
"""Why the record changes of a dose that was not given when it was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """What was done: the unit, how much of it, when it started; `number` None takes the next."""

    started_at: datetime
    amount: Literal["full", "partial", "not"] = "full"
    unit: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Administered:
    """The dose number, the version of its record, and what it deviated from."""

    number: int
    version: int
    deviations: tuple[str, ...]


def administer(
    *,
    participant: str,
    dose: Dose,
    values: Mapping[str, object],
    by: User,
    at: datetime,
    key: str,
) -> Administered:
    """Record a dose, and its form, where the dosing rules allow it. Doses count, not dates.

    `dose`: what was done. `amount` "not" records that the dose was not given. `values`: the
    answers of the administration form; hold rules are judged with them.

    Raises:
        UnitUsed, UnitOfAnother, UnitElsewhere, KitNotValid, ThawedTooLongAgo, UnitNotValid:
            what is wrong with the unit; it is looked at before anything else.
        DoseNotAllowed: too early, held, stopped, course complete; the sentence says which.
        InvalidRecord, NotRandomised, AlreadyWithdrawn, FollowUpEnded.
        NotPermitted, Locked, UnknownRecord, KeyReused.

    """
    body = {"participant": participant, "dose": dose, "values": values}
    request = Request(verb="administer", by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _administer(request, participant, dose, values))
    return Administered(
        number=answer["number"],
        version=answer["version"],
        deviations=tuple(answer["deviations"]),
    )


def _administer(request: Request, code: str, dose: Dose, values: Mapping[str, object]) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, code)
        study = require_unlocked(cursor, "administer", code)
        state = life.state_of(code)
        permissions.require(cursor, "administer", by=by, at=at, site=state.site)
        dosing = study.protocol.dosing
        if dosing is None:
            raise DoseNotAllowed(code, "this protocol gives no doses")
        if dose.unit is not None:
            look_at_unit(state, dosing, dose)
        judged = _judge(study, dosing, state, dose, values)
        number = _number(code, dose, judged)
        place = Place(
            participant=code, form=dosing.administration_form, visit=DOSING, number=number
        )
        found = standing(cursor, place, step="administer")
        on = dose.started_at.astimezone(ZoneInfo(found.timezone)).date()
        made_up = any(one.number == number for one in state.doses)
        answers = Answers(values=values, on=on, reason=MADE_UP if made_up else "")
        saved = save(cursor, found, answers, by=by.username, at=at, key=request.key)
        command = GiveDose(
            number=number, at=dose.started_at, amount=dose.amount, unit=dose.unit, on=on
        )
        life.advance(cursor, command, code=code, by=by.username, at=at)
        if dose.amount != "not":
            act = Act(by=by.username, at=at, key=request.key)
            link_looks(cursor, dosing, code, (number, dose.started_at), act)
        if dose.unit is not None:
            _use_up(cursor, dosing, code, dose, by.username, at)
        if judged.deviations:
            cleaning.whole(cursor, found.study, code, by=by.username, at=at, zone=found.timezone)
    deviations = [why.sentence for why in judged.deviations]
    return {"number": number, "version": saved["version"], "deviations": deviations}


def _judge(
    study: Study,
    dosing: Dosing,
    state: ParticipantState,
    dose: Dose,
    values: Mapping[str, object],
) -> DoseAnswer:
    """What the dosing rules say, with the newest answers and those about to be saved."""
    rules = (*dosing.holds, *dosing.stops)
    forms = documents.forms_naming(study, tuple(rule.rule for rule in rules))
    answers = documents.answers(study, documents.records_of(study, state.code, forms=forms))
    form = study.forms[dosing.administration_form]
    now = prepare(study.protocol, form, values).values
    answers.update({f"{form.id}.{name}": value for name, value in now.items()})
    known = with_derived(study.protocol, answers)
    return next_dose(
        dosing, given(state), dose.started_at, known, randomised_at=state.randomised_at
    )


def _number(code: str, dose: Dose, judged: DoseAnswer) -> int:
    if dose.amount != "not" and not judged.allowed:
        raise DoseNotAllowed(code, judged.why.sentence)
    number = dose.number if dose.amount == "not" and dose.number else judged.number
    if number is None:
        raise DoseNotAllowed(code, judged.why.sentence)
    if dose.number is not None and dose.number != number:
        raise DoseNotAllowed(
            code,
            say("dose {due} is next, not dose {number}", due=number, number=dose.number),
        )
    return number


def look_at_unit(state: ParticipantState, dosing: Dosing, dose: Dose) -> None:
    """Refuse a unit that may not be given, before the rules of dosing are asked.

    Raises:
        UnitOfAnother, UnitElsewhere, UnitUsed, KitNotValid, ThawedTooLongAgo, UnitNotValid.

    """
    unit = dose.unit or ""
    kit, _ = supply.split_unit(unit)
    held = supplies.known(kit)
    if held.status != "unknown" and held.site != state.site:
        raise UnitElsewhere(unit, state.site)
    if kit not in state.kits:
        raise UnitOfAnother(unit, state.code)
    supply.decide(held, giving_of(dosing, state.code, unit, dose.started_at))


def _use_up(cursor: Any, dosing: Dosing, code: str, dose: Dose, by: str, at: datetime) -> None:
    kit, _ = supply.split_unit(dose.unit or "")
    giving = giving_of(dosing, code, dose.unit or "", dose.started_at)
    supplies.advance(cursor, kit, giving, by=by, at=at)
