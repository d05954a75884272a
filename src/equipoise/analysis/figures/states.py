"""Distribution of the daily status by arm, and recruitment over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from equipoise.analysis.figures.figure import CONTROL, INK, WIDTH, Figure, altair, draw, rows
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.analysis.quality import Recruited
from equipoise.analysis.status import LEFT, NOT_KNOWN, Course
from equipoise.errors import listed, say

UNKNOWN_COLOUR = "#f1f3f5"
LEFT_COLOUR = "#dfe9ee"
DEATH_COLOUR = "#1d2733"
EVERY = "All sites"
_BETTER_TO_WORSE = (
    "#0b6e69", "#3b9a8f", "#7cc0b2", "#bfe3d5", "#f4e9c9",
    "#f6cf8f", "#eda75c", "#d97b3a", "#b6502a", "#863022",
)  # fmt: skip


def _ramp(n: int) -> list[str]:
    """Colours from the best to the worst of n living levels."""
    places = np.linspace(0, len(_BETTER_TO_WORSE) - 1, max(n, 1)).round().astype(int)
    return [_BETTER_TO_WORSE[place] for place in places]


def status_figure(trial: Trial, labels: Labels, course: Course, death_code: int) -> Figure:
    """Stacked shares of each status by day, one panel per arm."""
    alt = altair()
    domain, colours, names = palette(course, death_code, labels)
    shares = _shares(trial, labels, course, names, domain)
    chart = (
        alt.Chart(rows(shares))
        .mark_bar(stroke="white", strokeWidth=0.4, binSpacing=0)
        .encode(
            x=alt.X(
                "day:O",
                title=labels.words("Day"),
                axis=alt.Axis(labelAngle=0, values=_ticks(course.days)),
            ),
            y=_share_axis(),
            color=status_colour(course.title, domain, colours),
            order=alt.Order("order:Q"),
        )
        .properties(width=_panel_width(trial), height=250)
        .facet(
            column=alt.Column(
                "arm:N", sort=[labels.arm(arm.id) for arm in trial.dataset.arms], title=None
            ),
            spacing=26,
        )
    )
    return draw(
        chart,
        id="status",
        title=labels.words("{status}: share of participants by day and arm", status=course.title),
        description=_told(trial, labels, course, death_code),
    )


def palette(
    course: Course, death_code: int, labels: Labels
) -> tuple[list[str], list[str], dict[int, str]]:
    """Names and colours of the statuses from best to worst, and the name of each code."""
    present = {int(one) for one in np.unique(course.status)}
    living = [one for one in course.levels if one[0] != death_code]
    ordered = [code for code, _ in (living if course.worse_is_higher else living[::-1])]
    names = {code: f"{code}  {words}" for code, words in course.levels}
    names[LEFT] = labels.words("Discharged, not scored until the next visit")
    names[NOT_KNOWN] = labels.words("Not known")
    colours = dict(zip(ordered, _ramp(len(ordered)), strict=True))
    colours |= {death_code: DEATH_COLOUR, LEFT: LEFT_COLOUR, NOT_KNOWN: UNKNOWN_COLOUR}
    every = [LEFT, *ordered, *([death_code] if death_code in names else []), NOT_KNOWN]
    shown = [one for one in every if one in present or one >= 0]
    return [names[one] for one in shown], [colours[one] for one in shown], names


def _share_axis() -> Any:
    alt = altair()
    return alt.Y("share:Q", title=None, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))


def status_colour(title: str, domain: list[str], colours: list[str]) -> Any:
    """The colour of each status, with its legend below."""
    alt = altair()
    return alt.Color(
        "status:N",
        title=title,
        scale=alt.Scale(domain=domain, range=colours),
        sort=domain,
        legend=alt.Legend(
            orient="bottom",
            columns=2,
            symbolType="square",
            titleLimit=WIDTH,
            symbolStrokeColor="#9aa5b1",
            symbolStrokeWidth=0.6,
        ),
    )


def _panel_width(trial: Trial) -> int:
    return (WIDTH + 40) // len(trial.dataset.arms) - 26


def _ticks(days: int) -> list[int]:
    return list(range(0, days + 1, 7 if days % 7 == 0 else max(1, days // 5)))


def _shares(
    trial: Trial, labels: Labels, course: Course, names: dict[int, str], domain: list[str]
) -> list[dict[str, Any]]:
    found = []
    arms = np.array(course.arms, dtype=object)
    for arm in trial.dataset.arms:
        inside = course.status[arms == arm.id]
        for day in range(course.days + 1):
            codes, counts = np.unique(inside[:, day], return_counts=True)
            for code, count in zip(codes, counts, strict=True):
                name = names[int(code)]
                found.append(
                    {
                        "arm": labels.arm(arm.id),
                        "day": day,
                        "status": name,
                        "share": count / max(1, len(inside)),
                        "order": domain.index(name),
                    }
                )
    return found


def _told(trial: Trial, labels: Labels, course: Course, death_code: int) -> str:
    arms = np.array(course.arms, dtype=object)
    parts = []
    for arm in trial.dataset.arms:
        last = course.status[arms == arm.id][:, -1]
        parts.append(
            say(
                "{arm} on day {day}: {dead} of {n} dead, {unknown} not known.",
                arm=labels.arm(arm.id),
                day=course.days,
                dead=int((last == death_code).sum()),
                n=last.size,
                unknown=int((last == NOT_KNOWN).sum()),
            )
        )
    begun = "Stacked bars, one per day, best status at the bottom."
    return labels.words(listed([begun, *parts], " "))


def recruitment_figure(trial: Trial, labels: Labels, curve: Recruited) -> Figure:
    """Cumulative number randomised, in all and at each site."""
    alt = altair()
    found = _steps(curve, curve.total, EVERY)
    for site, counts in curve.by_site.items():
        found += _steps(curve, counts, labels.site(site))
    base = alt.Chart(rows(found)).properties(width=WIDTH, height=270)
    x = alt.X("day:T", title=None, axis=alt.Axis(format="%b %Y", tickCount=6))
    y = alt.Y(
        "n:Q", title=labels.words("Randomised, cumulative"), axis=alt.Axis(grid=True, format="d")
    )
    sites = (
        base.transform_filter(f"datum.site != '{EVERY}'")
        .mark_line(interpolate="step-after", strokeWidth=1.1, color=CONTROL, opacity=0.75)
        .encode(x=x, y=y, detail="site:N")
    )
    total = (
        base.transform_filter(f"datum.site == '{EVERY}'")
        .mark_line(interpolate="step-after", strokeWidth=2.4, color=INK)
        .encode(x=x, y=y)
    )
    marks = [sites, total, *_planned(trial, labels, curve)]
    last = curve.days[-1].isoformat() if curve.days else "no day"
    return draw(
        alt.layer(*marks),
        id="recruitment",
        title=labels.words("Recruitment over time"),
        description=labels.words(
            "{n} randomised at {sites} sites by {day}. Thick line: all sites. Thin lines: each "
            "site. Dashed: planned number.",
            n=curve.total[-1] if curve.total else 0,
            sites=len(curve.by_site),
            day=last,
        ),
    )


def _steps(curve: Recruited, counts: Sequence[int], site: str) -> list[dict[str, Any]]:
    """The corners of one step curve: the days on which it rises, and both ends."""
    last = len(counts) - 1
    return [
        {"day": day.isoformat(), "n": n, "site": site}
        for place, (day, n) in enumerate(zip(curve.days, counts, strict=True))
        if place in (0, last) or n != counts[place - 1]
    ]


def _planned(trial: Trial, labels: Labels, curve: Recruited) -> list[Any]:
    alt, planned = altair(), trial.protocol.planned.value
    if isinstance(planned, bool) or not isinstance(planned, int | float) or not curve.days:
        return []
    words = labels.words("planned: {n}", n=f"{planned:g}")
    data = rows([{"n": planned, "day": curve.days[0].isoformat(), "words": words}])
    rule = alt.Chart(data).mark_rule(strokeDash=[4, 4], color=CONTROL).encode(y="n:Q")
    text = (
        alt.Chart(data)
        .mark_text(align="left", dy=12, dx=4, fontSize=12, color=CONTROL)
        .encode(y="n:Q", x="day:T", text="words:N")
    )
    return [rule, text]
