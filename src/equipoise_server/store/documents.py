"""Stored answers read back as the core's records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db import connection

from equipoise.forms import Record, answers_of, context_of, from_json
from equipoise.forms.compiled import compiled
from equipoise.protocol.derive import names_behind
from equipoise.protocol.forms import Form
from equipoise.protocol.model import Study
from equipoise.protocol.remember import Remembered
from equipoise.rules import parse
from equipoise_server.store import lenses
from equipoise_server.store.planned import Planned

_NEWEST = (
    'SELECT r.participant_id, r.form, r.visit, r.number, v."on", p.data, v.study FROM store_record r '
    "JOIN store_recordversion v ON v.digest = r.current "
    "JOIN store_recordpayload p ON p.version_id = r.current "
)
_ORDER = ' ORDER BY r.participant_id, v."on", r.form, r.number'
_OF_ONE = Planned(
    f"{_NEWEST}WHERE r.participant_id = %(participant)s{_ORDER}", {"participant": "text"}
)


def records_of(
    study: Study, participant: str, *, forms: Iterable[str] | None = None
) -> tuple[Record, ...]:
    """The newest version of the participant's records, by date; of `forms` only where given."""
    if forms is None:
        with connection.cursor() as cursor:
            _OF_ONE.run(cursor, participant=participant)
            return tuple(_seen(study, cursor.fetchall()))
    wanted = sorted(forms)
    if not wanted:
        return ()
    marks = ", ".join(["%s"] * len(wanted))
    condition = f"WHERE r.participant_id = %s AND r.form IN ({marks})"
    return tuple(_read(study, condition, [participant, *wanted]))


def all_records(study: Study, *, forms: Iterable[str] | None = None) -> Iterator[Record]:
    """The newest version of every record, participant by participant, without holding them all.

    Of `forms` only where given.
    """
    if forms is None:
        return _read(study, "", [])
    wanted = sorted(forms)
    marks = ", ".join(["%s"] * len(wanted))
    return _read(study, f"WHERE r.form IN ({marks})", wanted) if wanted else iter(())


def _read(study: Study, condition: str, values: list[str]) -> Iterator[Record]:
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST + condition + _ORDER, values)
        while rows := cursor.fetchmany(2000):
            yield from _seen(study, rows)


def _seen(study: Study, rows: Iterable[Any]) -> Iterator[Record]:
    for row in rows:
        if row[1] in study.forms:  # an amendment may have retired the form
            yield _record(study, *row)


def _record(
    study: Study,
    participant: str,
    form: str,
    visit: str,
    number: int,
    on: str,
    data: str,
    saved: str,
) -> Record:
    document = lenses.seen(json.loads(data), form, saved=saved, reading=study.digest)
    return Record(
        participant=participant,
        form=form,
        visit=visit,
        number=number,
        on=date.fromisoformat(on),
        values=from_json(study.forms[form], document),
    )


def context(
    study: Study, form: Form, *, participant: str, visit: str, number: int
) -> dict[str, object]:
    """What the rules of a form may read of the participant's other records.

    Most forms read nothing beyond themselves; then nothing is fetched.
    """
    outside = _outside(study)[form.id]
    if not outside:
        return {}
    records = records_of(study, participant, forms=outside)
    return context_of(records, form=form.id, visit=visit, number=number)


def reads_others(study: Study, form: str) -> bool:
    """Whether the rules of a form name items of other forms."""
    return bool(_outside(study)[form])


def answers(study: Study, records: Iterable[Record]) -> dict[str, object]:
    """The most recent value of every item by `form.item`, and `visit.form.item` of each visit.

    For eligibility, strata and dosing rules: give it to `with_derived`.
    """
    kept = tuple(records)
    found = answers_of(kept)
    for record in kept:
        if record.number == 0:
            prefix = f"{record.visit}.{record.form}"
            found.update({f"{prefix}.{name}": value for name, value in record.values.items()})
    return found


def forms_naming(study: Study, rules: tuple[str, ...]) -> frozenset[str]:
    """The forms whose items the expressions name, directly or through derived values."""
    homes = _homes(study)
    return frozenset(
        form
        for rule in rules
        for name in names_behind(study.protocol, parse(rule))
        for form in _forms_of(name, homes)
        if form in study.forms
    )


def _forms_of(name: str, homes: dict[str, set[str]]) -> set[str]:
    home, _, bare = name.rpartition(".")
    return {home.rpartition(".")[2]} if home else homes.get(bare, set())


def _list_homes(study: Study) -> dict[str, set[str]]:
    homes: dict[str, set[str]] = {}
    for form in study.forms.values():
        for item in form.items():
            homes.setdefault(item.id, set()).add(form.id)
    return homes


_homes: Remembered[Study, dict[str, set[str]]] = Remembered(_list_homes)


def _forms_read(study: Study) -> dict[str, frozenset[str]]:
    return {form.id: _forms_behind(study, form, _homes(study)) for form in study.forms.values()}


_outside: Remembered[Study, dict[str, frozenset[str]]] = Remembered(_forms_read)


def _forms_behind(study: Study, form: Form, homes: dict[str, set[str]]) -> frozenset[str]:
    """The forms whose items the rules of `form` name, directly or through derived values."""
    plan = compiled(study.protocol, form)
    rules: list[Any] = [check.rule for check in plan.checks]
    for item in plan.items:
        rules += [*item.shown_if, *([item.derive] if item.derive is not None else [])]
    found: set[str] = set()
    for rule in rules:
        for name in names_behind(study.protocol, rule):
            if name in plan.named:
                continue
            found |= _forms_of(name, homes)
    return frozenset(found & study.forms.keys())
