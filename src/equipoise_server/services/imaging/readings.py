"""What masked readings put into a record, and that nobody types it beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from equipoise.errors import ScoresAreRead
from equipoise.forms import Record as Answered
from equipoise.protocol.imaging import Reading
from equipoise.protocol.model import Study
from equipoise.rules import parse
from equipoise_server.services.imaging.cleaned import keyed
from equipoise_server.store import documents, image_files, imaging
from equipoise_server.store.models import ImageReading, Scan
from equipoise_server.store.save import Answers, Place, Standing, save

FIRST, SECOND, THIRD = 1, 2, 3
COMPLETE = "The masked readings are complete."
CHANGED = "The pictures have changed: they are read anew."
_CODE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def reader_code(username: str) -> str:
    """The code under which a reader stands in a record: the same throughout the study."""
    made = keyed(image_files.key(), "reader", username)
    return "R-" + "".join(_CODE[byte % len(_CODE)] for byte in made[:6])


def total_of(study: Study, reading: Reading, scores: Mapping[str, int]) -> float:
    """The total that the form derives from the scores of a sheet, given by the first sheet's items."""
    form = study.forms[_form(study, reading)]
    sheet = reading.sheets[0]
    item = form.item(sheet.total)
    found = parse(item.derive).run(dict(scores)) if item is not None and item.derive else None
    if not isinstance(found, int | float):
        return float(sum(scores.values()))
    return float(found)


def _form(study: Study, reading: Reading) -> str:
    rule = study.imaging.rule(reading.files)
    return rule.form if rule is not None else ""


def needs_third(reading: Reading, found: Mapping[int, ImageReading]) -> bool:
    """Whether both readings are in and too far apart."""
    if FIRST not in found or SECOND not in found:
        return False
    return abs(found[FIRST].total - found[SECOND].total) > reading.adjudicate_above


def complete(reading: Reading, found: Mapping[int, ImageReading]) -> bool:
    """Whether nothing is left to read."""
    both = FIRST in found and SECOND in found
    return both and (THIRD in found or not needs_third(reading, found))


def settle(cursor: Any, found: Standing, scan: Scan, *, by: str, at: datetime, key: str) -> None:
    """Make the record say what the readings of its pictures say now: all of it, or nothing.

    Call it inside a transaction that holds the participant's chain.

    Raises:
        InvalidRecord: the form calls the scores impossible.

    """
    reading = found.study.imaging.reading_of(scan.rule)
    if reading is None:
        return
    images = imaging.in_use(scan)
    readings = imaging.readings_of(scan, imaging.content_of(images))
    done = complete(reading, readings)
    scored = _answers(reading, readings) if done else {}
    saved = _saved(found)
    before = _typed(found, saved)
    wanted = {name: value for name, value in before.items() if name not in reading.items} | scored
    if wanted == before:
        return
    on = saved.on if saved is not None else min(one.on for one in images)
    reason = "" if saved is None else (COMPLETE if done else CHANGED)
    answers = Answers(values=wanted, on=on, reason=reason)
    save(cursor, found, answers, by=by, at=at, key=key)


def _answers(reading: Reading, found: Mapping[int, ImageReading]) -> dict[str, object]:
    """The items that the readings fill."""
    filled: dict[str, object] = {}
    for slot, sheet in zip((FIRST, SECOND), reading.sheets, strict=True):
        scores = json.loads(found[slot].scores)
        for name, asked in zip(sheet.items, reading.sheets[0].items, strict=True):
            filled[name] = scores[asked]
        if sheet.reader:
            filled[sheet.reader] = reader_code(found[slot].by)
    if reading.masked:
        filled[reading.masked] = True
    if THIRD in found:
        total = found[THIRD].total
        filled[reading.adjudicated] = int(total) if total.is_integer() else total
    return filled


def _saved(found: Standing) -> Answered | None:
    """The record as it is saved, if it is."""
    place = found.place
    known = documents.records_of(found.study, place.participant, forms=[place.form])
    here = (place.visit, place.number)
    return next((one for one in known if (one.visit, one.number) == here), None)


def _typed(found: Standing, saved: Answered | None) -> dict[str, object]:
    """The saved answers without what is computed."""
    computed = {item.id for item in found.form.items() if item.derive is not None}
    values = saved.values if saved is not None else {}
    return {name: value for name, value in values.items() if name not in computed}


def guarded(found: Standing, values: Mapping[str, object]) -> Mapping[str, object]:
    """What may be saved of typed answers: scores of masked readings stay as the readers gave them.

    Raises:
        ScoresAreRead: a score was typed that the readers give.

    """
    fixed = fixed_items(found.study, found.place)
    if not fixed:
        return values
    saved = _typed(found, _saved(found))
    for name in sorted(fixed):
        if _text(values.get(name)) not in ("", _text(saved.get(name))):
            raise ScoresAreRead(name)
    kept = {name: saved[name] for name in fixed if name in saved}
    return {**{name: one for name, one in values.items() if name not in fixed}, **kept}


def fixed_items(study: Study, place: Place) -> frozenset[str]:
    """The items of a record that readers alone fill: those whose pictures are attached, and
    those that may never be typed.
    """
    fixed: frozenset[str] = frozenset()
    for reading in study.imaging.readings:
        if _form(study, reading) == place.form and (
            not reading.transcribed or _pictured(place, reading)
        ):
            fixed |= reading.items
    return fixed


def _pictured(place: Place, reading: Reading) -> bool:
    return Scan.objects.filter(
        participant=place.participant,
        form=place.form,
        visit=place.visit,
        number=place.number,
        rule=reading.files,
        images__isnull=False,
        images__withdrawal__isnull=True,
    ).exists()


def _text(value: object) -> str:
    """An answer as it would be typed."""
    if value is None:
        return ""
    text = str(value).strip()
    return text.lower() if isinstance(value, bool) else text
