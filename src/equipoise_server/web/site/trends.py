"""Values of one participant over time with their reference ranges, as small drawings with a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from django.utils.translation import gettext_lazy as _

from equipoise.forms import Record
from equipoise.participant import ParticipantState
from equipoise.protocol.cleaning import Normal
from equipoise.protocol.derive import with_derived
from equipoise.protocol.forms import Item
from equipoise.protocol.model import Study
from equipoise.rules import parse
from equipoise_server.store import documents
from equipoise_server.store.queries import records
from equipoise_server.web.shared.charts import Chart, chart
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import unit_text
from equipoise_server.web.shared.words import Words

FIRST = 6
BEYOND: dict[str, Words] = {"": "", "low": _("low"), "high": _("high")}
Followed = tuple[str, Item]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value: its study day, how it reads, and whether it lies beyond its range."""

    day: int
    value: str
    beyond: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One item over study days. `usual` is its reference range in words, empty without one."""

    title: str
    unit: str
    chart: Chart
    points: tuple[Point, ...]
    usual: str
    beyond: int
    flat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """What is shown at once, and what on demand."""

    first: tuple[Trend, ...]
    rest: tuple[Trend, ...]


def trends(page: Page, state: ParticipantState, forms: Collection[str]) -> Trends:
    """What the analysis plan follows, and what has a reference range; the decisive ones first.

    What never changes comes last.
    """
    start = state.randomised_on or state.screened_on
    wanted = [one for one in followed(page.study) if one[0] in forms]
    if start is None or not wanted:
        return Trends(first=(), rest=())
    named = {form for form, _ in wanted}
    kept = records.answers(page.study, [state.code], named, cut=page.moment.cut)
    ranges = _ranges(page, state)
    drawn = []
    for form, item in wanted:
        found = {
            (record.on - start).days: record
            for record in kept.get(state.code, [])
            if record.form == form and _is_number(record.values.get(item.id))
        }
        if len(found) > 1:
            drawn.append(_trend(item, ranges.get((form, item.id)), found, page.language))
    drawn.sort(key=lambda one: one.flat)
    return Trends(first=tuple(drawn[:FIRST]), rest=tuple(drawn[FIRST:]))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(record: Record, item: str) -> float | None:
    value = record.values.get(item)
    return float(value) if _is_number(value) else None  # type: ignore[arg-type]


def _ranges(page: Page, state: ParticipantState) -> Mapping[tuple[str, str], Normal]:
    """The range of each item that fits the participant: of several, the first."""
    study = page.study
    asked = documents.forms_naming(
        study, tuple(one.when for one in study.cleaning.normals if one.when)
    )
    answered = records.answers(study, [state.code], asked, cut=page.moment.cut)
    known = with_derived(study.protocol, documents.answers(study, answered.get(state.code, [])))
    found: dict[tuple[str, str], Normal] = {}
    for one in study.cleaning.normals:
        if not one.when or parse(one.when).run(known) is True:
            found.setdefault((one.form, one.item), one)
    return found


def _trend(item: Item, usual: Normal | None, found: Mapping[int, Record], language: str) -> Trend:
    numbers = [(day, _number(found[day], item.id) or 0.0) for day in sorted(found)]
    limits = {day: _limits(usual, found[day]) for day, _ in numbers}
    newest = limits[numbers[-1][0]]
    points = tuple(
        Point(day=day, value=f"{value:g}", beyond=BEYOND[_beyond(value, limits[day])])
        for day, value in numbers
    )
    return Trend(
        title=item.text.say(language),
        unit=unit_text(item.unit),
        chart=chart([("actual", [(float(day), y) for day, y in numbers])], usual=newest),
        points=points,
        usual=_words(newest),
        beyond=sum(1 for one in points if one.beyond),
        flat=len({y for _, y in numbers}) == 1,
    )


def _limits(usual: Normal | None, record: Record) -> tuple[float | None, float | None]:
    """The range as it was for one record: the laboratory's own upper limit comes first."""
    if usual is None:
        return None, None
    own = _number(record, usual.high_item) if usual.high_item else None
    return usual.low, usual.high if own is None else own


def _beyond(value: float, limits: tuple[float | None, float | None]) -> str:
    low, high = limits
    if low is not None and value < low:
        return "low"
    return "high" if high is not None and value > high else ""


def _words(limits: tuple[float | None, float | None]) -> str:
    low, high = limits
    if low is not None and high is not None:
        return f"{low:g}–{high:g}"
    if low is not None:
        return f"≥ {low:g}"
    return f"≤ {high:g}" if high is not None else ""


def followed(study: Study) -> tuple[Followed, ...]:
    """Form and item of what is followed over time, the status first."""
    plan = study.protocol.analysis
    named = [tuple(plan.status_item.partition("."))[::2]] if plan.status_item else []
    named += [(panel.form, item) for panel in plan.panels for item in panel.items]
    named += [(one.form, one.item) for one in study.cleaning.normals]
    found: dict[tuple[str, str], Followed] = {}
    for form, name in named:
        item = study.forms[form].item(name) if form in study.forms else None
        if item is not None and item.type in ("integer", "decimal"):
            found[form, name] = (form, item)
    return _in_turn(study, list(found.values()))


def _in_turn(study: Study, found: list[Followed]) -> tuple[Followed, ...]:
    """Items with a reference range first, then the decisive ones; forms taking turns."""
    ranged = {(one.form, one.item) for one in study.cleaning.normals}
    by_form: dict[str, list[Followed]] = {}
    for one in found:
        by_form.setdefault(one[0], []).append(one)
    for kept in by_form.values():
        kept.sort(
            key=lambda one: ((one[0], one[1].id) not in ranged, not _decisive(study, one[1].id))
        )
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
