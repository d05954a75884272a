"""Record one dose at the bedside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise import supply
from equipoise.errors import DoseNotAllowed
from equipoise.forms import prepare
from equipoise.participant import GiveDose, ParticipantState, given
from equipoise.protocol.conduct_rules import Dosing
from equipoise.protocol.derive import with_derived
from equipoise.protocol.model import Study
from equipoise.schedule import DoseAnswer, next_dose
from equipoise.schedule.matrix import DOSING
from equipoise_server.services import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import documents, ledger, life, supplies
from equipoise_server.store.models import User
from equipoise_server.store.save import Answers, Place, save, standing


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
        DoseNotAllowed: too early, held, stopped, course complete; the sentence says which.
        UnitNotValid: not a prepared unit of this participant's kit.
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
        study = require_unlocked(cursor, "administer")
        state = life.state_of(code)
        permissions.require(cursor, "administer", by=by, at=at, site=state.site)
        dosing = study.protocol.dosing
        if dosing is None:
            raise DoseNotAllowed(code, "this protocol gives no doses")
        judged = _judge(study, dosing, state, dose, values)
        number = _number(code, dose, judged)
        place = Place(
            participant=code, form=dosing.administration_form, visit=DOSING, number=number
        )
        found = standing(cursor, place, step="administer")
        on = dose.started_at.astimezone(ZoneInfo(found.timezone)).date()
        saved = save(
            cursor, found, Answers(values=values, on=on), by=by.username, at=at, key=request.key
        )
        command = GiveDose(
            number=number, at=dose.started_at, amount=dose.amount, unit=dose.unit, on=on
        )
        life.advance(cursor, command, code=code, by=by.username, at=at)
        if dose.unit is not None:
            _use_up(cursor, code, dose.unit, by.username, at)
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
        raise DoseNotAllowed(code, judged.why.sentence.rstrip("."))
    number = dose.number if dose.amount == "not" and dose.number else judged.number
    if number is None:
        raise DoseNotAllowed(code, judged.why.sentence.rstrip("."))
    if dose.number is not None and dose.number != number:
        raise DoseNotAllowed(code, f"dose {number} is next, not dose {dose.number}")
    return number


def _use_up(cursor: Any, code: str, unit: str, by: str, at: datetime) -> None:
    kit, number = supply.split_unit(unit)
    command = supply.Administer(number=number, participant=code, at=at)
    supplies.advance(cursor, kit, command, by=by, at=at)
