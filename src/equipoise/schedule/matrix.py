"""The cells of the matrix of forms by visits: what the schedule expects of anybody."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.protocol.model import Protocol
from equipoise.protocol.remember import Remembered
from equipoise.protocol.visits import Activity

DAILY, DOSING, LOG = "daily", "dosing", "log"
"""Visits of records that do not belong to one planned visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One form at one visit. `visit` is "daily", "dosing" or "log" for repeating records.

    `optional`: only where clinically indicated. `conditional`: only for some participants.
    `numbers` are the record numbers that may be expected: (0,) at a visit, the day numbers
    or dose numbers otherwise, none for a log.
    """

    form: str
    visit: str
    activity: str
    numbers: tuple[int, ...] = (0,)
    optional: bool = False
    conditional: bool = False


def expected(protocol: Protocol) -> tuple[Cell, ...]:
    """Every form at every visit of the schedule, once, in schedule order.

    Where two activities ask for the same form at the same visit, the stricter one counts.
    """
    return _expected(protocol)


def _work_out(protocol: Protocol) -> tuple[Cell, ...]:
    found: dict[tuple[str, str], Cell] = {}
    for activity in protocol.schedule:
        for cell in _cells(protocol, activity):
            key = (cell.form, cell.visit)
            found[key] = _stricter(found[key], cell) if key in found else cell
    return tuple(found.values())


_expected: Remembered[Protocol, tuple[Cell, ...]] = Remembered(_work_out)


def _stricter(one: Cell, two: Cell) -> Cell:
    return two if (two.optional, two.conditional) < (one.optional, one.conditional) else one


def _cells(protocol: Protocol, activity: Activity) -> list[Cell]:
    cells: list[Cell] = []
    conditional = activity.condition is not None

    def add(visit: str, numbers: tuple[int, ...], *, optional: bool, conditional: bool) -> None:
        cells.extend(
            Cell(
                form=form,
                visit=visit,
                activity=activity.id,
                numbers=numbers,
                optional=optional,
                conditional=conditional,
            )
            for form in activity.forms
        )

    for visit in protocol.visits:
        if visit.id in activity.at or visit.id in activity.optional:
            add(visit.id, (0,), optional=visit.id not in activity.at, conditional=conditional)
    if activity.daily is not None:
        days = tuple(range(activity.daily.first, activity.daily.last + 1))
        some = conditional or activity.daily.condition is not None
        add(DAILY, days, optional=False, conditional=some)
    if activity.per_dose and protocol.dosing is not None:
        numbers = tuple(range(1, protocol.dosing.doses + 1))
        add(DOSING, numbers, optional=False, conditional=conditional)
    if activity.log:
        add(LOG, (), optional=True, conditional=conditional)
    return cells
