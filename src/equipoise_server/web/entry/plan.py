"""A form of the study as fields of a page, worked out once per form and language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import override

from equipoise.forms.coerce import LONGEST_TEXT
from equipoise.protocol.forms import Form, Group, Item
from equipoise.protocol.model import Study
from equipoise_server.web.entry.skeleton import Skeleton, skeleton, slot
from equipoise_server.web.shared.values import unit_text

Kind = Literal[
    "radio", "checks", "select", "text", "area", "number", "date", "partial", "datetime", "output"
]
AT_A_GLANCE = 6
"""Code lists up to this length are radio buttons; longer ones drop down."""
ONE_LINE = 160
DJANGO = {"zh-Hans": "zh-hans"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice; `on` is the slot that selects it."""

    code: str
    text: str
    on: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One item on a page, with the slots of its answer, its state and what is said of it."""

    item: Item
    kind: Kind
    label: str
    unit: str
    note: str
    options: tuple[Option, ...]

    @property
    def id(self) -> str:
        """The item's name."""
        return self.item.id

    @property
    def value(self) -> SafeString:
        """Where the answer goes."""
        return slot(f"value.{self.id}")

    @property
    def state(self) -> SafeString:
        """Where attributes of the field go: asked or not, invalid or not."""
        return slot(f"state.{self.id}")

    @property
    def fixed(self) -> SafeString:
        """Where it is said that nobody types this: masked readers give it."""
        return slot(f"fixed.{self.id}")

    @property
    def said(self) -> SafeString:
        """Where findings go."""
        return slot(f"said.{self.id}")

    @property
    def before(self) -> SafeString:
        """Where the value of the previous record goes."""
        return slot(f"before.{self.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldGroup:
    """Fields under one heading."""

    id: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A form compiled for one language."""

    form: Form
    groups: tuple[FieldGroup, ...]
    fields: tuple[Field, ...]
    body: Skeleton


def plan(study: Study, form: str, language: str, only: tuple[str, ...] | None = None) -> Plan:
    """The compiled form, or some of its items; `language` is `en` or `zh-Hans`."""
    return _plan(_Key(study, form), language, only)


class _Key:
    """A study by its digest, so that the cache need not compare whole protocols."""

    __slots__ = ("form", "study")

    def __init__(self, study: Study, form: str) -> None:
        self.study, self.form = study, form

    def __hash__(self) -> int:
        return hash((self.study.digest, self.form))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and (
            (self.study.digest, self.form) == (other.study.digest, other.form)
        )


@lru_cache(maxsize=256)
def _plan(key: _Key, language: str, only: tuple[str, ...] | None) -> Plan:
    form = key.study.forms[key.form]
    with override(DJANGO.get(language, language)):
        groups = tuple(
            FieldGroup(
                id=group.id,
                title=group.title.say(language),
                fields=tuple(_field(key.study, item, language) for item in items),
            )
            for group, items in _asked(form, only)
        )
        body = render_to_string("entry/body.html", {"groups": groups, "zone_slot": slot("zone")})
    fields = tuple(field for group in groups for field in group.fields)
    return Plan(form=form, groups=groups, fields=fields, body=skeleton(body))


def _asked(form: Form, only: tuple[str, ...] | None) -> Iterator[tuple[Group, tuple[Item, ...]]]:
    """The groups with the items that a page asks for; a group without any is left out."""
    for group in form.groups:
        items = tuple(one for one in group.items if only is None or one.id in only)
        if items:
            yield group, items


def _field(study: Study, item: Item, language: str) -> Field:
    return Field(
        item=item,
        kind=_kind(study, item),
        label=item.text.say(language),
        unit=unit_text(item.unit),
        note=item.note.say(language) if item.note else "",
        options=_options(study, item, language),
    )


def _kind(study: Study, item: Item) -> Kind:
    if item.derive is not None:
        return "output"
    match item.type:
        case "integer" | "decimal":
            return "number"
        case "boolean":
            return "radio"
        case "code":
            return "radio" if _choices(study, item) <= AT_A_GLANCE else "select"
        case "codes":
            return "checks"
        case "date":
            return "date"
        case "partial-date":
            return "partial"
        case "datetime":
            return "datetime"
        case "text":
            return "area" if (item.max_length or LONGEST_TEXT) > ONE_LINE else "text"


def _choices(study: Study, item: Item) -> int:
    return sum(len(one.codes) for one in study.protocol.code_lists if one.id == item.codes)


def _options(study: Study, item: Item, language: str) -> tuple[Option, ...]:
    if item.derive is not None:
        return ()
    if item.type == "boolean":
        pairs = [("true", _("Yes")), ("false", _("No"))]
    else:
        lists = (one for one in study.protocol.code_lists if one.id == item.codes)
        pairs = [(code.code, code.text.say(language)) for one in lists for code in one.codes]
    return tuple(
        Option(code=code, text=text, on=slot(f"on.{item.id}.{code}")) for code, text in pairs
    )
