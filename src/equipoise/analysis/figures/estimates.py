"""A forest plot of the estimands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from equipoise.analysis.figures.figure import (
    CONTROL,
    GREY,
    INK,
    Figure,
    altair,
    draw,
    rows,
)
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.analysis.result import Result
from equipoise.analysis.sequence import Decision
from equipoise.analysis.summaries import spanned
from equipoise.errors import say

_KINDS = ("Confirmatory test", "Not confirmatory")
_SHORT = {
    "logrank": "log-rank, one step",
    "cox": "Cox",
    "proportional_odds": "proportional odds",
    "win_ratio": "win ratio",
}


def forest_figure(
    trial: Trial, labels: Labels, results: Sequence[Result], steps: Sequence[Decision]
) -> Figure | None:
    """Every ratio of the plan on one logarithmic axis; None where there is none."""
    shown = [
        one
        for one in results
        if one.scale == "ratio" and one.estimate and one.ci_low and one.ci_high
    ]
    if not shown:
        return None
    confirmatory = {(one.estimand, one.contrast) for one in steps if one.confirmatory}
    found = [_row(trial, labels, one, confirmatory) for one in shown]
    return draw(
        _forest(labels, found),
        id="forest",
        title=labels.words("Estimates that are ratios, with 95 % intervals"),
        description=" ".join(
            labels.words("{label}: {words}.", label=one["label"], words=one["words"])
            for one in found
        ),
    )


def _row(
    trial: Trial, labels: Labels, one: Result, confirmatory: set[tuple[str, str]]
) -> dict[str, Any]:
    several = len(trial.contrasts) > 1 and one.contrast is not None
    arm = f", {labels.contrast(one.contrast or '')}" if several else ""
    tested = one.role == "main" and (one.estimand, one.contrast or "") in confirmatory
    return {
        "label": f"{one.estimand}  {labels.words(_measure(one))}{arm}",
        "value": one.estimate,
        "low": one.ci_low,
        "high": one.ci_high,
        "kind": labels.words(_KINDS[0] if tested else _KINDS[1]),
        "words": labels.words(
            spanned(f"{one.estimate:.2f}", f"{one.ci_low:.2f}", f"{one.ci_high:.2f}")
        ),
        "side": labels.words("benefit above 1" if one.benefit == "above" else "benefit below 1"),
    }


def _measure(one: Result) -> str:
    """The measure with its method, once where both are called the same."""
    measure, method = one.measure.split(" (")[0], _SHORT.get(one.method, one.method)
    if measure == method:
        return measure
    return say("{measure} ({method})", measure=measure, method=method)


def _forest(labels: Labels, found: list[dict[str, Any]]) -> Any:
    alt = altair()
    low = min(0.5, *(max(one["low"], 0.1) for one in found))
    high = max(2.0, *(min(one["high"], 10.0) for one in found))
    scale = alt.Scale(type="log", domain=[low * 0.92, high * 1.08], nice=False, clamp=True)
    ticks = [one for one in (0.1, 0.2, 0.33, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10) if low <= one <= high]
    order = [one["label"] for one in found]
    y = alt.Y(
        "label:N",
        sort=order,
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelLimit=330, labelPadding=10),
    )
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=[labels.words(one) for one in _KINDS], range=[INK, CONTROL]),
        legend=alt.Legend(orient="top", symbolType="square"),
    )
    base = alt.Chart(rows(found)).properties(width=270, height=30 * len(found))
    axis = alt.Axis(values=ticks, format="~g", grid=True)
    null = alt.Chart(rows([{"x": 1}])).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x="x:Q")
    bars = base.mark_rule(strokeWidth=1.8).encode(
        x=alt.X("low:Q", title=labels.words("Ratio (logarithmic scale)"), scale=scale, axis=axis),
        x2="high:Q",
        y=y,
        color=colour,
    )
    points = base.mark_square(size=75, opacity=1).encode(
        x=alt.X("value:Q", scale=scale), y=y, color=colour
    )
    column = alt.Chart(rows(found)).properties(width=190, height=30 * len(found))
    plain = alt.Y("label:N", sort=order, axis=None)
    text = column.mark_text(align="left", fontSize=12, color=INK).encode(
        y=plain, x=alt.value(4), text="words:N"
    )
    side = column.mark_text(align="left", fontSize=11, color=GREY).encode(
        y=plain, x=alt.value(126), text="side:N"
    )
    return alt.hconcat(null + bars + points, text + side, spacing=4)
