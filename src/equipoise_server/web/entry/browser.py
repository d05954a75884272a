"""The rules of a form for the browser: what it may judge itself, and what is left to the server.

Left to the server are rules that read a choice of several codes, and those that depend on a
decision table with optional names: absence is judged there by rewriting the rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from equipoise.forms.compiled import CompiledForm, CompiledItem, compiled
from equipoise.forms.messages import sentence
from equipoise.protocol.derive import with_derived
from equipoise.protocol.forms import Form, Item
from equipoise.protocol.model import Derived, Protocol, Study
from equipoise.protocol.remember import Remembered
from equipoise.rules import UNKNOWN, Expression, parse
from equipoise.rules.browser import to_json
from equipoise_server.web.shared.values import unit_text

_SAFE = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
_READING = (
    "not-a-number",
    "decimal-comma",
    "not-whole",
    "not-a-date",
    "impossible-date",
    "not-a-time",
    "not-a-partial-date",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """What the rules of one form read: own items, derived values, names from elsewhere.

    `own` are derived values that depend on own items, and so must be worked out anew with
    every key; all other names are `outside`. `opaque` cannot be worked out in the browser.
    """

    own: Mapping[str, Derived]
    outside: tuple[str, ...]
    opaque: frozenset[str]


def facts(study: Study, form: Form, around: Mapping[str, object]) -> dict[str, Any]:
    """Values of names that do not depend on the form's own answers."""
    names = _reach(study.protocol)(form).outside
    if not names:
        return {}
    known = with_derived(study.protocol, around)
    found = {name: known.get(name) for name in names}
    return {
        name: _written(value)
        for name, value in found.items()
        if value is not None and value is not UNKNOWN and not isinstance(value, tuple)
    }


def _written(value: object) -> Any:
    """A value as JSON; dates and moments with their kind, for the interpreter."""
    if isinstance(value, datetime):
        return ["datetime", value.isoformat(timespec="microseconds")]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    return value


def rules_text(study: Study, form: Form, language: str) -> str:
    """The rules as JSON that can stand inside a script element; the same for every participant."""
    return _text(_Rules(study, form), language)


class _Rules:
    """A form of a study, compared by the study's digest."""

    __slots__ = ("form", "study")

    def __init__(self, study: Study, form: Form) -> None:
        self.study, self.form = study, form

    def __hash__(self) -> int:
        return hash((self.study.digest, self.form.id))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and (
            (self.study.digest, self.form.id) == (other.study.digest, other.form.id)
        )


@lru_cache(maxsize=256)
def _text(key: _Rules, language: str) -> str:
    protocol, form = key.study.protocol, key.form
    ready, reach = compiled(protocol, form), _reach(protocol)(form)
    said = {
        "form": form.id,
        "items": [_item(one, reach, language) for one in ready.items],
        "checks": [
            {
                "item": one.item,
                "severity": one.check.severity,
                "rule": to_json(one.rule),
                "says": one.check.message.say(language),
            }
            for one in ready.checks
            if one.item and _clear(one.rule, reach)
        ],
        "derived": {name: _derived(one) for name, one in reach.own.items()},
        "says": {code: sentence(code, "{0}").say(language) for code in _READING},
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_SAFE)


def _item(one: CompiledItem, reach: _Reach, language: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": one.id, "type": one.item.type}
    if one.shown_if and all(_clear(rule, reach) for rule in one.shown_if):
        found["shown"] = [to_json(rule) for rule in one.shown_if]
    if one.derive is not None:
        found["computed"] = True
        if _clear(one.derive, reach) and one.id not in one.derive.names:
            found["derive"] = to_json(one.derive)
    if one.numeric:
        found["bounds"] = _bounds(one.item, language)
    return found


def _bounds(item: Item, language: str) -> list[Any]:
    """`[low, high, severity, sentence]` for what is possible and for what is usual."""
    sides = (
        (item.low, item.high, "hard", "out-of-range"),
        (item.expect_low, item.expect_high, "soft", "unusual"),
    )
    return [
        [low, high, severity, sentence(code, "{0}", _span(low, high, item.unit)).say(language)]
        for low, high, severity, code in sides
        if low is not None or high is not None
    ]


def _span(low: float | None, high: float | None, unit: str | None) -> str:
    ends = [f"{one:.10g}" for one in (low, high) if one is not None]
    sign = "" if len(ends) == 2 else (">= " if high is None else "<= ")
    return f"{sign}{' - '.join(ends)} {unit_text(unit)}".strip()


def _derived(one: Derived) -> dict[str, Any]:
    if one.expression is not None:
        return {"tree": to_json(parse(one.expression))}
    rows = [[to_json(parse(row.when)), row.value] for row in one.rows]
    return {"rows": rows, "otherwise": one.otherwise}


def _clear(rule: Expression, reach: _Reach) -> bool:
    return not any(name in reach.opaque for name in rule.names)


def _reaches(protocol: Protocol) -> Remembered[Form, _Reach]:
    derived = {one.id: one for one in protocol.derived}
    return Remembered(lambda form: _reach_of(derived, compiled(protocol, form)), most=512)


_reach: Remembered[Protocol, Remembered[Form, _Reach]] = Remembered(_reaches)


def _reach_of(derived: Mapping[str, Derived], form: CompiledForm) -> _Reach:
    rules = [check.rule for check in form.checks]
    for item in form.items:
        rules += [*item.shown_if, *([item.derive] if item.derive is not None else [])]
    names = {name for rule in rules for name in rule.names}
    mine = frozenset(form.named)
    own: dict[str, Derived] = {}
    outside: set[str] = set()
    opaque = {name for name in mine if form.named[name].item.type == "codes"}
    for name in _closed(derived, names, mine):
        if name in mine:
            continue
        one = derived.get(name)
        if one is None or not _depends(derived, name, mine, frozenset()):
            outside.add(name)
        else:
            own[name] = one
            if one.optional:
                opaque.add(name)
    opaque |= {item.id for item in form.items if item.derive and item.id in item.derive.names}
    return _Reach(own=own, outside=tuple(sorted(outside)), opaque=_spread(own, opaque))


def _names(one: Derived) -> frozenset[str]:
    written = [*([one.expression] if one.expression else []), *(row.when for row in one.rows)]
    return frozenset(name for text in written for name in parse(text).names)


def _closed(derived: Mapping[str, Derived], names: Iterable[str], mine: frozenset[str]) -> set[str]:
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name in derived and name not in mine:
            waiting |= _names(derived[name]) - found
    return found


def _depends(
    derived: Mapping[str, Derived], name: str, mine: frozenset[str], above: frozenset[str]
) -> bool:
    """Whether a derived value reads an item of the form, directly or through others."""
    if name in above or name not in derived:
        return False
    return any(
        one in mine or _depends(derived, one, mine, above | {name}) for one in _names(derived[name])
    )


def _spread(own: Mapping[str, Derived], opaque: set[str]) -> frozenset[str]:
    """`opaque` with every derived value that reads one of them."""
    found = set(opaque)
    while True:
        more = {name for name, one in own.items() if name not in found and _names(one) & found}
        if not more:
            return frozenset(found)
        found |= more
