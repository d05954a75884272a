"""Values to JSON and back: the form in which a record version is stored.

Dates are ISO 8601 text, moments keep the offset with which they were written, several codes
are a list. The same values always give the same document, in the order of the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from equipoise.errors import RecordUnreadable, say
from equipoise.forms.lens import Json
from equipoise.forms.record import Value
from equipoise.protocol.forms import Form, ItemType


def to_json(values: Mapping[str, Value]) -> dict[str, Json]:
    """The document of the values, ready for `json.dumps` and `canonical_json`."""
    return {name: _out(value) for name, value in values.items()}


def _out(value: Value) -> Json:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value


def from_json(form: Form, document: Mapping[str, object]) -> dict[str, Value]:
    """The values of a stored document.

    Raises:
        RecordUnreadable: an item that the form does not have, or a value of another type.
            A document saved under an older definition is read through `lens.read` first.

    """
    types = {item.id: item.type for item in form.items()}
    values: dict[str, Value] = {}
    for name, stored in document.items():
        if name not in types:
            raise RecordUnreadable(form.id, name, "is not an item of the form")
        if stored is None:
            continue
        value = _in(types[name], stored)
        if value is None:
            raise RecordUnreadable(
                form.id, name, say("is not stored as {types}", types=types[name])
            )
        values[name] = value
    return values


def _in(kind: ItemType, stored: object) -> Value | None:
    """The typed value, or None where what is stored is of another type."""
    if kind == "boolean":
        return stored if isinstance(stored, bool) else None
    if isinstance(stored, bool):
        return None
    if kind == "integer":
        return stored if isinstance(stored, int) else None
    if kind == "decimal":
        return float(stored) if isinstance(stored, int | float) else None
    if kind == "codes":
        whole = isinstance(stored, list | tuple) and all(isinstance(one, str) for one in stored)
        return tuple(stored) if whole else None  # type: ignore[arg-type]
    return _in_text(kind, stored) if isinstance(stored, str) else None


def _in_text(kind: ItemType, stored: str) -> Value | None:
    try:
        if kind == "date":
            return date.fromisoformat(stored)
        if kind == "datetime":
            moment = datetime.fromisoformat(stored)
            return moment if moment.tzinfo is not None else None
    except ValueError:
        return None
    return stored
