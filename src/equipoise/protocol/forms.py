"""Forms: items, groups, code lists, checks, audience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from equipoise.protocol.frozen import Text
from equipoise.protocol.origin import Origin
from equipoise.protocol.visits import STRICT

ItemType = Literal[
    "integer", "decimal", "text", "code", "codes", "boolean", "date", "partial-date", "datetime"
]
Audience = Literal["blinded", "unblinded"]
Severity = Literal["hard", "soft"]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One choice of a code list. `code` is stored, `text` is shown."""

    code: str
    text: Text


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """A named list of choices, shared by items."""

    id: str
    codes: tuple[Code, ...]
    origin: Origin | None = None

    def values(self) -> tuple[str, ...]:
        """The stored codes, in the order in which they are shown."""
        return tuple(code.code for code in self.codes)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a form.

    `low` and `high` bound what is possible (closed interval, in `unit`): outside is a
    hard finding. `expect_low` and `expect_high` bound what is usual: outside is a soft
    finding. `shown_if` is skip logic: where it is not true the item is not asked.
    `derive` makes the item computed; nobody types it. `unit` is a UCUM string.
    """

    id: str
    text: Text
    type: ItemType
    unit: str | None = None
    codes: str | None = None
    required: bool = False
    low: float | None = None
    high: float | None = None
    expect_low: float | None = None
    expect_high: float | None = None
    max_length: int | None = None
    shown_if: str | None = None
    derive: str | None = None
    index: bool = False
    identifying: bool = False
    code: str | None = None
    origin: Origin | None = None
    note: Text | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items asked together under one heading."""

    id: str
    title: Text
    items: tuple[Item, ...]
    shown_if: str | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An edit check. `rule` must be true; false is a finding with `message`.

    Hard checks are for impossible values only and block saving. Soft checks open a query.
    A rule that is unknown says nothing until all items it reads are answered.
    """

    id: str
    rule: str
    message: Text
    severity: Severity = "soft"
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A page of questions. A record is one form of one participant at one visit.

    `repeats` forms are kept as numbered records (events, medications, doses, days).
    An `unblinded` form lives on the unblinded side and in no blinded ledger entry.
    `assesses` marks forms that only someone who did not dose the participant may fill.
    """

    id: str
    title: Text
    groups: tuple[Group, ...]
    audience: Audience
    checks: tuple[Check, ...] = ()
    repeats: bool = False
    assesses: bool = False
    sdtm: str | None = None
    origin: Origin | None = None
    help: Text | None = None

    def items(self) -> tuple[Item, ...]:
        """All items in the order in which they are asked."""
        return tuple(item for group in self.groups for item in group.items)

    def item(self, name: str) -> Item | None:
        """The item of that name, or None."""
        return next((item for item in self.items() if item.id == name), None)
