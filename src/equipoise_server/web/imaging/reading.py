"""Masked reading: what waits, the pictures under their coded name, the sheet of scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from equipoise.protocol.forms import Item
from equipoise.protocol.imaging import FileRule, Reading
from equipoise.protocol.model import Study
from equipoise_server.services.imaging import readings
from equipoise_server.services.imaging.cleaned import keyed
from equipoise_server.services.imaging.read_image import decline_image, read_image, require_masked
from equipoise_server.store import image_files
from equipoise_server.store import study as studies
from equipoise_server.store.models import Image, ImageReading
from equipoise_server.store.queries import imaging
from equipoise_server.store.queries.imaging import Sight
from equipoise_server.web.imaging import frame
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.words import Badge

KIND = "reading"
PER_PAGE = 50
OPEN = Badge(icon="eye", label=_("To be read"), tone="info")
DECIDE = Badge(icon="question", label=_("Readings differ: decide"), tone="warn")
DONE = Badge(icon="check", label=_("Read by you"), tone="good")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A scan in the list of a reader."""

    code: str
    title: str
    pictures: int
    badge: Badge
    total: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One score of the sheet with its choices."""

    id: str
    label: str
    choices: tuple[tuple[int, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is read: the rule of the files and the reading."""

    study: Study
    rule: FileRule
    reading: Reading

    def item(self, name: str) -> Item:
        """An item of the form."""
        found = self.study.forms[self.rule.form].item(name)
        if found is None:
            raise Http404
        return found


@require_safe
@page_for(KIND)
def worklist(page: Page) -> HttpResponse:
    """What waits for this reader, in an order that says nothing, and what is done."""
    _require_masked(page)
    me = frame.me(page).username
    waiting, done = [], []
    for sight in imaging.sights(me):
        plan = _plan(sight)
        if plan is None:
            continue
        own = sight.by(me)
        if own is not None:
            done.append(_row(page, plan, sight, DONE, f"{own.total:g}"))
        elif not readings.complete(plan.reading, sight.readings):
            third = readings.needs_third(plan.reading, sight.readings)
            waiting.append(_row(page, plan, sight, DECIDE if third else OPEN))
    context = {
        "waiting": waiting[:PER_PAGE],
        "more": max(len(waiting) - PER_PAGE, 0),
        "count": len(waiting),
        "done": done[:PER_PAGE],
        "done_count": len(done),
        "kept": page.request.GET.get("kept", "") == "1",
        "locked": page.trial is not None and page.trial.locked_at is not None,
    }
    return render(page, "imaging/worklist.html", context)


def _row(page: Page, plan: Plan, sight: Sight, badge: Badge, total: str = "") -> Row:
    return Row(
        code=sight.scan.code,
        title=plan.reading.title.say(page.language),
        pictures=len(sight.images),
        badge=badge,
        total=total,
    )


def _plan(sight: Sight) -> Plan | None:
    study = studies.of_participant(sight.scan.participant_id)
    rule = study.imaging.rule(sight.scan.rule)
    reading = study.imaging.reading_of(sight.scan.rule)
    return Plan(study=study, rule=rule, reading=reading) if rule and reading else None


def _require_masked(page: Page) -> None:
    with connection.cursor() as cursor:
        require_masked(cursor, by=frame.me(page), at=timezone.now())


def _sight(page: Page, code: str) -> tuple[Sight, Plan]:
    """A scan that this reader may look at.

    Raises:
        Http404: there is none, it is not read, or the reader declined it.
        NotMasked: the person holds, or has held, another role.

    """
    _require_masked(page)
    sight = imaging.sight(code)
    plan = _plan(sight) if sight is not None and sight.images else None
    if sight is None or plan is None:
        raise Http404
    me = frame.me(page).username
    if any(one.by == me for one in imaging.declined_of(sight.scan)):
        raise Http404
    if sight.by(me) is None and readings.complete(plan.reading, sight.readings):
        raise Http404
    return sight, plan


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def read(page: Page, scan: str) -> HttpResponse:
    """One scan: its pictures, and the sheet where it is still to be read."""
    sight, plan = _sight(page, scan)
    outcome, given = frame.Outcome(), _given(page, plan)
    if page.request.method == "POST":
        outcome = _sent(page, sight, given)
        if outcome.error is None:
            return HttpResponseRedirect(f"{reverse('imaging:worklist')}?kept=1")
    own = sight.by(frame.me(page).username)
    context = {
        "scan": sight.scan.code,
        "title": plan.reading.title.say(page.language),
        "help": _help(page, plan),
        "pictures": [(place, one) for place, one in enumerate(sight.images, start=1)],
        "windows": [(one.id, one.title.say(page.language)) for one in plan.rule.windows],
        "questions": _questions(page, plan, given),
        "sums": _sums(plan),
        "total": plan.item(plan.reading.sheets[0].total).text.say(page.language),
        "own": own,
        "own_scores": _labelled(page, plan, own) if own else (),
        "others": _others(page, plan, sight) if own is None else (),
        "content": sight.content,
        "key": frame.new_key(),
        "outcome": outcome,
        "reason": page.request.POST.get("reason", ""),
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "imaging/read.html", context, status=status)


