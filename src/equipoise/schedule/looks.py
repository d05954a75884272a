"""The looks around one dose: which are planned, which are done, which is next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from equipoise.protocol.conduct_rules import Dosing, ReactionPoint, ReactionSheet

EARLY = timedelta(minutes=5)
"""How long before its minute a look may be taken; before the dose, any time."""
LATE = timedelta(minutes=15)
Standing = Literal["done", "now", "late", "later", "missed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One planned look: `minutes` from the start, None for the end of the observation."""

    minutes: int | None
    point: ReactionPoint | None
    due: datetime
    standing: Standing


def looks_of(
    dosing: Dosing,
    sheet: ReactionSheet,
    number: int,
    start: datetime | None,
    saved: Collection[str],
    at: datetime,
) -> tuple[Look, ...]:
    """Every planned look of one dose, the closing last; before the dose, those before it.

    `saved`: the items of the reaction form that are answered. `at`: the moment asked about.
    """
    minutes = dosing.first_dose_minutes if number == 1 else dosing.later_dose_minutes
    points = {one.minutes: one for one in sheet.points}
    found = []
    for minute in minutes:
        point = points.get(minute)
        if point is not None and (start is not None or minute < 0):
            due = start + timedelta(minutes=minute) if start else at
            how = _standing(due, point.mark in saved, at, before=minute < 0, given=bool(start))
            found.append(Look(minutes=minute, point=point, due=due, standing=how))
    if start is None:
        return tuple(found)
    end = start + timedelta(hours=dosing.reaction_hours)
    closed = bool(dosing.reaction_items) and all(one in saved for one in dosing.reaction_items)
    how = _standing(end, closed, at, closing=True)
    return (*found, Look(minutes=None, point=None, due=end, standing=how))


def next_look(looks: Collection[Look]) -> Look | None:
    """The first look that is neither done nor missed."""
    waits = (one for one in looks if one.standing not in ("done", "missed"))
    return next(waits, None)


def _standing(
    due: datetime,
    done: bool,
    at: datetime,
    *,
    before: bool = False,
    given: bool = True,
    closing: bool = False,
) -> Standing:
    if done:
        return "done"
    if before:
        return "missed" if given else "now"
    if at > due + LATE:
        return "late"
    return "now" if at >= due - (timedelta(0) if closing else EARLY) else "later"
