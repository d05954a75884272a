"""Participants by visits: one cell sums up the forms of a visit that the viewer may read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from equipoise.participant import ParticipantState
from equipoise.protocol.model import Study
from equipoise.schedule import Due, expected
from equipoise.schedule.matrix import DAILY, DOSING, LOG
from equipoise_server.store import study as studies
from equipoise_server.store.queries.marks import Marks, marks
from equipoise_server.store.queries.records import Head
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import visit_title
from equipoise_server.web.shared.visibility import visible_forms
from equipoise_server.web.shared.words import CELLS, PARTICIPANT, Badge, Words
from equipoise_server.web.site.course import Course, courses


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How the records of one visit stand: `done` of `wanted`, and open findings."""

    visit: str
    title: Words
    kind: str
    badge: Badge
    done: int
    wanted: int
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One participant's cells."""

    code: str
    status: Badge
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Column titles and lines."""

    columns: tuple[Words, ...]
    lines: tuple[Line, ...]


def matrix(
    page: Page,
    states: Collection[ParticipantState],
    heads: Mapping[str, list[Head]] | None = None,
) -> Matrix:
    """The matrix of some participants; `heads`: their records where they are known."""
    lived = courses(page, states, heads)
    used = studies.distinct(one.study for one in lived) or (page.study,)
    columns = places(*used)
    found = marks(() if page.moment.past else ((one.code, one.site) for one in states))
    return Matrix(
        columns=tuple(_title(used, one, page.language) for one in columns),
        lines=tuple(
            _line(page, course, columns, found.get(course.state.code, _NONE)) for course in lived
        ),
    )


_NONE = Marks()


def places(*versions: Study) -> tuple[str, ...]:
    """The columns: visits in order, then records that belong to no single visit.

    Of several versions: the visits of each, one that only some have after the one it follows.
    """
    ordered: list[str] = []
    for study in versions:
        at = 0
        for visit in study.protocol.visits:
            if visit.id not in ordered:
                ordered.insert(at, visit.id)
            at = ordered.index(visit.id) + 1
    used = {cell.visit for study in versions for cell in expected(study.protocol)}
    return tuple(one for one in (*ordered, DOSING, DAILY, LOG) if one in used)


def _title(versions: Iterable[Study], visit: str, language: str) -> Words:
    """The title of a visit in the first version that has it."""
    found = (visit_title(study, visit, language) for study in versions)
    return next((title for title in found if title != visit), visit)


def _line(page: Page, course: Course, columns: tuple[str, ...], found: Marks) -> Line:
    forms = visible_forms(course.study, page.viewer.roles_at(course.state.site))
    return Line(
        code=course.state.code,
        status=PARTICIPANT[course.state.status],
        cells=tuple(cell(page, course, visit, forms, found) for visit in columns),
    )


def cell(
    page: Page, course: Course, visit: str, forms: Collection[str], found: Marks = _NONE
) -> Cell:
    """How the records of one participant stand at one visit."""
    dues = [one for one in course.dues if one.visit == visit and one.form in forms]
    heads = [one for one in course.heads.values() if one.visit == visit and one.form in forms]
    wanted = {(one.form, one.visit, one.number) for one in dues if one.state != "optional"}
    kind = _kind(dues, heads)
    if kind == "complete" and not page.moment.past:
        kind = _finished(page, course, heads, found)
    return Cell(
        visit=visit,
        title=visit_title(course.study, visit, page.language),
        kind=kind,
        badge=CELLS[kind],
        done=len(heads),
        wanted=len(wanted | {head.key for head in heads}),
        findings=sum(head.findings for head in heads),
    )


def _finished(page: Page, course: Course, heads: list[Head], found: Marks) -> str:
    """How far complete records are: locked, signed, verified, or not yet any of these."""
    study, code = course.study, course.state.code
    keys = [head.key for head in heads]
    if (page.trial and page.trial.locked_at) or (keys and all(map(found.is_locked, keys))):
        return "locked"
    to_sign = {form for rule in study.protocol.signatures for form in rule.forms}
    waiting = [key for key in keys if key[0] in to_sign]
    if waiting and found.signed.issuperset(waiting):
        return "signed"
    asked = [found.is_verified(study, code, key) for key in keys if key[0] in study.forms]
    said = [one for one in asked if one is not None]
    return "verified" if said and all(said) else "complete"


def _kind(dues: list[Due], heads: list[Head]) -> str:
    """The state that counts first, in the order of `CELLS`."""
    states = {one.state for one in dues}
    if not states - {"optional"} and not heads:
        return "none"
    if any(head.findings for head in heads):
        return "queries"
    if "overdue" in states:
        return "overdue"
    if any(head.status == "in-progress" for head in heads):
        return "in-progress"
    if "due" in states:
        return "in-progress" if heads else "due"
    if "missed" in states:
        return "missed"
    if "not-yet" in states:
        return "in-progress" if heads else "not-started"
    return "complete"
