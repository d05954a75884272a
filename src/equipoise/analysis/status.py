"""The daily status of every randomised participant, and its distribution by day and arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from equipoise.analysis.answers import number
from equipoise.analysis.dataset import ParticipantRow, day_of
from equipoise.analysis.endpoints import CARRY_DAYS
from equipoise.analysis.estimators.inputs import IntArray
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.protocol.model import Scale

NOT_KNOWN = -1
LEFT = -2
"""Discharged, and not scored until the next visit."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """Status by participant and day, `NOT_KNOWN` where nothing says; day 0 is the baseline."""

    title: str
    levels: tuple[tuple[int, str], ...]
    worse_is_higher: bool
    arms: tuple[str, ...]  # (n,)
    status: IntArray  # (n, days + 1)

    @property
    def days(self) -> int:
        """The last day."""
        return int(self.status.shape[1]) - 1


def status_course(trial: Trial, labels: Labels) -> Course | None:
    """The course of the plan's status item; None where the plan follows none."""
    name = trial.protocol.analysis.status_item
    if name is None:
        return None
    scale = _scale(trial, name)
    form = _form(trial, name)
    if form is None or scale is None:
        return None
    days = max((one.horizon for one in trial.protocol.endpoints if one.form == form), default=28)
    rows = [
        _row(trial, row, form, name.split(".")[-1], scale, days) for row in trial.dataset.randomised
    ]
    seen = np.array(rows, dtype=np.int64).reshape(len(rows), days + 1)
    levels = [(int(code), words.say(labels.language)) for code, words in scale.levels.items()]
    known = {code for code, _ in levels}
    levels += [
        (int(one), str(one))
        for one in np.unique(seen)
        if one not in (NOT_KNOWN, LEFT) and int(one) not in known
    ]
    return Course(
        title=scale.text.say(labels.language),
        levels=tuple(sorted(levels)),
        worse_is_higher=scale.direction == "higher-is-worse",
        arms=tuple(row.arm or "" for row in trial.dataset.randomised),
        status=seen,
    )


def _scale(trial: Trial, name: str) -> Scale | None:
    bare = name.rsplit(".", maxsplit=1)[-1]
    return next((one for one in trial.protocol.scales if one.item in {name, bare}), None)


def _form(trial: Trial, name: str) -> str | None:
    if "." in name:
        return name.rpartition(".")[0].rpartition(".")[2]
    forms = trial.dataset.study.forms.values()
    return next((form.id for form in forms if form.item(name) is not None), None)


def _row(
    trial: Trial, row: ParticipantRow, form: str, item: str, scale: Scale, days: int
) -> list[int]:
    """Between two observations the earlier one stands; after the last, for `CARRY_DAYS` days.

    From the day after discharge to the next observation the status is `LEFT`.
    """
    known = {
        max(0, day_of(row, one.on)): value
        for one in trial.dataset.records_of(row.code, form)
        if (value := number(one.values.get(item))) is not None
    }
    died = None if row.died_on is None else day_of(row, row.died_on)
    left = _left(row)
    last, found, current = max(known, default=-1), [], NOT_KNOWN
    for day in range(days + 1):
        current = int(known[day]) if day in known else LEFT if day == left else current
        if died is not None and day >= died:
            current = scale.death_code
        elif died is None and day > max(last, left) + CARRY_DAYS:
            current = NOT_KNOWN
        found.append(current)
    return found


def _left(row: ParticipantRow) -> int:
    """The day after the last discharge, or -1."""
    if row.discharged_on is None or row.readmitted_on is not None:
        return -1
    return day_of(row, row.discharged_on) + 1
