"""A form with its expressions parsed and its readers chosen, once per form definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.errors import ProtocolError
from equipoise.forms.coerce import Coerce, coercer
from equipoise.protocol.forms import Check, Form, Item
from equipoise.protocol.model import Protocol
from equipoise.protocol.remember import Remembered
from equipoise.rules import Expression, parse


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledItem:
    """One item: how to read it, when it is asked, how it is computed."""

    item: Item
    id: str
    read: Coerce
    shown_if: tuple[Expression, ...]
    derive: Expression | None
    numeric: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledCheck:
    """One edit check, parsed; `item` is the item of this form that it reads first."""

    check: Check
    rule: Expression
    item: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledForm:
    """A form. `named` finds an item by its bare and by its qualified name."""

    form: Form
    items: tuple[CompiledItem, ...]
    named: Mapping[str, CompiledItem]
    checks: tuple[CompiledCheck, ...]


def compiled(protocol: Protocol, form: Form) -> CompiledForm:
    """The compiled form, worked out once per form object."""
    return _per_protocol(protocol)(form)


def _for(protocol: Protocol) -> Remembered[Form, CompiledForm]:
    lists = {one.id: one.values() for one in protocol.code_lists}
    return Remembered(lambda form: _compile(lists, form), most=512)


_per_protocol: Remembered[Protocol, Remembered[Form, CompiledForm]] = Remembered(_for)


def _compile(lists: Mapping[str, tuple[str, ...]], form: Form) -> CompiledForm:
    items = tuple(
        _item(lists, form, item, group.shown_if) for group in form.groups for item in group.items
    )
    named = {one.id: one for one in items}
    named.update({f"{form.id}.{one.id}": one for one in items})
    checks = tuple(_check(named, check) for check in form.checks)
    return CompiledForm(form=form, items=items, named=named, checks=checks)


def _item(
    lists: Mapping[str, tuple[str, ...]], form: Form, item: Item, group_shown_if: str | None
) -> CompiledItem:
    coded = item.type in ("code", "codes")
    if coded and (item.codes is None or item.codes not in lists):
        raise ProtocolError("", f"Item {form.id}.{item.id} names no code list that exists.")
    codes = lists[item.codes] if coded and item.codes is not None else ()
    shown = tuple(parse(one) for one in (group_shown_if, item.shown_if) if one is not None)
    return CompiledItem(
        item=item,
        id=item.id,
        read=coercer(item, codes),
        shown_if=shown,
        derive=parse(item.derive) if item.derive is not None else None,
        numeric=item.type in ("integer", "decimal"),
    )


def _check(named: Mapping[str, CompiledItem], check: Check) -> CompiledCheck:
    rule = parse(check.rule)
    item = next((named[name].id for name in rule.names if name in named), None)
    return CompiledCheck(check=check, rule=rule, item=item)
