"""An ordinal endpoint by arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.analysis.estimators.inputs import IntArray
from equipoise.analysis.figures.figure import WIDTH, Figure, altair, draw, rows
from equipoise.analysis.figures.states import palette, status_colour
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.analysis.status import NOT_KNOWN, Course
from equipoise.errors import listed, say
from equipoise.protocol.estimands import Estimand
from equipoise.protocol.model import Scale


def scale_figure(trial: Trial, labels: Labels, estimand: Estimand, scale: Scale) -> Figure:
    """One bar per arm, from the best level to death."""
    members, variable = trial.sets[estimand.set], trial.variable(estimand.endpoint)
    codes = np.where(np.isnan(variable.value), NOT_KNOWN, variable.value).astype(np.int64)
    course = _course(labels, scale, members.arm, codes[members.member][:, None])
    domain, colours, names = palette(course, scale.death_code, labels)
    found = [
        row
        for arm in trial.dataset.arms
        for row in _bar(labels.arm(arm.id), codes[members.in_arm(arm.id)], names, domain)
    ]
    told = listed(
        (
            say("{arm}, {status}: {n}", arm=one["arm"], status=one["status"], n=one["n"])
            for one in found
        ),
        "; ",
    )
    return draw(
        _chart(labels, course.title, domain, colours, found),
        id=f"levels-{estimand.id.lower()}",
        title=labels.words("{endpoint}, by arm", endpoint=labels.endpoint(estimand.endpoint)),
        description=labels.words("One bar per arm, best level at the left. {told}.", told=told),
    )


def _course(labels: Labels, scale: Scale, arms: tuple[str, ...], status: IntArray) -> Course:
    levels = ((int(code), words.say(labels.language)) for code, words in scale.levels.items())
    return Course(
        title=scale.text.say(labels.language),
        levels=tuple(levels),
        worse_is_higher=scale.direction == "higher-is-worse",
        arms=arms,
        status=status,
    )


def _bar(
    arm: str, codes: IntArray, names: dict[int, str], domain: list[str]
) -> list[dict[str, Any]]:
    return [
        {
            "arm": f"{arm} (n = {codes.size})",
            "status": names[int(code)],
            "n": int(n),
            "share": float(n / codes.size),
            "order": domain.index(names[int(code)]),
        }
        for code, n in zip(*np.unique(codes, return_counts=True), strict=True)
    ]


def _chart(
    labels: Labels, title: str, domain: list[str], colours: list[str], found: list[dict[str, Any]]
) -> Any:
    alt = altair()
    arms = list(dict.fromkeys(one["arm"] for one in found))
    axis = alt.Axis(domain=False, ticks=False, labelPadding=8)
    shares = alt.X(
        "share:Q",
        title=labels.words("Participants"),
        axis=alt.Axis(format="%"),
        scale=alt.Scale(domain=[0, 1]),
    )
    return (
        alt.Chart(rows(found))
        .mark_bar(stroke="white", strokeWidth=0.8, size=34)
        .encode(
            x=shares,
            y=alt.Y("arm:N", sort=arms, title=None, axis=axis),
            color=status_colour(title, domain, colours),
            order=alt.Order("order:Q"),
        )
        .properties(width=WIDTH - 130, height=52 * max(1, len(arms)))
    )
