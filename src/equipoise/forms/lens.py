"""Read a document that was saved under an older definition of its form.

An amendment declares how the old definition became the new one, in four operations. The
stored document is never changed: it is seen through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from equipoise.protocol.forms import Form
from equipoise.protocol.frozen import Frozen

Json = str | bool | int | float | list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """The item is new. Old documents have it as `value`, or unanswered where that is None."""

    item: str
    value: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """The item is gone. Its old answers stay stored and are not seen."""

    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """The item has another name and means the same."""

    item: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recode:
    """The codes of the item have changed. A code that `codes` does not name stays."""

    item: str
    codes: Frozen[str]


Operation = Add | Retire | Rename | Recode


def read(document: Mapping[str, Json], operations: Iterable[Operation]) -> dict[str, Json]:
    """The document as the newer definition sees it. Operations apply in order."""
    seen = dict(document)
    for operation in operations:
        match operation:
            case Add():
                if operation.value is not None:
                    seen.setdefault(operation.item, operation.value)
            case Retire():
                seen.pop(operation.item, None)
            case Rename():
                if operation.item in seen:
                    seen[operation.to] = seen.pop(operation.item)
            case Recode():
                if operation.item in seen:
                    seen[operation.item] = _recode(seen[operation.item], operation.codes)
    return seen


def _recode(value: Json, codes: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return codes.get(value, value)
    if isinstance(value, list):
        return list(dict.fromkeys(codes.get(code, code) for code in value))
    return value


def undeclared(old: Form, new: Form, operations: Iterable[Operation]) -> tuple[str, ...]:
    """Items whose change between two definitions the operations do not explain, in order.

    An item that appears, disappears, or changes its type must be declared; a changed type
    cannot be, so it is always named: retire the item and add another.
    """
    before = {item.id: item.type for item in old.items()}
    after = {item.id: item.type for item in new.items()}
    for operation in operations:
        match operation:
            case Add():
                before.setdefault(operation.item, after.get(operation.item, "text"))
            case Retire():
                before.pop(operation.item, None)
            case Rename():
                if operation.item in before:
                    before[operation.to] = before.pop(operation.item)
            case Recode():
                continue
    names = dict.fromkeys((*before, *after))
    return tuple(name for name in names if before.get(name) != after.get(name))
