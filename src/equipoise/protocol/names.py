"""Which names an expression may use, what type each has, and where its value comes from.

Two contexts. Of a participant (eligibility, derived values, schedule, dosing, strata):
bare ids of items that one form collects, `form.item`, `visit.form.item`, derived ids.
Inside a form, and in the rules of endpoints and of safety, which read one form: the items
of that form bare, those of other forms as `form.item` or `visit.form.item`, derived ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from equipoise.protocol.forms import Form, Item
from equipoise.protocol.model import Derived, Protocol
from equipoise.protocol.moments import Moments, moments
from equipoise.rules import ItemType, is_known
from equipoise.rules.items import ItemKind

KINDS: dict[str, ItemKind] = {
    "integer": "number",
    "decimal": "number",
    "text": "text",
    "code": "code",
    "codes": "text",
    "boolean": "boolean",
    "date": "date",
    "partial-date": "text",
    "datetime": "datetime",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the value of a written name comes from.

    A derived value has only `derived`. An item has `form` and `item`, and `visit` where
    the name says which visit is meant.
    """

    form: str = ""
    item: str = ""
    visit: str | None = None
    derived: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of one context: their types, their sources, and the ambiguous ones."""

    types: Mapping[str, ItemType]
    sources: Mapping[str, Source]
    ambiguous: Mapping[str, tuple[str, ...]]


def participant_names(protocol: Protocol, forms: Mapping[str, Form]) -> Names:
    """Names in eligibility, derived values, schedule, dosing, strata and analysis.

    An item id that several forms collect is ambiguous: write `form.item`.
    """
    types: dict[str, ItemType] = {}
    sources: dict[str, Source] = {}
    found: dict[str, list[Source]] = {}
    when = moments(protocol, forms)
    for form in forms.values():
        for item in form.items():
            kind = item_type(protocol, item)
            found.setdefault(item.id, []).append(Source(form=form.id, item=item.id))
            for name, source in _written(form, item, when[form.id]):
                types[name], sources[name] = kind, source
    ambiguous = {}
    for name, several in found.items():
        first = several[0]
        if len(several) > 1:
            ambiguous[name] = tuple(f"{one.form}.{one.item}" for one in several)
        else:
            types[name], sources[name] = types[f"{first.form}.{first.item}"], first
    for derived in protocol.derived:
        types[derived.id] = derived_type(protocol, derived)
        sources[derived.id] = Source(derived=derived.id)
        ambiguous.pop(derived.id, None)
    return Names(types=types, sources=sources, ambiguous=ambiguous)


def form_names(protocol: Protocol, form: Form, names: Names) -> Names:
    """Names inside one form: its own items bare, others as `form.item`, and derived values."""
    own = {item.id: item_type(protocol, item) for item in form.items()}
    here = {item.id: Source(form=form.id, item=item.id) for item in form.items()}
    shared = {
        name for name, source in names.sources.items() if "." in name or source.derived is not None
    }
    return Names(
        types={**{name: names.types[name] for name in shared}, **own},
        sources={**{name: names.sources[name] for name in shared}, **here},
        ambiguous={},
    )


def item_type(protocol: Protocol, item: Item) -> ItemType:
    """The type of an item as rules see it. Partial dates and several codes are text."""
    kind = KINDS[item.type]
    codes = _codes(protocol, item.codes) if kind == "code" else None
    return ItemType(kind=kind, unit=_unit(kind, item.unit), codes=codes)


def derived_type(protocol: Protocol, derived: Derived) -> ItemType:
    """The type of a derived value as rules see it."""
    kind = KINDS[derived.type]
    codes = _codes(protocol, derived.codes) if kind == "code" else None
    if kind == "code" and derived.codes is None and derived.rows:
        said = [row.value for row in derived.rows] + [derived.otherwise]
        codes = frozenset(one for one in said if isinstance(one, str))
    return ItemType(kind=kind, unit=_unit(kind, derived.unit), codes=codes)


def _unit(kind: ItemKind, unit: str | None) -> str | None:
    """The unit of a number; an unknown unit is one finding, not one in every rule."""
    return unit if kind == "number" and unit is not None and is_known(unit) else None


def _codes(protocol: Protocol, name: str | None) -> frozenset[str] | None:
    for one in protocol.code_lists:
        if one.id == name:
            return frozenset(one.values())
    return None


def _written(form: Form, item: Item, when: Moments) -> Iterator[tuple[str, Source]]:
    yield f"{form.id}.{item.id}", Source(form=form.id, item=item.id)
    for visit in when.visits:
        yield (
            f"{visit}.{form.id}.{item.id}",
            Source(form=form.id, item=item.id, visit=visit),
        )
