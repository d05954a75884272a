"""What My day says of a dose that was started: to be stopped, and the looks that follow it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from equipoise.errors import Refused
from equipoise.participant.state import Dose
from equipoise.protocol.conduct_rules import Dosing
from equipoise.schedule import Look, looks_of, next_look
from equipoise.schedule.matrix import DOSING
from equipoise_server.services.access import permissions
from equipoise_server.store.queries import records
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import plain_text
from equipoise_server.web.site.course import Course

RUNS = timedelta(hours=6)
"""What was not stopped or closed by then is a gap in the record, no longer a task of the hour."""


def bedside_tasks(page: Page, course: Course, forms: Collection[str]) -> Iterator[dict[str, Any]]:
    """The fields of one task each, for the newest dose of one participant.

    `forms`: those that the viewer may read.
    """
    dosing, at = course.study.protocol.dosing, page.moment.at
    given = [one for one in course.state.doses if one.amount != "not" and one.at <= at]
    dose = max(given, key=lambda one: one.at, default=None)
    if dosing is None or dose is None or at - dose.at > RUNS:
        return
    if dosing.administration_form in forms and _runs(page, course, dosing, dose):
        yield _task(
            page,
            course,
            _("Dose %(number)s is running: stop it") % {"number": dose.number},
            dose.at,
            "entry:stop" if page.viewer.may("administer", course.state.site) else "",
            (course.state.code, dose.number),
        )
    if dosing.reaction_form in forms and _may_look(page, course, dosing):
        look = _next(page, course, dosing, dose)
        if look is not None:
            yield _look(page, course, dose, look)


def _answers(page: Page, course: Course, form: str, number: int) -> Collection[str]:
    if (form, DOSING, number) not in course.heads:
        return ()
    code, digest = course.state.code, course.study.digest
    cut = page.moment.cut
    versions = records.versions(code, form, DOSING, number, cut=cut, reading=digest)
    return (versions[0].answers or {}).keys() if versions else ()


def _runs(page: Page, course: Course, dosing: Dosing, dose: Dose) -> bool:
    """Whether the dose was started at the bedside and its end is not recorded."""
    stop = dosing.items.stop if dosing.items else None
    if stop is None:
        return False
    known = _answers(page, course, dosing.administration_form, dose.number)
    return bool(known) and stop not in known


def _may_look(page: Page, course: Course, dosing: Dosing) -> bool:
    """Whether the look is the viewer's: who gave a dose does not assess. The past is only read."""
    user, form = page.viewer.user, course.study.forms.get(dosing.reaction_form or "")
    if page.moment.past or user is None or form is None:
        return True
    assessing = course.state.code if form.assesses else ""
    site, at = course.state.site, page.moment.at
    with connection.cursor() as cursor:
        try:
            permissions.require(cursor, "record", by=user, at=at, site=site, assessing=assessing)
        except Refused:
            return False
    return True


def _next(page: Page, course: Course, dosing: Dosing, dose: Dose) -> Look | None:
    sheet, form = dosing.reaction_sheet, dosing.reaction_form
    if sheet is None or form is None:
        return None
    saved = _answers(page, course, form, dose.number)
    return next_look(looks_of(dosing, sheet, dose.number, dose.at, saved, page.moment.at))


def _look(page: Page, course: Course, dose: Dose, look: Look) -> dict[str, Any]:
    words = {"number": dose.number, "minutes": look.minutes}
    what = (
        _("Dose %(number)s: close the observation") % words
        if look.minutes is None
        else _("Dose %(number)s: look at %(minutes)s minutes") % words
    )
    where = "entry:watch" if page.viewer.may("record", course.state.site) else ""
    tone = {"late": "bad", "now": "info"}.get(look.standing, "plain")
    return _task(page, course, what, look.due, where, (course.state.code,), tone=tone)


def _task(
    page: Page,
    course: Course,
    what: str,
    due: datetime,
    where: str,
    args: tuple[str | int, ...],
    *,
    tone: str = "info",
) -> dict[str, Any]:
    code, works = course.state.code, bool(where) and not page.moment.past
    url = reverse(where, args=args) if works else reverse("site:participant", args=[code])
    when = plain_text(due, course.zone)
    return {
        "who": code,
        "what": what,
        "detail": code,
        "when": when[11:16],
        "url": url,
        "icon": "drop" if where == "entry:stop" else "clock",
        "tone": tone,
        "order": when if tone == "plain" else f"0 {when}",
    }
