"""Checks over several forms and visits of one participant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from equipoise.forms.context import answers_of, context_of
from equipoise.forms.record import Record
from equipoise.protocol.cleaning import Cleaning, CrossCheck
from equipoise.protocol.derive import names_behind, with_derived
from equipoise.protocol.frozen import Text
from equipoise.protocol.model import Protocol, Study
from equipoise.protocol.remember import Remembered
from equipoise.rules import Expression, parse

Place = tuple[str, str, int]
"""Form, visit and number of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """A cross-check that is false on one record."""

    place: Place
    item: str
    code: str
    message: Text


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Compiled:
    check: CrossCheck
    rule: Expression
    forms: frozenset[str]


def crossed(
    study: Study, records: Iterable[Record], among: frozenset[str] | None = None
) -> tuple[Crossed, ...]:
    """Every cross-check that is false, over the newest records of one participant.

    Unknown says nothing. `among` names the checks to judge, None all.
    """
    kept = tuple(records)
    latest = answers_of(kept)
    found = []
    for one in _compiled(study):
        if among is not None and one.check.id not in among:
            continue
        for record in kept:
            if _concerns(one.check, record) and _false(study.protocol, one, record, kept, latest):
                check = one.check
                found.append(
                    Crossed(
                        place=(record.form, record.visit, record.number),
                        item=check.item,
                        code=check.id,
                        message=check.message,
                    )
                )
    return tuple(found)


def checks_reading(study: Study, form: str) -> frozenset[str]:
    """The cross-checks that a save of `form` may change."""
    return frozenset(one.check.id for one in _compiled(study) if form in one.forms)


def forms_read(study: Study, checks: Iterable[str]) -> frozenset[str]:
    """The forms whose records these cross-checks need."""
    wanted = frozenset(checks)
    return frozenset(
        form for one in _compiled(study) if one.check.id in wanted for form in one.forms
    )


def _concerns(check: CrossCheck, record: Record) -> bool:
    return record.form == check.form and (not check.visits or record.visit in check.visits)


def _false(
    protocol: Protocol,
    one: _Compiled,
    record: Record,
    records: tuple[Record, ...],
    latest: Mapping[str, object],
) -> bool:
    around = context_of(records, form=record.form, visit=record.visit, number=record.number)
    own = {f"{record.form}.{name}": value for name, value in record.values.items()}
    known = with_derived(protocol, {**latest, **around, **own, **record.values})
    return one.rule.run(known) is False


def _compile(study: Study) -> tuple[_Compiled, ...]:
    plan: Cleaning = study.cleaning
    homes: dict[str, set[str]] = {}
    for form in study.forms.values():
        for item in form.items():
            homes.setdefault(item.id, set()).add(form.id)
    return tuple(_one(study, check, homes) for check in plan.cross_checks)


def _one(study: Study, check: CrossCheck, homes: Mapping[str, set[str]]) -> _Compiled:
    rule = parse(check.rule)
    forms = {check.form}
    for name in names_behind(study.protocol, rule):
        home, _, bare = name.rpartition(".")
        if home:
            forms.add(home.rpartition(".")[2])
        elif study.forms[check.form].item(bare) is None:
            forms |= homes.get(bare, set())
    return _Compiled(check=check, rule=rule, forms=frozenset(forms & study.forms.keys()))


_compiled: Remembered[Study, tuple[_Compiled, ...]] = Remembered(_compile)
