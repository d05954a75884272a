"""The diary: one page a day, kept on the phone while there is no connection, sent later."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from equipoise.errors import EquipoiseError, SavedFirst, UnknownRecord
from equipoise.protocol.forms import Item
from equipoise.protocol.model import Study
from equipoise.protocol.participants_plan import Diary
from equipoise.schedule.matrix import DAILY
from equipoise_server.services.own_pages.diary import DiaryDay, days_of, keep_diary, plan_of
from equipoise_server.store import study as studies
from equipoise_server.store.queries import records
from equipoise_server.web.participant.frame import own_page
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.rendering import render


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of the diary as it is drawn."""

    name: str
    text: str
    kind: str
    options: tuple[tuple[str, str], ...]
    low: int
    high: int
    value: str


@own_page
def days(page: Page, code: str) -> HttpResponse:
    """Every day of the diary that has begun, the newest first."""
    now = timezone.now()
    found = [one for one in reversed(days_of(code, now)) if one.state != "not-yet"]
    return render(page, "participant/days.html", {"days": found, "code": code})


@own_page
def day(page: Page, code: str, number: int) -> HttpResponse:
    """Write one day, or send what was kept on the phone."""
    now, study = timezone.now(), studies.of_participant(code)
    plan = plan_of(study)
    found = next((one for one in days_of(code, now) if one.number == number), None)
    if found is None or found.state == "not-yet":
        raise UnknownRecord("day of the diary")
    if page.request.method == "POST":
        return _send(page, code, study, plan, found, now)
    saved = _saved(code, study, plan, number)
    return _page(page, code, found, saved, {})


def _saved(code: str, study: Study, plan: Diary, number: int) -> dict[str, str]:
    kept = records.versions(code, plan.form, DAILY, number, reading=study.digest)
    answers = (kept[0].answers or {}) if kept else {}
    return {name: _typed(answers.get(name)) for name in plan.items}


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _send(
    page: Page, code: str, study: Study, plan: Diary, found: DiaryDay, now: datetime
) -> HttpResponse:
    sent = page.request.POST
    typed = {name: sent.get(f"v.{name}", "")[:200] for name in plan.items}
    expected = sent.get("expected", "")
    error: EquipoiseError | None = None
    try:
        keep_diary(
            participant=code,
            number=found.number,
            values={name: text for name, text in typed.items() if text},
            written_at=_moment(sent.get("written", ""), now),
            expected=int(expected[:6]) if expected.isdecimal() else found.version,
            at=now,
            key=sent.get("key", "")[:200] or f"diary/{code}/{found.number}/{now.isoformat()}",
        )
    except EquipoiseError as refused:
        error = refused
    if page.request.headers.get("Accept") == "application/json":
        return _as_json(code, study, plan, found, error)
    if error is None:
        return HttpResponseRedirect(reverse("participant:home") + "?done=diary")
    return _page(page, code, found, typed, _trouble(code, study, plan, found, error))


def _moment(text: str, now: datetime) -> datetime:
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        return now
    return written if written.tzinfo is not None else now


def _trouble(
    code: str, study: Study, plan: Diary, found: DiaryDay, error: EquipoiseError
) -> dict[str, Any]:
    conflict = isinstance(error, SavedFirst)
    theirs = _saved(code, study, plan, found.number) if conflict else {}
    return {"error": error, "conflict": conflict, "theirs": theirs, "status": status_of(error)}


def _as_json(
    code: str, study: Study, plan: Diary, found: DiaryDay, error: EquipoiseError | None
) -> HttpResponse:
    if error is None:
        return JsonResponse({"saved": True})
    trouble = _trouble(code, study, plan, found, error)
    body = {
        "saved": False,
        "conflict": trouble["conflict"],
        "code": error.code,
        "theirs": trouble["theirs"],
        "version": found.version,
    }
    return JsonResponse(body, status=trouble["status"])


def _page(
    page: Page, code: str, found: DiaryDay, typed: dict[str, str], trouble: dict[str, Any]
) -> HttpResponse:
    study = studies.of_participant(code)
    plan = plan_of(study)
    theirs = trouble.get("theirs", {})
    fields = _fields(page, study, plan, typed)
    shown = _fields(page, study, plan, theirs) if theirs else ()
    context = {
        "code": code,
        "key": token_hex(16),
        "day": found,
        "fields": fields,
        "differs": [
            (one, _label(one), _label(other))
            for one, other in zip(fields, shown, strict=False)
            if one.value != other.value
        ],
        **trouble,
    }
    return render(page, "participant/day.html", context, status=trouble.get("status", 200))


def _label(field: Field) -> str:
    return dict(field.options).get(field.value, field.value) or "-"


def _fields(page: Page, study: Study, plan: Diary, typed: dict[str, str]) -> tuple[Field, ...]:
    form = study.forms[plan.form]
    found = []
    for name in plan.items:
        item = form.item(name)
        if item is not None:
            found.append(_field(page, study, plan, item, typed.get(name, "")))
    return tuple(found)


def _field(page: Page, study: Study, plan: Diary, item: Item, value: str) -> Field:
    lists = {one.id: one for one in study.protocol.code_lists}
    options: tuple[tuple[str, str], ...] = ()
    kind = "number"
    if item.type == "boolean":
        kind, options = "pick", (("false", _("No")), ("true", _("Yes")))
    elif item.codes:
        kind = "pick"
        codes = lists[item.codes].codes
        options = tuple((one.code, one.text.say(page.language)) for one in codes)
    if item.id in plan.sliders:
        kind = "slider"
    return Field(
        name=item.id,
        text=item.text.say(page.language),
        kind=kind,
        options=options,
        low=int(item.low or 0),
        high=int(item.high or 100),
        value=value,
    )


@require_safe
@open_page
def worker(page: Page) -> HttpResponse:
    """The service worker: it keeps the diary's pages and nothing else."""
    path = finders.find("participant/worker.js")
    with open(str(path), encoding="utf-8") as file:
        text = file.read()
    keep = [
        static(one)
        for one in (
            "shared/vendor/bootstrap-5.3.9.min.css",
            "shared/equipoise.css",
            "public/public.css",
            "participant/participant.css",
            "participant/diary.js",
        )
    ]
    answer = HttpResponse(
        f"const KEEP = {json.dumps(keep)};\n{text}", content_type="text/javascript"
    )
    answer["Cache-Control"] = "no-cache"
    return answer
