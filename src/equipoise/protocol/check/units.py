"""Units that nobody knows, and one item measured in two units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass

from equipoise.errors import ExpressionError
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.conduct_rules import DoseItems
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.forms import Item
from equipoise.protocol.model import Derived
from equipoise.protocol.places import Path
from equipoise.rules import parse_unit

NUMBERS = frozenset({"integer", "decimal"})


def unit_findings(subject: Subject) -> Iterator[Finding]:
    """Unknown units, units on what is no number, clashes between forms and endpoints."""
    for path, value in subject.everything:
        if isinstance(value, Item | Derived) and value.unit is not None:
            yield from _one(subject, (*path, "unit"), value)
        elif isinstance(value, DoseItems):
            continue  # its `unit` is the item that holds the code of a unit of product
        elif is_dataclass(value) and isinstance(unit := getattr(value, "unit", None), str):
            yield from _known(subject, (*path, "unit"), unit, strict=False)
    yield from _clashes(subject)
    yield from _endpoints(subject)


def _one(subject: Subject, path: Path, value: Item | Derived) -> Iterator[Finding]:
    if value.type not in NUMBERS:
        words = f"`{value.id}` is {value.type} and so has no unit: remove it."
        yield subject.finding("study.unit-clash", path, words)
    yield from _known(subject, path, str(value.unit), strict=True)


def _known(subject: Subject, path: Path, unit: str, *, strict: bool) -> Iterator[Finding]:
    """Items need UCUM; a stated fact may be counted in words (participants, tablets)."""
    try:
        parse_unit(unit)
    except ExpressionError as error:
        if strict or not unit.replace(" ", "").isalpha():
            yield subject.finding("study.unknown-unit", path, error.problem)


def _same(one: str | None, other: str | None) -> bool:
    try:
        return parse_unit(one or "1").same_as(parse_unit(other or "1"))
    except ExpressionError:
        return True


def _clashes(subject: Subject) -> Iterator[Finding]:
    seen: dict[str, tuple[str, Item]] = {}
    for form in subject.study.forms.values():
        for item in form.items():
            if item.type not in NUMBERS:
                continue
            other = seen.setdefault(item.id, (form.id, item))
            if not _same(item.unit, other[1].unit):
                words = (
                    f"`{item.id}` is in {item.unit or 'no unit'} here and in "
                    f"{other[1].unit or 'no unit'} on form `{other[0]}`: use one unit or two ids."
                )
                path = subject.item_path(form, item.id, "unit")
                yield subject.finding("study.unit-clash", path, words)


def _endpoints(subject: Subject) -> Iterator[Finding]:
    for number, endpoint in enumerate(subject.protocol.endpoints):
        form = subject.study.forms.get(endpoint.form or "")
        item = form.item(endpoint.item or "") if form else None
        if item is None or endpoint.unit is None or endpoint.kind not in {"value", "change"}:
            continue
        if not _same(endpoint.unit, item.unit):
            words = (
                f"The endpoint is in {endpoint.unit}, its item `{item.id}` in "
                f"{item.unit or 'no unit'}: use the same unit."
            )
            path = (PROTOCOL_FILE, "endpoints", number, "unit")
            yield subject.finding("study.unit-clash", path, words)
