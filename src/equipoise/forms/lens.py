"""Read a document that was saved under an older definition of its form.

An amendment declares how the old definition became the new one, in five operations. The
stored document is never changed: it is seen through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from equipoise.protocol.finalising import LensStep
from equipoise.protocol.forms import CodeList, Form
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Convert:
    """The unit of the item has changed: new = old * `factor` + `offset`."""

    item: str
    factor: float
    offset: float = 0.0


Operation = Add | Retire | Rename | Recode | Convert


def operations(steps: Iterable[LensStep]) -> tuple[Operation, ...]:
    """The operations that the steps of a study folder declare."""
    return tuple(_operation(step) for step in steps)


def _operation(step: LensStep) -> Operation:
    if step.add is not None:
        return Add(item=step.add, value=step.value)
    if step.retire is not None:
        return Retire(item=step.retire)
    if step.rename is not None:
        return Rename(item=step.rename, to=step.to or "")
    if step.recode is not None:
        return Recode(item=step.recode, codes=step.codes)
    return Convert(item=step.convert or "", factor=step.factor or 1.0, offset=step.offset)


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
            case Convert():
                if operation.item in seen:
                    seen[operation.item] = _convert(seen[operation.item], operation)
    return seen


def _convert(value: Json, how: Convert) -> Json:
    """A number in the new unit, to fifteen digits; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float(f"{value * how.factor + how.offset:.15g}")


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
            case Recode() | Convert():
                continue
    names = dict.fromkeys((*before, *after))
    return tuple(name for name in names if before.get(name) != after.get(name))


CodeLists = Iterable[CodeList]


def unreadable(
    old: Form, new: Form, steps: Iterable[Operation], lists: tuple[CodeLists, CodeLists]
) -> tuple[str, ...]:
    """Items of `new` in which an old answer could not be read as it was meant, in order.

    Beyond `undeclared`: a unit that changed and is not converted, and a code that an old
    answer may have and the new list has not, unless it is recoded. `lists` are the code
    lists of both versions. A step that names an item which neither version has is named too.
    """
    done = tuple(steps)
    found = dict.fromkeys((*undeclared(old, new, done), *_stray(old, new, done)))
    names = {item.id: item.id for item in old.items()}
    for operation in done:
        if isinstance(operation, Rename):
            names = {
                first: operation.to if last == operation.item else last
                for first, last in names.items()
            }
    before, after = (_codes_by_list(one) for one in lists)
    for item in old.items():
        now = new.item(names[item.id])
        if now is None or now.id in found:
            continue
        converted = any(isinstance(one, Convert) and one.item in (item.id, now.id) for one in done)
        codes = _recoded(before.get(item.codes or "", ()), (item.id, now.id), done)
        lost = codes - after.get(now.codes or "", set())
        other_unit = item.unit != now.unit and not converted
        if lost or other_unit or (converted and now.type != "decimal"):
            found[now.id] = None
    return tuple(found)


def _stray(old: Form, new: Form, steps: tuple[Operation, ...]) -> Iterable[str]:
    known = {item.id for form in (old, new) for item in form.items()}
    known |= {one.to for one in steps if isinstance(one, Rename)}
    return (one.item for one in steps if one.item not in known)


def _codes_by_list(lists: CodeLists) -> dict[str, set[str]]:
    return {one.id: set(one.values()) for one in lists}


def _recoded(
    codes: Iterable[str], names: tuple[str, str], steps: tuple[Operation, ...]
) -> set[str]:
    seen = set(codes)
    for one in steps:
        if isinstance(one, Recode) and one.item in names:
            seen = {one.codes.get(code, code) for code in seen}
    return seen
