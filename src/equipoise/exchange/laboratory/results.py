"""Lines of a laboratory file as values of the study's items, in the study's units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from equipoise.errors import ExpressionError, FileRefused
from equipoise.exchange.csv.cells import harmless
from equipoise.exchange.laboratory.table import Table
from equipoise.protocol.cleaning import NEEDED, Transfer
from equipoise.protocol.forms import Form, Item
from equipoise.protocol.frozen import Text
from equipoise.protocol.model import Study
from equipoise.rules.units import conversion, molar, parse_unit

Sample = tuple[str, str, date]
"""Participant, visit and site date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line that can be taken: the value in the item's unit, and as the file has it."""

    line: int
    sample: Sample
    item: str
    value: float
    given: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One line that cannot be taken, and why, in each language."""

    line: int
    why: Text


@dataclass(slots=True)
class _Taken:
    results: list[Result] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)
    days: dict[tuple[str, str], date] = field(default_factory=dict)


class _Wrong(Exception):  # noqa: N818 - never leaves this file
    """Why a line cannot be taken."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.why = Text({"en": english, "zh-Hans": chinese})


def read_results(
    study: Study, transfer: Transfer, table: Table
) -> tuple[tuple[Result, ...], tuple[Reject, ...]]:
    """What can be taken of a file, and which lines cannot.

    Whether a participant exists, and whether the values fit the form, is asked later.

    Raises:
        FileRefused: a column that the transfer names is missing.

    """
    missing = [transfer.columns[one] for one in NEEDED if transfer.columns[one] not in table.header]
    if missing:
        raise FileRefused(f"it has no column called {', '.join(missing)}")
    places = {one: table.header.index(transfer.columns[one]) for one in NEEDED}
    taken = _Taken()
    for line, row in table.rows:
        try:
            taken.results.append(_result(study, transfer, table, places, (line, row), taken))
        except _Wrong as wrong:
            taken.rejects.append(Reject(line=line, why=wrong.why))
    return tuple(taken.results), tuple(taken.rejects)


def _result(
    study: Study,
    transfer: Transfer,
    table: Table,
    places: Mapping[str, int],
    row: tuple[int, tuple[str, ...]],
    taken: _Taken,
) -> Result:
    line, cells = row
    if len(cells) != len(table.header):
        raise _Wrong(
            f"{len(cells)} cells under {len(table.header)} columns.",
            f"有{len(cells)}格，而表头有{len(table.header)}列。",
        )
    at = {name: cells[place] for name, place in places.items()}
    for cell in at.values():
        if harmless(cell) != cell:
            raise _Wrong("A cell begins like a formula.", "单元格以公式符号开头。")
    form = study.forms[transfer.form]
    item, factor = _item_and_factor(transfer, form, at)
    visit = _visit(study, transfer, at["visit"])
    sample = (at["participant"], visit, _day(at["on"]))
    _require_once(taken, line, sample, item.id)
    value = _number(at["value"]) * factor
    value = float(f"{value:.10g}")
    return Result(
        line=line,
        sample=sample,
        item=item.id,
        value=value,
        given=f"{at['value']} {at['unit']}".strip(),
    )


def _item_and_factor(transfer: Transfer, form: Form, at: Mapping[str, str]) -> tuple[Item, float]:
    test = transfer.tests.get(at["test"])
    item = form.item(test.item) if test else None
    if test is None or item is None:
        raise _Wrong(
            f"The test {at['test']!r} is not mapped.", f"检验项目{at['test']!r}未设置对应。"
        )
    unit, wanted = transfer.units.get(at["unit"], at["unit"]), item.unit or "1"
    try:
        parse_unit(unit)
    except ExpressionError as problem:
        raise _Wrong(problem.problem, f"单位{at['unit']!r}无法识别。") from problem
    try:
        return item, conversion(unit, wanted)
    except ExpressionError as problem:
        if test.grams_per_mole is not None:
            factor = molar(unit, wanted, test.grams_per_mole)
            if factor is not None:
                return item, factor
        raise _Wrong(problem.problem, f"单位{unit}无法换算为{wanted}。") from problem


def _visit(study: Study, transfer: Transfer, said: str) -> str:
    visit = transfer.visits.get(said, said)
    if all(one.id != visit for one in study.protocol.visits):
        raise _Wrong(f"The visit {said!r} is not mapped.", f"访视{said!r}未设置对应。")
    return visit


def _day(text: str) -> date:
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _Wrong(f"{text!r} is no date such as 2026-03-01.", f"{text!r}不是日期，应如2026-03-01。")


def _number(text: str) -> float:
    plain = text.removeprefix("-")
    if plain.replace(".", "", 1).isascii() and plain.replace(".", "", 1).isdigit():
        number = float(text)
        if math.isfinite(number) and abs(number) <= 1e12:
            return number
    raise _Wrong(
        f"{text!r} is no number. Results such as <5 are entered by hand.",
        f"{text!r}不是数字。“<5”一类的结果请手工录入。",
    )


def _require_once(taken: _Taken, line: int, sample: Sample, item: str) -> None:
    """One value per item and sample; one date per participant and visit."""
    key = (sample[0], sample[1], item)
    if key in taken.seen:
        other = taken.seen[key]
        raise _Wrong(f"The same result as in line {other}.", f"与第{other}行是同一结果。")
    day = taken.days.setdefault(key[:2], sample[2])
    if day != sample[2]:
        raise _Wrong(f"Another date than {day} at this visit.", f"与本次访视的日期{day}不同。")
    taken.seen[key] = line