def _given(page: Page, plan: Plan) -> dict[str, int]:
    """The scores that were sent, those that are whole numbers."""
    names = plan.reading.sheets[0].items
    sent = {name: page.request.POST.get(f"v.{name}", "") for name in names}
    return {name: int(text) for name, text in sent.items() if text.isascii() and text.isdigit()}


def _sent(page: Page, sight: Sight, given: Mapping[str, int]) -> frame.Outcome:
    code, post = sight.scan.code, page.request.POST
    if post.get("act") == "decline":
        return frame.attempt(
            page,
            lambda by, at, key: decline_image(
                scan=code, reason=post.get("reason", ""), by=by, at=at, key=key
            ),
        )
    return frame.attempt(
        page,
        lambda by, at, key: read_image(
            scan=code, content=post.get("content", ""), scores=given, by=by, at=at, key=key
        ),
    )


def _sums(plan: Plan) -> bool:
    """Whether the total is the plain sum of the scores, so that a browser may show it."""
    names = plan.reading.sheets[0].items
    every = {name: int(plan.item(name).high or 0) for name in names}
    tried = [
        dict.fromkeys(names, 0),
        every,
        *({**dict.fromkeys(names, 0), one: 1} for one in names),
    ]
    total = readings.total_of
    return all(total(plan.study, plan.reading, one) == sum(one.values()) for one in tried)


def _help(page: Page, plan: Plan) -> str:
    words = plan.study.forms[plan.rule.form].help
    return words.say(page.language) if words else ""


def _questions(page: Page, plan: Plan, given: Mapping[str, int]) -> tuple[Question, ...]:
    return tuple(_question(page, plan, name, given) for name in plan.reading.sheets[0].items)


def _question(page: Page, plan: Plan, name: str, given: Mapping[str, int]) -> Question:
    item = plan.item(name)
    span = range(int(item.low or 0), int(item.high or 0) + 1)
    return Question(
        id=name,
        label=item.text.say(page.language),
        choices=tuple((one, given.get(name) == one) for one in span),
    )


def _labelled(page: Page, plan: Plan, row: ImageReading) -> tuple[tuple[str, Any], ...]:
    scores = json.loads(row.scores)
    return tuple(
        (plan.item(name).text.say(page.language), scores.get(name))
        for name in plan.reading.sheets[0].items
    )


def _others(page: Page, plan: Plan, sight: Sight) -> tuple[Any, ...]:
    """Both readings for the one who decides: without names, and in an order that tells nothing."""
    if not plan.reading.shows_both or not readings.needs_third(plan.reading, sight.readings):
        return ()
    both = [sight.readings[slot] for slot in (readings.FIRST, readings.SECOND)]
    secret = image_files.key()
    both.sort(key=lambda one: keyed(secret, "order", f"{sight.scan.code}/{one.by}"))
    rows = [_labelled(page, plan, one) for one in both]
    together = [(label, one, two) for (label, one), (_same, two) in zip(*rows, strict=True)]
    return (together, [f"{one.total:g}" for one in both])


@require_safe
@page_for(KIND)
def picture(page: Page, scan: str, place: int, number: int) -> HttpResponse:
    """One frame of one picture, under the coded name alone."""
    sight, plan = _sight(page, scan)
    if not 1 <= place <= len(sight.images):
        raise Http404
    image: Image = sight.images[place - 1]
    data = image_files.read(image.sha256)
    return frame.picture(page, data, f"{scan}-{place}", number, plan.rule)
