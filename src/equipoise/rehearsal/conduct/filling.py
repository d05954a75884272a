"""Filling forms: which items are asked, in which order, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from equipoise.forms.answers import OwnAnswers
from equipoise.forms.compiled import CompiledForm, CompiledItem, compiled
from equipoise.protocol.forms import Form
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Draw, Scenario
from equipoise.rehearsal.conduct.defaults import default_rule, wanted_answers
from equipoise.rehearsal.conduct.person import AT_HOME, File, Person
from equipoise.rehearsal.conduct.values import Filling, Rule, rule_of
from equipoise.rules import parse

NOTHING: Mapping[str, object] = {}
ENDINGS = ("sim.event_end", "sim.event_ongoing")
MEASURED = frozenset({"normal", "lognormal"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPlan:
    """One item that is asked: its rule, and whether it is a measurement that may be mistyped.

    `ends`: it says how an adverse event ended, so it is asked again then.
    """

    id: str
    item: CompiledItem
    rule: Rule
    required: bool
    measured: bool
    ends: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPlan:
    """A form ready to be filled."""

    form: Form
    compiled: CompiledForm
    items: tuple[ItemPlan, ...]


class Filler:
    """Fills the forms of one study under one scenario."""

    def __init__(self, study: Study, scenario: Scenario) -> None:
        self.study = study
        self.scenario = scenario
        self._wanted = wanted_answers(study.protocol)
        self._codes = {one.id: one.values() for one in study.protocol.code_lists}
        self._plans: dict[str, FormPlan] = {}

    def plan(self, form: str) -> FormPlan:
        """The plan of a form, made once."""
        found = self._plans.get(form)
        if found is None:
            found = self._plans[form] = self._plan(self.study.forms[form])
        return found

    def _plan(self, form: Form) -> FormPlan:
        whole = compiled(self.study.protocol, form)
        asked = {one.id: self._item(form, one) for one in whole.items if one.derive is None}
        order = in_order({name: self._needs(form.id, one) for name, one in asked.items()})
        items = tuple(asked[name] for name in order)
        return FormPlan(form=form, compiled=whole, items=items)

    def _needs(self, form: str, one: ItemPlan) -> tuple[str, ...]:
        """The names that an item's skip logic and draw read."""
        draw = self._draw(form, one.id)[1]
        texts = (draw.expression, draw.only_if) if draw else ()
        rules = [*one.item.shown_if, *(parse(text) for text in texts if text)]
        named = [name for rule in rules for name in rule.names]
        if draw is not None:
            named += [name for name in (draw.of, draw.anchor) if name]
        return tuple(name.removeprefix(f"{form}.") for name in named)

    def _item(self, form: Form, one: CompiledItem) -> ItemPlan:
        item, codes = one.item, self._codes.get(one.item.codes or "", ())
        key, draw = self._draw(form.id, one.id)
        if draw is None:
            rule = default_rule(item, f"{form.id}.{one.id}", codes, self._wanted)
        else:
            rule = rule_of(item, key, draw, codes)
        measured = draw is not None and draw.kind in MEASURED and draw.anchor is None
        return ItemPlan(
            id=one.id,
            item=one,
            rule=rule,
            required=item.required,
            measured=measured,
            ends=draw is not None and _tells_the_end(draw),
        )

    def _draw(self, form: str, item: str) -> tuple[str, Draw | None]:
        """The draw with the longest name that fits, and the key of the personal level."""
        draws = self.scenario.items
        for name in (f"{form}.{item}", item):
            if name in draws:
                return name, draws[name]
        stars = [
            name
            for name in draws
            if name.endswith("*")
            and (f"{form}.{item}".startswith(name[:-1]) or item.startswith(name[:-1]))
        ]
        if not stars:
            return item, None
        return item, draws[max(stars, key=len)]

    def fill(
        self,
        form: str,
        person: Person,
        file: File,
        *,
        day: int,
        fresh: bool = False,
        fixed: Mapping[str, object] = NOTHING,
        missing: float = 0.0,
    ) -> dict[str, object]:
        """Raw answers to a form, in order, skipping what skip logic does not ask."""
        plan = self.plan(form)
        answers: dict[str, object] = {}
        own = OwnAnswers(self.study.protocol, plan.compiled, answers, file.known)  # type: ignore[arg-type]
        state = person.state(day)
        filling = Filling(
            person=person,
            answers=own.known,
            day=day,
            state=state,
            situation=state + AT_HOME if file.home else state,
            fresh=fresh,
        )
        for one in plan.items:
            if one.item.shown_if and not own.asked(one.item):
                continue
            value = fixed[one.id] if one.id in fixed else one.rule(filling)
            if value is None:
                continue
            if missing and not one.required and person.dice.happens(missing):
                continue
            answers[one.id] = value
        return answers

    def mistyped(self, form: str, person: Person, values: dict[str, object]) -> dict[str, object]:
        """The same answers with one measurement slightly different, or none changed."""
        plan = self.plan(form)
        able = [one for one in plan.items if one.measured and one.id in values]
        if not able:
            return {}
        one = able[person.dice.whole(0, len(able) - 1)]
        old = values[one.id]
        low, high = one.item.item.expect_low, one.item.item.expect_high
        for step in (1.0, -1.0):
            new = _stepped(old, step)
            inside = (low is None or new >= low) and (high is None or new <= high)
            bounds = one.item.item
            possible = (bounds.low is None or new >= bounds.low) and (
                bounds.high is None or new <= bounds.high
            )
            if inside and possible:
                return {**values, one.id: new}
        return {}


def in_order(needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The names, each after those of them that it needs; else as they came.

    >>> in_order({"sum": ("a", "b"), "a": (), "b": ("elsewhere",)})
    ('a', 'b', 'sum')
    """
    done: dict[str, None] = {}

    def visit(name: str, above: frozenset[str]) -> None:
        if name in done or name in above:
            return
        for needed in needs[name]:
            if needed in needs:
                visit(needed, above | {name})
        done[name] = None

    for name in needs:
        visit(name, frozenset())
    return tuple(done)


def _tells_the_end(draw: Draw) -> bool:
    said = f"{draw.expression} {draw.only_if} {draw.of}"
    return any(fact in said for fact in ENDINGS)


def _stepped(old: object, step: float) -> float:
    if isinstance(old, int):
        return old + int(step)
    return round(float(str(old)) * (1 + 0.01 * step), 2)


def state_facts(
    person: Person,
    file: File,
    *,
    now: datetime,
    today: date,
    day: int,
    visit: str,
    number: int,
) -> None:
    """Put down where and when the person is, for expressions of the scenario."""
    known = file.known
    known["sim.now"] = now
    known["sim.today"] = today
    known["sim.year"] = today.year
    known["sim.day"] = day
    known["sim.visit"] = visit
    known["sim.number"] = number
    known["sim.state"] = person.state(day)
    known["sim.home"] = file.home
