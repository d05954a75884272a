"""What the record of a dose means for the course of doses, and for the looks around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from equipoise.forms import from_json, prepare
from equipoise.participant import CorrectDose
from equipoise.participant.state import Amount
from equipoise.protocol.conduct_rules import Dosing
from equipoise.schedule.matrix import DOSING
from equipoise_server.store import life
from equipoise_server.store.queries import records
from equipoise_server.store.save import Answers, Place, Standing, save, standing

STARTED = "The dose has started."


def follow_amount(
    cursor: Any, found: Standing, values: Mapping[str, object], *, by: str, at: datetime
) -> None:
    """Where a saved record says that a dose was given in full or in part, its course says so too.

    Call it after the save, in its transaction. A dose that was not given at all stays so, and
    the other way round: its unit is accounted for.
    """
    dosing, place = found.study.protocol.dosing, found.place
    items = dosing.items if dosing else None
    if dosing is None or items is None or items.amount is None or place.visit != DOSING:
        return
    if place.form != dosing.administration_form:
        return
    said = prepare(found.study.protocol, found.form, values).values.get(items.amount)
    amount = next((name for name, code in items.codes.items() if code == said), "")
    state = life.state_of(place.participant)
    dose = next((one for one in state.doses if one.number == place.number), None)
    if dose is None or {dose.amount, amount} != {"full", "partial"}:
        return
    command = CorrectDose(number=place.number, amount=cast(Amount, amount))
    life.advance(cursor, command, code=place.participant, by=by, at=at)


def link_looks(
    cursor: Any, dosing: Dosing, code: str, dose: tuple[int, datetime], *, by: str, at: datetime,
    key: str,
) -> None:  # fmt: skip
    """Say on the record of looks made before a dose which dose it was, and when it started."""
    sheet, form = dosing.reaction_sheet, dosing.reaction_form
    number, started_at = dose
    if sheet is None or form is None:
        return
    place = Place(participant=code, form=form, visit=DOSING, number=number)
    found = standing(cursor, place, step="administer")
    before = records.versions(code, form, DOSING, number, reading=found.study.digest)
    if not before or before[0].answers is None:
        return
    values = dict(from_json(found.form, before[0].answers))
    told = {sheet.number: number, sheet.start: started_at}
    missing = {name: value for name, value in told.items() if name and name not in values}
    if missing:
        answers = Answers(values={**values, **missing}, on=before[0].on, reason=STARTED)
        save(cursor, found, answers, by=by, at=at, key=f"{key}/look")
