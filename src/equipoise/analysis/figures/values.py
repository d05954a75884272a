"""A measured endpoint by arm, and panels before, during and after the course."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from equipoise.analysis.figures.figure import INK, WIDTH, Figure, altair, arm_scale, draw, rows
from equipoise.analysis.labels import Labels, with_unit
from equipoise.analysis.panels import PHASES, Cell
from equipoise.analysis.plan import Trial
from equipoise.analysis.summaries import spread
from equipoise.errors import listed, say
from equipoise.protocol.estimands import Estimand, Panel

COLUMNS = 3
MOST_ITEMS = 12


def value_figure(trial: Trial, labels: Labels, estimand: Estimand) -> Figure:
    """Every participant's value by arm, with the median and quartiles; deaths apart."""
    members, variable = trial.sets[estimand.set], trial.variable(estimand.endpoint)
    found: list[dict[str, Any]] = []
    told = []
    for arm in trial.dataset.arms:
        inside = members.in_arm(arm.id) & variable.usable
        alive = inside & (variable.source != "death")
        dead, name = int((inside & ~alive).sum()), labels.arm(arm.id)
        values = variable.value[alive]
        told.append(
            say(
                "{arm}: median {value} in {n} alive; {dead} died.",
                arm=name,
                value=spread(values),
                n=values.size,
                dead=dead,
            )
        )
        found += [
            {
                "arm": labels.words(
                    "{arm} (n = {n}; {dead} died)", arm=name, n=values.size, dead=dead
                ),
                "value": float(one),
                "colour": name,
                "at": _spread(place),
            }
            for place, one in enumerate(values)
        ]
    return draw(
        _dots(trial, labels, found, _axis(variable.endpoint.unit, labels, estimand)),
        id=f"values-{estimand.id.lower()}",
        title=labels.words("{endpoint}, by arm", endpoint=labels.endpoint(estimand.endpoint)),
        description=labels.words(
            listed(["One dot per participant alive; box: median and quartiles.", *told], " ")
        ),
    )


def _dots(trial: Trial, labels: Labels, found: list[dict[str, Any]], title: str) -> Any:
    alt = altair()
    names = list(dict.fromkeys(one["arm"] for one in found))
    axis = alt.Axis(domain=False, ticks=False, labelLimit=230, labelPadding=10)
    x = alt.X("value:Q", title=title, axis=alt.Axis(grid=True))
    y = alt.Y("arm:N", sort=names, title=None, axis=axis)
    base = alt.Chart(rows(found)).properties(width=WIDTH - 180, height=92 * max(1, len(names)))
    dots = base.mark_circle(size=26, opacity=0.45).encode(
        x=x,
        y=y,
        yOffset=alt.YOffset("at:Q", scale=alt.Scale(domain=[-1.5, 1.5])),
        color=alt.Color("colour:N", scale=arm_scale(trial.dataset, labels.arms), legend=None),
    )
    box = base.mark_boxplot(
        size=15,
        extent=0,
        outliers=False,
        opacity=0.9,
        box={"fill": "white", "fillOpacity": 0.75, "stroke": INK, "strokeWidth": 1.4},
        median={"color": INK, "strokeWidth": 2.4},
        rule={"opacity": 0},
    ).encode(x=x, y=y)
    return dots + box


def _spread(place: int) -> float:
    """A fixed, even scatter between -1 and 1 (golden ratio), so that dots do not hide others."""
    return 2 * math.modf(place * 0.6180339887498949)[0] - 1


def _axis(unit: str | None, labels: Labels, estimand: Estimand) -> str:
    words = labels.endpoint(estimand.endpoint).replace("，", ",").split(",")[0]
    measured = f"{words}{f', {unit}' if unit else ''}"
    return labels.words("{measured} (participants alive)", measured=measured)


def panel_figure(trial: Trial, labels: Labels, panel: Panel, cells: Sequence[Cell]) -> Figure:
    """Means with 95 % intervals before, during and after, one small chart per item."""
    alt = altair()
    items = panel.items[:MOST_ITEMS]
    charts = [
        _small(trial, labels, panel, item, cells, first=place == 0)
        for place, item in enumerate(items)
    ]
    lines = [
        alt.hconcat(*charts[i : i + COLUMNS], spacing=26) for i in range(0, len(charts), COLUMNS)
    ]
    more = len(panel.items) - len(items)
    rest = [say("{n} further items are in the table.", n=more)] if more > 0 else []
    return draw(
        alt.vconcat(*lines, spacing=18),
        id=f"panel-{panel.id}",
        title=panel.title.say(labels.language),
        description=labels.words(
            listed(["Means with 95 % intervals.", *_told(labels, panel, items, cells), *rest], " ")
        ),
    )


def _small(
    trial: Trial, labels: Labels, panel: Panel, item: str, cells: Sequence[Cell], *, first: bool
) -> Any:
    alt = altair()
    named = labels.item(panel.form, item)
    found = [
        {
            "arm": labels.arm(one.arm),
            "phase": labels.words(one.phase.capitalize()),
            "mean": one.mean,
            "low": one.mean - one.half,
            "high": one.mean + one.half,
        }
        for one in cells
        if one.item == item and one.n > 0
    ]
    order = [labels.words(phase.capitalize()) for phase in PHASES]
    legend = alt.Legend(orient="top", title=None, symbolType="circle") if first else None
    colour = alt.Color("arm:N", scale=arm_scale(trial.dataset, labels.arms), legend=legend)
    x = alt.X("phase:N", sort=order, title=None, axis=alt.Axis(labelAngle=0))
    arms = [labels.arm(arm.id) for arm in trial.dataset.arms]
    shift = alt.XOffset("arm:N", sort=arms, scale=alt.Scale(paddingInner=0.9, paddingOuter=1.0))
    y = alt.Y(
        "mean:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(grid=True, tickCount=4)
    )
    base = alt.Chart(
        rows(found), title=alt.TitleParams(_title(with_unit(named)), fontSize=12, limit=220)
    ).properties(width=178, height=118)
    bars = base.mark_rule(strokeWidth=1.8).encode(
        x=x,
        xOffset=shift,
        y=alt.Y("low:Q", title=None, scale=alt.Scale(zero=False)),
        y2="high:Q",
        color=colour,
    )
    points = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=x, xOffset=shift, y=y, color=colour
    )
    return bars + points


def _title(words: str) -> list[str]:
    """A title in at most two lines."""
    if len(words) <= 30:
        return [words]
    cut = words.rfind(" ", 0, 31)
    cut = cut if cut > 0 else 30
    rest = words[cut:].strip()
    return [words[:cut], rest if len(rest) <= 34 else f"{rest[:33]}…"]


def _told(labels: Labels, panel: Panel, items: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    parts: list[str] = []
    for item in items[:6]:
        told = [
            say("{arm} {phase} {mean}", arm=labels.arm(one.arm), phase=one.phase, mean=mean)
            for one in cells
            for mean in [f"{one.mean:.3g}"]
            if one.item == item and one.n
        ]
        text = labels.item(panel.form, item).text
        parts.append(say("{label}: {words}.", label=text, words=listed(told, "; ")))
    return parts
