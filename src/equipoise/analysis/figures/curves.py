"""Time to an event by arm: cumulative incidence with death competing, and numbers at risk."""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.analysis.estimators import incidence_curve
from equipoise.analysis.figures.figure import (
    INK,
    WIDTH,
    Figure,
    altair,
    arm_scale,
    draw,
    rows,
)
from equipoise.analysis.labels import Labels
from equipoise.analysis.per_arm import DEATH
from equipoise.analysis.plan import Trial
from equipoise.analysis.sets import Members
from equipoise.analysis.summaries import median_time
from equipoise.analysis.variable import Variable
from equipoise.errors import listed, say
from equipoise.protocol.estimands import Estimand


def incidence_figure(trial: Trial, labels: Labels, estimand: Estimand) -> Figure:
    """Cumulative incidence of the event, and of death, with numbers at risk below."""
    members = trial.sets[estimand.set]
    variable = trial.variable(estimand.endpoint)
    horizon = int(variable.endpoint.horizon)
    arms = [arm.id for arm in trial.dataset.arms if members.in_arm(arm.id).any()]
    steps = [row for arm in arms for row in _steps(members, variable, arm, labels, horizon)]
    every = _every(horizon)
    parts = (
        _curves(trial, labels, steps, horizon, every),
        _at_risk(trial, labels, members, variable, arms, horizon, every),
    )
    chart = altair().vconcat(*parts, spacing=6).resolve_scale(color="independent")
    estimated = estimand.title.say(labels.language)
    title = labels.words("{estimand}: cumulative incidence by arm", estimand=estimated)
    return draw(
        chart,
        id=f"incidence-{estimand.id.lower()}",
        title=title,
        description=_told(members, variable, arms, labels, horizon),
    )


def _every(horizon: int) -> int:
    return 7 if horizon % 7 == 0 else max(1, horizon // 6)


def _steps(
    members: Members, variable: Variable, arm: str, labels: Labels, horizon: int
) -> list[dict[str, Any]]:
    inside = members.in_arm(arm) & variable.usable
    if not inside.any():
        return []
    curve = incidence_curve(variable.cause_time[inside], variable.cause[inside])
    found = []
    for place, cause in enumerate(curve.causes):
        kind = labels.words("Death first" if cause == DEATH else "Event")
        keep = curve.at <= horizon
        at = np.append(curve.at[keep], horizon)
        value = np.append(curve.value[place][keep], curve.value[place][keep][-1])
        low = np.append(curve.ci_low[place][keep], curve.ci_low[place][keep][-1])
        high = np.append(curve.ci_high[place][keep], curve.ci_high[place][keep][-1])
        found += [
            {
                "arm": labels.arm(arm),
                "kind": kind,
                "day": float(day),
                "share": float(one),
                "low": float(below),
                "high": float(above),
            }
            for day, one, below, above in zip(at, value, low, high, strict=True)
        ]
    return found


def _curves(
    trial: Trial, labels: Labels, steps: list[dict[str, Any]], horizon: int, every: int
) -> Any:
    alt, event = altair(), labels.words("Event")
    scale = arm_scale(trial.dataset, labels.arms)
    x = alt.X(
        "day:Q",
        title=labels.words("Days from randomisation"),
        scale=alt.Scale(domain=[0, horizon], nice=False),
        axis=alt.Axis(values=list(range(0, horizon + 1, every))),
    )
    y = alt.Y(
        "share:Q",
        title=labels.words("Participants"),
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1.0], grid=True),
    )
    colour = alt.Color("arm:N", scale=scale, title=None, legend=_legend(line=True))
    dash = alt.StrokeDash(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=[event, labels.words("Death first")], range=[[1, 0], [3, 3]]),
        legend=_legend(line=True),
    )
    base = alt.Chart(rows(steps)).properties(width=WIDTH, height=300)
    band = (
        base.transform_filter(f"datum.kind == '{event}'")
        .mark_area(interpolate="step-after", opacity=0.13)
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour)
    )
    lines = base.mark_line(interpolate="step-after", strokeWidth=2.2).encode(
        x=x, y=y, color=colour, strokeDash=dash
    )
    return band + lines


def _legend(*, line: bool) -> Any:
    kind = "stroke" if line else "square"
    return altair().Legend(
        orient="top",
        direction="horizontal",
        symbolType=kind,
        symbolOpacity=1,
        symbolFillColor="transparent",
        columnPadding=18,
        offset=24,
    )


def _at_risk(
    trial: Trial,
    labels: Labels,
    members: Members,
    variable: Variable,
    arms: list[str],
    horizon: int,
    every: int,
) -> Any:
    """How many are still without the event, alive and watched, at the days of the axis."""
    alt = altair()
    found = [
        {
            "arm": labels.arm(arm),
            "day": day,
            "n": int((variable.cause_time[members.in_arm(arm) & variable.usable] >= day).sum()),
        }
        for arm in arms
        for day in range(0, horizon + 1, every)
    ]
    return (
        alt.Chart(rows(found), title=labels.words("At risk"))
        .mark_text(fontSize=12)
        .encode(
            x=alt.X("day:Q", scale=alt.Scale(domain=[0, horizon], nice=False), axis=None),
            y=alt.Y(
                "arm:N",
                sort=[labels.arm(arm) for arm in arms],
                title=None,
                axis=alt.Axis(domain=False, ticks=False, labelPadding=26, labelColor=INK),
            ),
            text="n:Q",
            color=alt.Color("arm:N", scale=arm_scale(trial.dataset, labels.arms), legend=None),
        )
        .properties(width=WIDTH, height=20 * len(arms))
    )


def _told(
    members: Members, variable: Variable, arms: list[str], labels: Labels, horizon: int
) -> str:
    parts = []
    for arm in arms:
        inside = members.in_arm(arm) & variable.usable
        events, n = int(variable.event[inside].sum()), int(inside.sum())
        deaths = int(((variable.cause == DEATH) & inside).sum())
        middle = median_time(variable.time[inside], variable.event[inside])
        reached = middle is not None
        words = say("median {n} days", n=f"{middle:g}") if reached else "the median was not reached"
        parts.append(
            say(
                "{arm}: {events} of {n} had the event by day {day}, {median}, {deaths} died "
                "without it.",
                arm=labels.arm(arm),
                events=events,
                n=n,
                day=horizon,
                median=words,
                deaths=deaths,
            )
        )
    begun = "Step curves of the share of participants with the event by day."
    return labels.words(listed([begun, *parts], " "))
