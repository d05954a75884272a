"""What rules may read beyond one form: other records of the same participant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from equipoise.forms.record import Record


def answers_of(records: Iterable[Record], *, until: date | None = None) -> dict[str, object]:
    """The most recent value of every item, by `form.item`.

    For eligibility, strata, dosing rules and conditions: give it to `with_derived`, which
    finds bare names too. `until` leaves out records of later site dates.
    """
    found: dict[str, object] = {}
    for record in _in_time(records):
        if until is not None and record.on > until:
            continue
        for name, value in record.values.items():
            found[f"{record.form}.{name}"] = value
    return found


def context_of(
    records: Iterable[Record], *, form: str, visit: str, number: int = 0
) -> dict[str, object]:
    """What the checks of record (`form`, `visit`, `number`) may read of other records.

    `visit.form.item` is that visit's record of a form that does not repeat. `form.item` is
    the other form's record of the same visit and number; else, of a form that was collected
    once in all, its only record.
    """
    others = [
        one
        for one in _in_time(records)
        if (one.form, one.visit, one.number) != (form, visit, number)
    ]
    often = Counter(one.form for one in others)
    found: dict[str, object] = {}
    for record in others:
        if record.number == 0:
            _put(found, f"{record.visit}.{record.form}", record)
            if often[record.form] == 1 and record.form != form:
                _put(found, record.form, record)
    for record in others:
        if (record.visit, record.number) == (visit, number):
            _put(found, record.form, record)
    return found


def _in_time(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: (record.on, record.number))


def _put(found: dict[str, object], prefix: str, record: Record) -> None:
    for name, value in record.values.items():
        found[f"{prefix}.{name}"] = value
