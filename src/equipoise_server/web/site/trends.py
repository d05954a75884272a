"""Values of one participant over time, as small drawings with a table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest

from equipoise.participant import ParticipantState
from equipoise.protocol.forms import Item
from equipoise.protocol.model import Study
from equipoise.rules import parse
from equipoise_server.store.queries import records
from equipoise_server.web.shared.charts import Chart, chart
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import unit_text

FIRST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One item over study days."""

    title: str
    unit: str
    chart: Chart
    points: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """What is shown at once, and what on demand."""

    first: tuple[Trend, ...]
    rest: tuple[Trend, ...]


def trends(page: Page, state: ParticipantState, forms: Collection[str]) -> Trends:
    """The numeric items that the analysis plan follows over time, the decisive ones first."""
    start = state.randomised_on or state.screened_on
    wanted = [one for one in followed(page.study) if one[0] in forms]
    if start is None or not wanted:
        return Trends(first=(), rest=())
    named = {form for form, _ in wanted}
    kept = records.answers(page.study, [state.code], named, cut=page.moment.cut)
    drawn = []
    for form, item in wanted:
        found = {
            (record.on - start).days: float(record.values[item.id])  # type: ignore[arg-type]
            for record in kept.get(state.code, [])
            if record.form == form and _is_number(record.values.get(item.id))
        }
        if len(found) > 1:
            drawn.append(_trend(item, sorted(found.items()), page.language))
    return Trends(first=tuple(drawn[:FIRST]), rest=tuple(drawn[FIRST:]))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _trend(item: Item, points: list[tuple[int, float]], language: str) -> Trend:
    return Trend(
        title=item.text.say(language),
        unit=unit_text(item.unit),
        chart=chart([("actual", [(float(x), y) for x, y in points])]),
        points=tuple((day, f"{value:g}") for day, value in points),
    )


def followed(study: Study) -> tuple[tuple[str, Item], ...]:
    """Form and item of what is followed over time, the status first."""
    plan = study.protocol.analysis
    named = [tuple(plan.status_item.partition("."))[::2]] if plan.status_item else []
    named += [(panel.form, item) for panel in plan.panels for item in panel.items]
    found: dict[tuple[str, str], tuple[str, Item]] = {}
    for form, name in named:
        item = study.forms[form].item(name) if form in study.forms else None
        if item is not None and item.type in ("integer", "decimal"):
            found[form, name] = (form, item)
    return _in_turn(study, list(found.values()))


def _in_turn(study: Study, found: list[tuple[str, Item]]) -> tuple[tuple[str, Item], ...]:
    """The decisive items of each form first, forms taking turns."""
    by_form: dict[str, list[tuple[str, Item]]] = {}
    for one in found:
        by_form.setdefault(one[0], []).append(one)
    for kept in by_form.values():
        kept.sort(key=lambda one: not _decisive(study, one[1].id))
    turns = zip_longest(*by_form.values())
    return tuple(one for turn in turns for one in turn if one is not None)


def _decisive(study: Study, item: str) -> bool:
    """Whether eligibility, a derived value or an endpoint reads the item."""
    protocol = study.protocol
    rules = [one.rule for one in protocol.eligibility]
    rules += [row.when for one in protocol.derived for row in one.rows]
    rules += [one.expression for one in protocol.derived if one.expression]
    rules += [one.rule for one in protocol.endpoints if one.rule]
    return any(item in parse(rule).names for rule in rules)
