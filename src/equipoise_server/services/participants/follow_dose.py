"""What the record of a dose means for the course of doses, its unit, and the looks around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from equipoise import supply
from equipoise.errors import DoseNotAllowed
from equipoise.forms import from_json, prepare
from equipoise.forms.record import Value
from equipoise.participant import CorrectDose, ParticipantState
from equipoise.participant import Dose as Recorded
from equipoise.participant.state import Amount
from equipoise.protocol.conduct_rules import DoseItems, Dosing
from equipoise.schedule.matrix import DOSING
from equipoise_server.store import cleaning, life, supplies
from equipoise_server.store.queries import records
from equipoise_server.store.save import Answers, Place, Standing, save, standing

STARTED = "The dose has started."
CORRECTED = "The record of a dose was corrected."


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who corrects, when, and under which key."""

    by: str
    at: datetime
    key: str


def follow_record(
    cursor: Any, found: Standing, values: Mapping[str, object], *, by: str, at: datetime, key: str
) -> None:
    """Where a saved record says otherwise of a dose than its course, the course says so too.

    How much, when, which unit: then the unit is given, or held again; the records that name
    the start follow, and what was judged of the course is judged anew. Call it after the
    save, in its transaction.

    Raises:
        DoseNotAllowed, UnitNotValid and its leaves, PartLocked: that cannot have been, or what
            would have to follow may not; nothing is saved.

    """
    dosing, place = found.study.protocol.dosing, found.place
    items = dosing.items if dosing else None
    if dosing is None or items is None or items.amount is None or place.visit != DOSING:
        return
    if place.form != dosing.administration_form:
        return
    said = prepare(found.study.protocol, found.form, values).values
    before = life.state_of(place.participant)
    command = _correction(items, said, before, place.number)
    if command is not None:
        after = life.advance(cursor, command, code=place.participant, by=by, at=at)
        _follow(cursor, found, dosing, (before, after), Act(by=by, at=at, key=key))


def _correction(
    items: DoseItems, said: Mapping[str, Value], state: ParticipantState, number: int
) -> CorrectDose | None:
    """What the record says that the course does not; None where they agree, or it says too little."""
    code = said.get(items.amount or "")
    amount = cast("Amount | None", next((n for n, c in items.codes.items() if c == code), None))
    if amount is None:
        return None
    dose = _dose(state, number)
    if dose is None:
        raise DoseNotAllowed(state.code, "a dose is first recorded at the bedside, with its unit")
    if amount == "not":
        return None if dose.amount == "not" else CorrectDose(number=number, amount="not")
    start = said.get(items.start or "")
    if dose.amount == "not" and items.start and not isinstance(start, datetime):
        raise DoseNotAllowed(state.code, "its record does not say when it started")
    at = start if isinstance(start, datetime) and start != dose.at else None
    unit = str(said.get(items.unit or "") or "").strip().upper()
    other = unit if unit != (dose.unit or "") else ""
    if (amount, at, other) == (dose.amount, None, ""):
        return None
    return CorrectDose(number=number, amount=amount, at=at, unit=other or None)


def _dose(state: ParticipantState, number: int) -> Recorded | None:
    return next((one for one in state.doses if one.number == number), None)


def _follow(
    cursor: Any,
    found: Standing,
    dosing: Dosing,
    states: tuple[ParticipantState, ParticipantState],
    act: Act,
) -> None:
    """Everything beyond the course itself."""
    code, number = found.place.participant, found.place.number
    was, now = (_dose(state, number) for state in states)
    if was is None or now is None:
        return
    _follow_unit(cursor, dosing, code, was, now, act)
    _follow_next(cursor, found, dosing, states, act)
    start = None if now.amount == "not" else now.at
    link_looks(cursor, dosing, code, (number, start), act, reason=CORRECTED)
    cleaning.whole(cursor, found.study, code, by=act.by, at=act.at, zone=found.timezone)


def _follow_unit(
    cursor: Any, dosing: Dosing, code: str, was: Recorded, now: Recorded, act: Act
) -> None:
    """The unit that was not given is held again; the one that was, is used."""
    if was.unit == now.unit:
        return
    if was.unit is not None:
        kit, number = supply.split_unit(was.unit)
        undone = supply.NotGiven(number=number, participant=code, at=act.at)
        supplies.advance(cursor, kit, undone, by=act.by, at=act.at)
    if now.unit is not None:
        kit, _ = supply.split_unit(now.unit)
        giving = giving_of(dosing, code, now.unit, now.at)
        supplies.advance(cursor, kit, giving, by=act.by, at=act.at)


def giving_of(dosing: Dosing, code: str, unit: str, at: datetime) -> supply.Administer:
    """That a unit was given to a participant, for its kit to decide."""
    _, number = supply.split_unit(unit)
    return supply.Administer(
        number=number, participant=code, at=at, in_use_hours=dosing.in_use_hours
    )


def _follow_next(
    cursor: Any,
    found: Standing,
    dosing: Dosing,
    states: tuple[ParticipantState, ParticipantState],
    act: Act,
) -> None:
    """Say on the record of the next dose when the dose before it started."""
    item = dosing.items.previous_start if dosing.items else None
    was, now = (_starts_before(state) for state in states)
    for number, start in now.items():
        if item is not None and number != found.place.number and start != was.get(number):
            _tell(cursor, found.place.participant, found.place.form, number, {item: start}, act)


def _starts_before(state: ParticipantState) -> dict[int, datetime | None]:
    """For each dose that was given, when the one given before it started."""
    given = sorted((one for one in state.doses if one.amount != "not"), key=lambda one: one.at)
    starts = [None, *(one.at for one in given)]
    return {one.number: start for one, start in zip(given, starts, strict=False)}


def link_looks(
    cursor: Any,
    dosing: Dosing,
    code: str,
    dose: tuple[int, datetime | None],
    act: Act,
    *,
    reason: str = STARTED,
) -> None:
    """Say on the record of looks, where there is one, of which dose it is and when that started."""
    sheet, form = dosing.reaction_sheet, dosing.reaction_form
    if sheet is None or form is None:
        return
    number, started_at = dose
    told = {
        name: value for name, value in ((sheet.number, number), (sheet.start, started_at)) if name
    }
    _tell(cursor, code, form, number, told, act, reason=reason)


def _tell(
    cursor: Any,
    code: str,
    form: str,
    number: int,
    told: Mapping[str, Value | None],
    act: Act,
    *,
    reason: str = CORRECTED,
) -> None:
    """Save what follows in another record of a dose, where it exists and says otherwise."""
    place = Place(participant=code, form=form, visit=DOSING, number=number)
    found = standing(cursor, place, step="administer")
    before = records.versions(code, form, DOSING, number, reading=found.study.digest)
    if not before or before[0].answers is None:
        return
    had = dict(from_json(found.form, before[0].answers))
    values = {name: value for name, value in {**had, **told}.items() if value is not None}
    if values != had:
        answers = Answers(values=values, on=before[0].on, reason=reason)
        save(cursor, found, answers, by=act.by, at=act.at, key=f"{act.key}/{form}-{number}")
