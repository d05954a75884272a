"""Adverse events by term: how many in each arm, and the difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from equipoise.analysis.estimators import risk_difference
from equipoise.analysis.figures.figure import GREY, Figure, altair, arm_scale, draw, rows
from equipoise.analysis.harms import Harms, terms
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.errors import NotEstimable, listed, say

MOST_TERMS = 22
PANEL, LINE_HEIGHT = 230, 23
_SHAPES = ("circle", "triangle-up", "square", "diamond", "cross")


def harm_figure(trial: Trial, labels: Labels, found: Harms) -> Figure | None:
    """Share with each event by arm, and the difference beside it; None without events."""
    if not found.emergent:
        return None
    chosen = terms(found)[:MOST_TERMS]
    dots, gaps = _dots(trial, labels, found, chosen)
    left, right = _left(trial, labels, dots, chosen), _right(trial, labels, gaps, chosen)
    return draw(
        altair().hconcat(left, right, spacing=18),
        id="adverse-events",
        title=labels.words("Adverse events by term"),
        description=_harms_told(labels, dots, chosen),
    )


def _terms(chosen: Sequence[str], **axis: Any) -> Any:
    alt = altair()
    lines = alt.Axis(domain=False, ticks=False, grid=True, **axis)
    return alt.Y("term:N", sort=list(chosen), title=None, axis=lines)


def _left(trial: Trial, labels: Labels, dots: list[dict[str, Any]], chosen: Sequence[str]) -> Any:
    alt = altair()
    arms = [labels.arm(arm.id) for arm in trial.dataset.arms]
    shapes = [_SHAPES[place % len(_SHAPES)] for place in range(len(arms))]
    return (
        alt.Chart(rows(dots))
        .mark_point(filled=True, size=75, opacity=0.95)
        .encode(
            x=alt.X("share:Q", title=labels.words("Participants, %"), axis=alt.Axis(grid=True)),
            y=_terms(chosen, labelLimit=290, labelPadding=10),
            shape=alt.Shape("arm:N", title=None, scale=alt.Scale(domain=arms, range=shapes)),
            color=alt.Color(
                "arm:N",
                title=None,
                scale=arm_scale(trial.dataset, labels.arms),
                legend=alt.Legend(orient="top"),
            ),
        )
        .properties(width=PANEL, height=LINE_HEIGHT * len(chosen))
    )


def _right(trial: Trial, labels: Labels, gaps: list[dict[str, Any]], chosen: Sequence[str]) -> Any:
    alt = altair()
    y = _terms(chosen, labels=False)
    base = alt.Chart(rows(gaps)).properties(width=PANEL, height=LINE_HEIGHT * len(chosen))
    null = alt.Chart(rows([{"x": 0}])).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x="x:Q")
    shift = alt.YOffset("pair:N") if len(trial.contrasts) > 1 else alt.Undefined
    tint = alt.Color("arm:N", scale=arm_scale(trial.dataset, labels.arms), legend=None)
    title = labels.words("Difference from control, points (95 % CI)")
    bars = base.mark_rule(strokeWidth=1.6).encode(
        x=alt.X("low:Q", title=title, axis=alt.Axis(grid=True)),
        x2="high:Q",
        y=y,
        yOffset=shift,
        color=tint,
    )
    points = base.mark_point(filled=True, size=42, opacity=1).encode(
        x="value:Q", y=y, yOffset=shift, color=tint
    )
    return null + bars + points


def _dots(
    trial: Trial, labels: Labels, found: Harms, chosen: Sequence[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    dots, gaps = [], []
    for term in chosen:
        counts = {arm: len(found.with_term(term) & found.inside(arm)) for arm in found.people}
        for arm, who in found.people.items():
            share = 100 * counts[arm] / max(1, len(who))
            dots.append({"term": term, "arm": labels.arm(arm), "share": share, "n": counts[arm]})
        for contrast in trial.contrasts:
            pair = (contrast.experimental, contrast.control)
            sizes = [len(found.people[arm]) for arm in pair]
            event = np.concatenate(
                [np.arange(n) < counts[a] for n, a in zip(sizes, pair, strict=True)]
            )
            try:
                one = risk_difference(event, np.repeat([True, False], sizes))
            except (NotEstimable, ValueError):
                continue
            gaps.append(
                {
                    "term": term,
                    "arm": labels.arm(pair[0]),
                    "pair": contrast.name,
                    "value": 100 * one.value,
                    "low": 100 * one.ci_low,
                    "high": 100 * one.ci_high,
                }
            )
    return dots, gaps


def _harms_told(labels: Labels, dots: list[dict[str, Any]], chosen: Sequence[str]) -> str:
    parts = []
    for term in chosen[:8]:
        told = listed(f"{one['arm']} {one['share']:.1f} %" for one in dots if one["term"] == term)
        parts.append(say("{label}: {words}.", label=term, words=told))
    if len(chosen) > 8:
        parts.append(say("{n} further terms are in the table.", n=len(chosen) - 8))
    begun = "Share of participants with each event by arm."
    return labels.words(listed([begun, *parts], " "))
