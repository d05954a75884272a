"""The visits of one participant with their records."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from equipoise.protocol.model import Study
from equipoise.schedule import Due
from equipoise_server.store.queries.finalising import having
from equipoise_server.store.queries.records import Head
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import form_title, visit_title
from equipoise_server.web.shared.words import CELLS, RECORD, Badge, Words
from equipoise_server.web.site.course import Course
from equipoise_server.web.site.matrices import cell, places


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record, or one that is expected. `link` is whether there is something to open."""

    form: str
    visit: str
    number: int
    title: str
    badge: Badge
    on: date | None
    version: int
    findings: int
    link: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVisit:
    """A visit: its window, how it stands, its records."""

    id: str
    title: Words
    badge: Badge
    first: date | None
    last: date | None
    entries: tuple[Entry, ...]


def visits(page: Page, course: Course, forms: Collection[str]) -> tuple[ShownVisit, ...]:
    """Every visit that has records or expects some."""
    shown = (_visit(page, course, visit, forms) for visit in places(course.study))
    return tuple(one for one in shown if one.entries)


def _visit(page: Page, course: Course, visit: str, forms: Collection[str]) -> ShownVisit:
    dues = [one for one in course.dues if one.visit == visit and one.form in forms]
    heads = [one for one in course.heads.values() if one.visit == visit and one.form in forms]
    entries = [_saved(page, having(course.study, head.form), head) for head in heads]
    entries += [_expected(page, course.study, one) for one in dues if _waits(one, course)]
    order = {form: n for n, form in enumerate(course.study.forms)}
    entries.sort(key=lambda one: (one.number, order.get(one.form, 0)))
    windows = [(one.first, one.last) for one in dues]
    return ShownVisit(
        id=visit,
        title=visit_title(course.study, visit, page.language),
        badge=cell(page, course, visit, forms).badge,
        first=min((first for first, _ in windows), default=None),
        last=max((last for _, last in windows), default=None),
        entries=tuple(entries),
    )


def _waits(one: Due, course: Course) -> bool:
    """Whether an expected record is worth a line; a later day of a daily form is not."""
    if (one.form, one.visit, one.number) in course.heads:
        return False
    return one.number == 0 or one.state in ("due", "overdue", "missed")


def _saved(page: Page, study: Study, head: Head) -> Entry:
    badge = CELLS["queries"] if head.findings else RECORD.get(head.status, CELLS["complete"])
    return Entry(
        form=head.form,
        visit=head.visit,
        number=head.number,
        title=form_title(study, head.form, page.language, head.number),
        badge=CELLS["complete"] if head.status == "queries" and not head.findings else badge,
        on=head.on,
        version=head.version,
        findings=head.findings,
        link=True,
    )


_KINDS = {"not-yet": "not-started", "optional": "not-started"}


def _expected(page: Page, study: Study, one: Due) -> Entry:
    return Entry(
        form=one.form,
        visit=one.visit,
        number=one.number,
        title=form_title(study, one.form, page.language, one.number),
        badge=CELLS[_KINDS.get(one.state, one.state)],
        on=None,
        version=0,
        findings=0,
        link=False,
    )
