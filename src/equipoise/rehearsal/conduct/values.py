"""How each item of a form gets its value: the scenario's draw, else a plausible default."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from equipoise.errors import ScenarioError
from equipoise.protocol.forms import Item
from equipoise.protocol.scenario import Draw
from equipoise.rehearsal.conduct.dice import edges, pick
from equipoise.rehearsal.conduct.numbers import Numbers, log_bound, moved, resolved, truncated
from equipoise.rehearsal.conduct.person import Person
from equipoise.rules import UNKNOWN, Expression, parse
from equipoise.rules.nodes import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """One form being filled. `answers` are those given so far, with what else is known.

    `fresh`: at baseline, where the personal level is measured and nothing has moved yet.
    """

    person: Person
    answers: Mapping[str, object]
    day: int
    state: str
    situation: str
    fresh: bool


Rule = Callable[[Filling], object]
"""The value of one item, or None where it stays empty."""


def rule_of(item: Item, key: str, draw: Draw, codes: tuple[str, ...]) -> Rule:
    """The rule that a scenario's draw means for one item.

    `key` is the name under which the personal level is kept.
    """
    kept = draw.like or key
    maker = _MAKERS[draw.kind](item, kept, draw, codes)
    if draw.only_if is None:
        return maker
    condition = parse(draw.only_if)
    return lambda filling: maker(filling) if condition.run(filling.answers) is True else None


def _constant(item: Item, _key: str, draw: Draw, _codes: tuple[str, ...]) -> Rule:
    value = _typed(item, draw.value)
    return lambda _filling: value


def _blank(_item: Item, _key: str, _draw: Draw, _codes: tuple[str, ...]) -> Rule:
    return lambda _filling: None


def _state(item: Item, _key: str, draw: Draw, _codes: tuple[str, ...]) -> Rule:
    values = {name: _typed(item, value) for name, value in draw.values.items()}
    otherwise, of = _typed(item, draw.value), draw.of

    def rule(filling: Filling) -> object:
        if of == "sim.state":
            found = values.get(filling.situation)
            return values.get(filling.state, otherwise) if found is None else found
        return values.get(_said(filling.answers.get(of)), otherwise)

    return rule


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or value is UNKNOWN else str(value)


def _choice(item: Item, key: str, draw: Draw, codes: tuple[str, ...]) -> Rule:
    tables = {name: _shares(item, shares) for name, shares in draw.shares_by.items()}
    usual = _shares(item, draw.shares or dict.fromkeys(codes or ("true", "false"), 1.0))
    of = draw.of

    def rule(filling: Filling) -> object:
        person = filling.person
        values, shares = usual
        for name in (_said(filling.answers.get(of)), filling.situation, person.level):
            if name in tables:
                values, shares = tables[name]
                break
        chance = person.chance(key) if draw.steady else person.dice.uniform()
        if draw.effect and person.odds != 1.0:
            shares = (shares[0] * person.odds, *shares[1:])
        return values[pick(edges(shares), chance)]

    return rule


def _shares(
    item: Item, shares: Mapping[str, float]
) -> tuple[tuple[object, ...], tuple[float, ...]]:
    if not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0:
        raise ScenarioError("", f"the shares of item {item.id} must be at least 0, not all 0.")
    return tuple(_typed(item, code) for code in shares), tuple(shares.values())


def _bernoulli(_item: Item, key: str, draw: Draw, _codes: tuple[str, ...]) -> Rule:
    numbers = _numbers(draw)

    def rule(filling: Filling) -> object:
        person, p = filling.person, numbers(filling).p
        if draw.effect and 0 < p < 1:
            odds = p / (1 - p) * person.odds
            p = odds / (1 + odds)
        return (person.chance(key) if draw.steady else person.dice.uniform()) < p

    return rule


def _numbers(draw: Draw) -> Callable[[Filling], Numbers]:
    kept: dict[tuple[str, str, bool], Numbers] = {}

    def find(filling: Filling) -> Numbers:
        at = (filling.person.level, filling.situation, filling.fresh)
        found = kept.get(at)
        if found is None:
            level, situation, fresh = at
            found = kept[at] = resolved(draw, level, filling.state, situation, fresh=fresh)
        return found

    return find


def _continuous(item: Item, key: str, draw: Draw, _codes: tuple[str, ...]) -> Rule:
    numbers, points, log = _numbers(draw), _points(draw), draw.kind == "lognormal"
    own = math.sqrt(max(0.0, 1 - draw.latent**2))
    rest = math.sqrt(max(0.0, 1 - draw.pace**2))
    finish = _finish(item, draw)

    def rule(filling: Filling) -> object:
        person, n = filling.person, numbers(filling)
        mean = n.mean + (0.0 if filling.fresh else moved(points, filling.day))
        if draw.worse and person.worse(filling.day):
            mean += draw.worse
        level = draw.latent * person.latent + own * person.normal(key)
        spread = n.sd
        if n.trend_sd and not filling.fresh:
            noise = draw.pace * person.pace + rest * person.dice.normal()
            spread = math.hypot(n.sd, n.trend_sd)
            level = (n.sd * level + n.trend_sd * noise) / spread
        low, high = (log_bound(n.low), log_bound(n.high)) if log else (n.low, n.high)
        value = truncated(mean, spread, level, low, high)
        return finish(filling, math.exp(value) if log else value)

    return rule


def _points(draw: Draw) -> tuple[tuple[float, float], ...]:
    return tuple(sorted((float(day), shift) for day, shift in draw.trend.items()))


def _spell(item: Item, key: str, draw: Draw, _codes: tuple[str, ...]) -> Rule:
    numbers = _numbers(draw)
    values, shares = _shares(item, draw.shares or {"1": 1.0})
    ends = edges(shares)
    after = _typed(item, draw.value if draw.value is not None else _nothing(item))
    own = math.sqrt(max(0.0, 1 - draw.pace**2))

    def rule(filling: Filling) -> object:
        person, n = filling.person, numbers(filling)
        if person.chance(f"{key}/has") >= n.p:
            return after
        z = draw.pace * person.pace + own * person.normal(f"{key}/length")
        length = math.exp(n.mean + n.sd * z) / (person.odds if draw.effect else 1.0)
        day = 0 if filling.fresh else filling.day
        if day >= length:
            return after
        value = values[pick(ends, person.chance(f"{key}/how"))]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return _typed(item, max(1, math.ceil(value * (1 - day / length))))

    return rule


def _nothing(item: Item) -> str | bool | int:
    return False if item.type == "boolean" else 0


def _derived(item: Item, _key: str, draw: Draw, _codes: tuple[str, ...]) -> Rule:
    expression = parse(draw.expression or "")
    finish, numbers = _finish(item, draw), _numbers(draw)

    def rule(filling: Filling) -> object:
        value = _look_up(expression, filling.answers)
        if value is None or value is UNKNOWN:
            return _typed(item, draw.value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _dated(item, value)
        n = numbers(filling)
        noise = n.sd * filling.person.dice.normal() if n.sd else 0.0
        return finish(filling, truncated(value + noise, 0.0, 0.0, n.low, n.high))

    return rule


def _look_up(expression: Expression, answers: Mapping[str, object]) -> object:
    """A bare name gives its value as it is, whatever its type."""
    tree = expression.tree
    return answers.get(tree.name) if isinstance(tree, Name) else expression.run(answers)


def _dated(item: Item, value: object) -> object:
    """A moment or a date as the item wants it."""
    if item.type == "date" and isinstance(value, datetime):
        return value.date()
    if item.type == "partial-date" and isinstance(value, date):
        return value.isoformat()[:10]
    if item.type == "boolean" and not isinstance(value, bool):
        return None
    return value


def _finish(item: Item, draw: Draw) -> Callable[[Filling, float], object]:
    """From a number to the value: factor, anchor, rounding."""
    digits = 1 if draw.digits is None else draw.digits

    def finish(filling: Filling, number: float) -> object:
        number *= draw.factor
        if draw.anchor is not None:
            return _anchored(item, filling.answers.get(draw.anchor), number)
        if item.type == "integer":
            return round(number)
        if item.type in ("code", "text"):
            return str(round(number))
        return round(number, digits)

    return finish


def _anchored(item: Item, anchor: object, number: float) -> object:
    if not isinstance(anchor, date):
        return None
    if item.type == "datetime":
        return anchor + timedelta(minutes=round(number))
    day = anchor.date() if isinstance(anchor, datetime) else anchor
    moved_to = day + timedelta(days=round(number))
    return moved_to.isoformat() if item.type == "partial-date" else moved_to


def _typed(item: Item, value: object) -> object:
    """A scenario's scalar as the type of the item."""
    if value is None:
        return None
    if item.type == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if item.type == "integer":
        return int(float(str(value)))
    if item.type == "decimal":
        return float(str(value))
    if item.type == "codes":
        return tuple(str(value).split())
    if item.type == "date":
        return date.fromisoformat(str(value))
    return _said(value)


_MAKERS: dict[str, Callable[[Item, str, Draw, tuple[str, ...]], Rule]] = {
    "constant": _constant,
    "blank": _blank,
    "state": _state,
    "choice": _choice,
    "bernoulli": _bernoulli,
    "normal": _continuous,
    "lognormal": _continuous,
    "spell": _spell,
    "derived": _derived,
}
