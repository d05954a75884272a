"""Symptoms, vital signs and other items before, during and after the course, by arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from equipoise.analysis.answers import number
from equipoise.analysis.dataset import ParticipantRow, day_of
from equipoise.analysis.harms import course_end
from equipoise.analysis.labels import Labels, with_unit
from equipoise.analysis.plan import Trial
from equipoise.analysis.summaries import mean_sd
from equipoise.analysis.tables import Line, Table, heading, line
from equipoise.errors import say
from equipoise.forms.record import Record
from equipoise.protocol.estimands import Panel

Phase = Literal["before", "during", "after"]
PHASES: tuple[Phase, ...] = ("before", "during", "after")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One item of one arm in one phase: a value per participant, then their mean."""

    item: str
    arm: str
    phase: Phase
    n: int
    mean: float
    sd: float
    half: float  # half the width of the normal 95 % interval of the mean
    words: str


def panel_cells(trial: Trial, panel: Panel) -> tuple[Cell, ...]:
    """Every item, phase and arm of a panel, over all randomised participants.

    Each participant counts once: before, the last value up to day 0; during, the mean of
    the values from day 1 to the day of the last dose; after, the last value later than that,
    up to the last day on which events are collected.
    """
    found: list[Cell] = []
    for item in panel.items:
        by_phase = _values(trial, panel.form, item)
        found += [
            _cell(item, arm.id, phase, by_phase[phase].get(arm.id, []))
            for phase in PHASES
            for arm in trial.dataset.arms
        ]
    return tuple(found)


def _cell(item: str, arm: str, phase: Phase, values: Sequence[float]) -> Cell:
    column = np.array(values, dtype=np.float64)
    n = int(column.size)
    mean = float(column.mean()) if n else float("nan")
    sd = float(column.std(ddof=1)) if n > 1 else 0.0
    return Cell(
        item=item,
        arm=arm,
        phase=phase,
        n=n,
        mean=mean,
        sd=sd,
        half=1.96 * sd / n**0.5 if n else float("nan"),
        words=say("{value}; {n}", value=mean_sd(column), n=n) if n else "–",
    )


def _values(trial: Trial, form: str, item: str) -> dict[Phase, dict[str, list[float]]]:
    found: dict[Phase, dict[str, list[float]]] = {"before": {}, "during": {}, "after": {}}
    last_day = trial.protocol.safety.last_day
    for row in trial.dataset.randomised:
        known = _known(trial, row, form, item)
        end = course_end(trial.dataset, row)
        phases: dict[Phase, list[float]] = {
            "before": [value for day, value in known if day <= 0][-1:],
            "during": [value for day, value in known if 0 < day <= end],
            "after": [value for day, value in known if end < day <= last_day][-1:],
        }
        for phase, values in phases.items():
            if values and row.arm is not None:
                found[phase].setdefault(row.arm, []).append(float(np.mean(values)))
    return found


def _known(trial: Trial, row: ParticipantRow, form: str, item: str) -> list[tuple[int, float]]:
    records: Sequence[Record] = trial.dataset.records_of(row.code, form)
    return [
        (day_of(row, one.on), value)
        for one in records
        if (value := number(one.values.get(item))) is not None
    ]


def panel_table(trial: Trial, labels: Labels, panel: Panel, cells: Sequence[Cell]) -> Table:
    """A panel as a table: one line per item, three columns per arm."""
    arms = [arm.id for arm in trial.dataset.arms]
    columns = [
        say("{arm}, {phase}", arm=labels.arm(arm), phase=phase) for arm in arms for phase in PHASES
    ]
    told = {(one.item, one.arm, one.phase): one.words for one in cells}
    lines: list[Line] = [
        line(
            with_unit(labels.item(panel.form, item)),
            [told[(item, arm, phase)] for arm in arms for phase in PHASES],
        )
        for item in panel.items
    ]
    return Table(
        id=f"panel-{panel.id}",
        title=panel.title.say(labels.language),
        first="Item",
        columns=tuple(columns),
        lines=tuple(lines),
        notes=(
            say(
                "Mean (SD); participants with a value. Before: the last value up to day 0. During: "
                "the participant's mean from day 1 to the day of the last dose. After: the last "
                "value later than that, up to day {day}. Descriptive; those who died or left are "
                "missing from later columns.",
                day=trial.protocol.safety.last_day,
            ),
        ),
    )


def care_table(trial: Trial, labels: Labels) -> Table | None:
    """Standard care as recorded, by arm: yes at any time; a code as last recorded."""
    name = trial.protocol.analysis.standard_care_form
    if name is None or name not in trial.dataset.study.forms:
        return None
    form = trial.dataset.study.forms[name]
    first = trial.protocol.analysis.standard_care_item
    chosen = [one for one in form.items() if one.type in {"boolean", "code"}]
    chosen.sort(key=lambda one: (one.id != first, one.type != "code"))
    lines: list[Line] = []
    for item in chosen:
        named = labels.item(name, item.id)
        if item.type == "boolean":
            lines.append(line(say("{item} (ever)", item=named.text), _ever(trial, name, item.id)))
            continue
        lines.append(heading(say("{item} (last recorded)", item=named.text)))
        lines += [
            line(text, _last(trial, name, item.id, code), depth=1) for code, text in named.codes
        ]
    heads = [
        f"{labels.arm(arm.id)} (n = {sum(r.arm == arm.id for r in trial.dataset.randomised)})"
        for arm in trial.dataset.arms
    ]
    return Table(
        id="standard-care",
        title="Standard care received, by arm",
        first="Care",
        columns=tuple(heads),
        lines=tuple(lines),
        notes=("n of participants with the item recorded (%). All randomised, as allocated.",),
    )


def _answers(trial: Trial, form: str, item: str, arm: str) -> list[list[object]]:
    """Per participant with any, the answers to one item in order of date."""
    found: list[list[object]] = []
    for row in trial.dataset.randomised:
        if row.arm == arm:
            records = trial.dataset.records_of(row.code, form)
            known = [one.values[item] for one in records if item in one.values]
            if known:
                found.append(list(known))
    return found


def _ever(trial: Trial, form: str, item: str) -> list[str]:
    return [
        _share([True in one for one in _answers(trial, form, item, arm.id)])
        for arm in trial.dataset.arms
    ]


def _last(trial: Trial, form: str, item: str, code: str) -> list[str]:
    return [
        _share([one[-1] == code for one in _answers(trial, form, item, arm.id)])
        for arm in trial.dataset.arms
    ]


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits)}/{len(hits)} ({100 * sum(hits) / len(hits):.1f} %)" if hits else "0/0"
