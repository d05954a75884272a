"""The object identifiers, and values as ODM writes them."""

from __future__ import annotations

from decimal import Decimal

from equipoise.exchange.csv.cells import SEPARATOR, Json
from equipoise.protocol.forms import Form, Item
from equipoise.protocol.model import Study

DATA_TYPES = {
    "integer": "integer",
    "decimal": "float",
    "text": "text",
    "code": "text",
    "codes": "text",
    "boolean": "boolean",
    "date": "date",
    "partial-date": "partialDate",
    "datetime": "datetime",
}
OCCASIONS = {"daily": "Daily records", "dosing": "One per dose", "log": "Running logs"}
"""Occasions that are no visit, with their names."""


def study_oid(study: Study) -> str:
    """The study."""
    return f"ST.{study.protocol.id}"


def version_oid(study: Study) -> str:
    """The protocol version; the digest tells two of the same number apart."""
    return f"MDV.{study.protocol.version}.{study.digest[:12]}"


def event_oid(visit: str) -> str:
    """A visit or occasion."""
    return f"SE.{visit}"


def form_oid(form: str) -> str:
    """A form."""
    return f"F.{form}"


def group_oid(form: str, group: str) -> str:
    """A group of items."""
    return f"IG.{form}.{group}"


def item_oid(form: str, item: str) -> str:
    """An item."""
    return f"I.{form}.{item}"


def unit_oid(unit: str) -> str:
    """A unit of measurement, by its UCUM code."""
    return f"MU.{unit}"


def rule_oid(kind: str, form: str, name: str) -> str:
    """A condition or a method."""
    return f"{kind}.{form}.{name}"


def groups_of(form: Form) -> dict[str, str]:
    """The group object of each item."""
    return {item.id: group_oid(form.id, group.id) for group in form.groups for item in group.items}


def value_text(value: Json) -> str:
    """A value as ODM writes it: decimals without exponent, several codes joined.

    >>> value_text(1e-07), value_text(True), value_text(["a", "b"])
    ('0.0000001', 'true', 'a|b')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return SEPARATOR.join(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return "" if value is None else str(value)


def length_of(item: Item, codes: int) -> int | None:
    """The greatest length in characters that ODM asks for; None for types without one."""
    if item.type == "codes":
        return max(codes, 1) * 65
    longest = {"text": item.max_length or 4000, "code": 64, "integer": 18, "decimal": 24}
    return longest.get(item.type)
