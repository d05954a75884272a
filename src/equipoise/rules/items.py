"""What the study declares about an item, and what follows for an expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from equipoise.rules.nodes import Kind
from equipoise.rules.units import Unit

ItemKind = Literal["number", "text", "code", "boolean", "date", "datetime"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemType:
    """The declared type of an item.

    `unit` is UCUM and belongs to numbers; None is a number without a unit, the same as "1".
    `codes` belongs to codes; None is a code list that is not known here.
    """

    kind: ItemKind
    unit: str | None = None
    codes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """What is known about a part of an expression before anybody answers.

    `kind` is None after a problem was reported, so that one mistake is one message.
    `unit` is None where a number takes the unit of the other side. `written` says that
    `codes` are all the texts the part can give, because they stand in the expression.
    """

    kind: ItemKind | None
    unit: Unit | None = None
    codes: frozenset[str] | None = None
    written: bool = False

    @property
    def plain(self) -> Kind | None:
        """The kind at run time, where a code is text."""
        return "text" if self.kind == "code" else self.kind


NOTHING = Inferred(kind=None)


def joined(found: Sequence[Inferred]) -> Inferred:
    """The type of a value that is one of several of the same kind."""
    kinds = [one.kind for one in found if one.kind is not None]
    if not kinds:
        return NOTHING
    unit = next((one.unit for one in found if one.unit is not None), None)
    listed = [one.codes for one in found]
    codes = None if None in listed else frozenset().union(*(one for one in listed if one))
    kind = kinds[0] if len(set(kinds)) == 1 else "text" if "text" in kinds else kinds[0]
    written = all(one.written for one in found)
    return Inferred(kind=kind, unit=unit, codes=codes, written=written)


def units_disagree(start: str, found: Sequence[Inferred]) -> str | None:
    """Why numbers of these units do not belong together, or None where they do."""
    units = [one.unit for one in found if one.kind == "number" and one.unit is not None]
    for other in units[1:]:
        if not units[0].same_as(other):
            return (
                f"{start} a number in {units[0].text} with a number in {other.text}. "
                "Collect or derive both in one unit."
            )
    return None
