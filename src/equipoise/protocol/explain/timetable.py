"""The schedule of activities: visits as columns, activities as rows."""

from __future__ import annotations

from equipoise.protocol.explain.blocks import Block, Cell, Table, paragraph, row, said
from equipoise.protocol.explain.words import word
from equipoise.protocol.model import Study
from equipoise.protocol.visits import Activity, Visit

CAPTION = (
    "X = done. (X) = done if clinically indicated. Days count from randomisation, day 0; the "
    "window is in days before and after."
)


def timetable(study: Study, language: str) -> tuple[Block, ...]:
    """One table: X, (X), and in the last column what is done at other times."""
    visits = sorted(study.protocol.visits, key=lambda visit: visit.day)
    head = (
        word("Activity", language),
        *(_heading(visit, language) for visit in visits),
        word("other times", language),
    )
    rows = tuple(
        row(
            _activity(activity, language),
            *(_mark(activity, visit) for visit in visits),
            _other(activity, language),
        )
        for activity in study.protocol.schedule
    )
    contacts = row(
        said(word("How", language)),
        *(said(word(visit.contact, language), visit) for visit in visits),
        "",
    )
    table = Table(head=head, rows=(contacts, *rows), wide=True)
    return (table, paragraph(word(CAPTION, language)))


def _heading(visit: Visit, language: str) -> str:
    day = f"D{visit.day}".replace("-", "−")
    window = ""
    if visit.early or visit.late:
        same = visit.early == visit.late
        window = f" ±{visit.early}" if same else f" −{visit.early}/+{visit.late}"
    return f"{visit.title.say(language)} ({day}{window})"


def _activity(activity: Activity, language: str) -> tuple[Cell, ...]:
    title: list[Cell] = [said(activity.title.say(language), activity)]
    if activity.condition:
        title += [f" {word('if', language)} ", said(activity.condition, code=True)]
    return tuple(title)


def _mark(activity: Activity, visit: Visit) -> str:
    if visit.id in activity.at:
        return "X"
    return "(X)" if visit.id in activity.optional else ""


def _other(activity: Activity, language: str) -> tuple[Cell, ...]:
    said_so: list[Cell] = []
    if activity.daily:
        daily = activity.daily
        said_so.append(f"{word('daily', language)} D{daily.first}–D{daily.last}")
        if daily.condition:
            said_so += [f" {word('if', language)} ", said(daily.condition, code=True)]
    if activity.per_dose:
        said_so.append(word("each dose", language))
    if activity.log:
        said_so.append(word("continuous", language))
    return tuple(said_so)
