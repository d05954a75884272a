"""A yes-or-no endpoint by arm."""

from __future__ import annotations

from typing import Any

from equipoise.analysis.estimators import exact
from equipoise.analysis.figures.figure import GREY, WIDTH, Figure, altair, arm_scale, draw, rows
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.analysis.summaries import share
from equipoise.errors import listed, say
from equipoise.protocol.estimands import Estimand

_ENDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


def share_figure(trial: Trial, labels: Labels, estimand: Estimand) -> Figure:
    """Shares with exact 95 % intervals, one line per arm."""
    found = _shares(trial, labels, estimand)
    told = listed(
        (say("{label}: {words}.", label=one["arm"], words=one["words"]) for one in found), " "
    )
    return draw(
        _chart(trial, labels, found),
        id=f"shares-{estimand.id.lower()}",
        title=labels.words(
            "{estimand}: share by arm", estimand=estimand.title.say(labels.language)
        ),
        description=labels.words(listed(["Shares with exact 95 % intervals.", told], " ")),
    )


def _shares(trial: Trial, labels: Labels, estimand: Estimand) -> list[dict[str, Any]]:
    members, variable = trial.sets[estimand.set], trial.variable(estimand.endpoint)
    found: list[dict[str, Any]] = []
    for arm in trial.dataset.arms:
        value = variable.value[members.in_arm(arm.id) & variable.usable]
        if value.size:
            events, n = int(value.sum()), int(value.size)
            one = exact(events, n)
            row = {"arm": labels.arm(arm.id), "share": one.value, "words": share(events, n)}
            found.append(row | {"low": one.ci_low, "high": one.ci_high})
    return found


def _chart(trial: Trial, labels: Labels, found: list[dict[str, Any]]) -> Any:
    alt = altair()
    names = [one["arm"] for one in found]
    y = alt.Y("arm:N", title=None, sort=names, axis=alt.Axis(domain=False, ticks=False))
    highest = max((one["high"] for one in found), default=1.0)
    scale = alt.Scale(domain=[0, next(one for one in _ENDS if one >= min(highest, 1.0))])
    axis = alt.Axis(format="%", grid=True, tickCount=6)
    x = alt.X("share:Q", scale=scale)
    colour = alt.Color("arm:N", scale=arm_scale(trial.dataset, labels.arms), legend=None)
    base = alt.Chart(rows(found)).properties(width=WIDTH - 120, height=54 * len(found))
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X(
            "low:Q",
            title=labels.words("Participants, with exact 95 % interval"),
            scale=scale,
            axis=axis,
        ),
        x2="high:Q",
        y=y,
        color=colour,
    )
    points = base.mark_point(filled=True, size=110, opacity=1).encode(x=x, y=y, color=colour)
    text = base.mark_text(dy=-14, fontSize=12, color=GREY).encode(x=x, y=y, text="words:N")
    return bars + points + text
