"""Names in the cleaning plan that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.cleaning import NEEDED, Transfer
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import CLEANING_FILE
from equipoise.protocol.places import Key
from equipoise.rules.units import is_known


def cleaning_findings(subject: Subject) -> Iterator[Finding]:
    """Forms, items, visits, columns and units of the plan that do not exist; ids used twice."""
    plan = subject.study.cleaning
    for number, verify in enumerate(plan.verification):
        yield from _items(subject, ("verification", number), verify.form, verify.items)
    for number, check in enumerate(plan.cross_checks):
        where = ("cross_checks", number)
        yield from _items(subject, where, check.form, (check.item,) if check.item else ())
        yield from _visits(subject, where, check.visits)
    for number, rule in enumerate(plan.deviations):
        if rule.form or rule.rule:
            yield from _items(subject, ("deviations", number), rule.form, ())
    for number, coded in enumerate(plan.coding):
        yield from _items(subject, ("coding", number), coded.form, (coded.item,))
    for number, transfer in enumerate(plan.transfers):
        yield from _transfer(subject, ("transfers", number), transfer)
    for number, normal in enumerate(plan.normals):
        named = (normal.item, normal.high_item) if normal.high_item else (normal.item,)
        yield from _items(subject, ("normals", number), normal.form, named)
    for part in ("cross_checks", "deviations", "transfers"):
        yield from _twice(subject, part, [one.id for one in getattr(plan, part)])


def _items(
    subject: Subject, where: tuple[Key, ...], form_id: str, items: tuple[str, ...]
) -> Iterator[Finding]:
    form = subject.study.forms.get(form_id)
    if form is None or form.audience != "blinded":
        why = "is no form" if form is None else "is a form of the unblinded side"
        yield _unknown(subject, (*where, "form"), f"`{form_id}` {why}: name a blinded form.")
        return
    for item in items:
        if form.item(item) is None:
            words = f"Form `{form_id}` has no item `{item}`: correct the name."
            yield _unknown(subject, where, words)


def _visits(subject: Subject, where: tuple[Key, ...], visits: tuple[str, ...]) -> Iterator[Finding]:
    for visit in visits:
        if visit not in subject.days():
            yield _unknown(subject, where, f"There is no visit `{visit}`: correct the name.")


def _transfer(subject: Subject, where: tuple[Key, ...], one: Transfer) -> Iterator[Finding]:
    yield from _items(subject, where, one.form, tuple(test.item for test in one.tests.values()))
    yield from _visits(subject, where, tuple(one.visits.values()))
    missing = [name for name in NEEDED if not one.columns.get(name)]
    if missing:
        words = f"Name the columns for {', '.join(missing)}."
        yield _unknown(subject, (*where, "columns"), words)
    for unit in one.units.values():
        if not is_known(unit):
            words = f"`{unit}` is no UCUM unit: write it as mg/L or 10*9/L."
            yield subject.finding("study.unknown-unit", (CLEANING_FILE, *where, "units"), words)


def _twice(subject: Subject, part: str, ids: list[str]) -> Iterator[Finding]:
    for number, one in enumerate(ids):
        if one in ids[:number]:
            path = (CLEANING_FILE, part, number, "id")
            words = f"`{one}` is used twice: choose another id."
            yield subject.finding("study.duplicate-id", path, words)


def _unknown(subject: Subject, where: tuple[Key, ...], words: str) -> Finding:
    return subject.finding("study.cleaning", (CLEANING_FILE, *where), words)
