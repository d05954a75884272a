"""Preparing one unit: the study's own form, and a second person who checks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise import forms
from equipoise.errors import EquipoiseError, NotPermitted, SamePerson, TwoPersonsRequired
from equipoise.participant import ParticipantState
from equipoise.protocol.forms import Form, Item
from equipoise_server.allocator import asking
from equipoise_server.allocator.asking import Secret
from equipoise_server.services.supply.dispense import prepare_unit, thaw_unit
from equipoise_server.store import supplies
from equipoise_server.store.models import User
from equipoise_server.store.queries import participants
from equipoise_server.store.queries import trial as trials
from equipoise_server.unblinded import dues, frame
from equipoise_server.unblinded.frame import Desk, page_for, render

_INPUTS = {"integer": "number", "decimal": "number", "date": "date", "datetime": "datetime-local"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One unit to prepare: for whom, which dose, on which form, under which request key."""

    state: ParticipantState
    number: int
    unit: str
    status: str
    kit: str
    form: Form | None
    zone: ZoneInfo
    key: str


@sensitive_post_parameters("second_pin")
@require_http_methods(["GET", "POST"])
@page_for("prepare")
def prepare(here: Desk, code: str, number: int) -> HttpResponse:
    """Fill in the preparation, have it checked, and mark the unit as ready."""
    task = _task(here, code, number)
    product = here.product_text(here.me.ask("contents", {"kit": task.kit}))
    if here.request.method == "GET":
        return _form(here, task, product, {}, [])
    if "thaw" in here.request.POST:
        return _thawed(here, task, product)
    return _posted(here, task, product)


def _thawed(here: Desk, task: Task, product: str) -> HttpResponse:
    """The unit leaves the cold now; its in-use limit runs on the blinded side's clock too."""
    try:
        thaw_unit(unit=task.unit, by=_user(here), at=timezone.now(), key=task.key)
    except EquipoiseError as problem:
        status = frame.status_of(problem)
        return _form(here, task, product, {}, [], problem=problem, status=status)
    return HttpResponseRedirect(here.request.path)


def _user(here: Desk) -> User:
    """The same person on the blinded side, who is told that a unit is thawed or ready.

    Raises:
        NotPermitted: nobody works there under this name.

    """
    known = User.objects.only("username", "full_name")  # the role reads no passwords
    found = known.filter(username=here.me.name, is_active=True).first()
    if found is None:
        raise NotPermitted("mark the unit", "a user of the same name on the blinded side")
    return found


def _task(here: Desk, code: str, number: int) -> Task:
    state = participants.state(code)
    dosing = here.study.protocol.dosing
    if state is None or state.kit is None or dosing is None or not 1 <= number <= dosing.doses:
        raise Http404
    zones = {site.code: site.timezone for site in trials.sites()}
    unit, status = dues.unit_of(supplies.state_of(state.kit), number)
    key = here.request.POST.get("key", "")[:60] or f"prepare/{token_hex(16)}"
    return Task(
        state=state,
        number=number,
        unit=unit,
        status=status,
        kit=state.kit,
        form=here.study.forms.get(dosing.preparation_form or ""),
        zone=ZoneInfo(zones.get(state.site, "UTC")),
        key=key,
    )


def _posted(here: Desk, task: Task, product: str) -> HttpResponse:
    posted = here.request.POST
    raw = _raw(task, posted)
    values: dict[str, Any] = {}
    wrong: list[str] = []
    if task.form is not None:
        checked = forms.prepare(here.study.protocol, task.form, raw)
        values = {name: _storable(value) for name, value in checked.values.items()}
        wrong = [
            one.message.say(here.language) for one in checked.findings if one.severity == "hard"
        ]
        wrong += _missing(task.form, checked.values, here.language)
    if wrong:
        return _form(here, task, product, dict(posted.items()), wrong, status=409)
    try:
        _save(here, task, values)
    except EquipoiseError as problem:
        status = frame.status_of(problem)
        shown = dict(posted.items())
        return _form(here, task, product, shown, [], problem=problem, status=status)
    return HttpResponseRedirect(f"{reverse('worklist')}?done={quote(task.unit)}")


def _missing(form: Form, values: Any, language: str) -> list[str]:
    return [
        item.text.say(language)
        for item in form.items()
        if item.required
        and not item.derive
        and item.shown_if is None
        and values.get(item.id) is None
    ]


def _save(here: Desk, task: Task, values: dict[str, Any]) -> None:
    """The vault first, which is the authority; then the blinded side learns that it is ready.

    Repeated under the same key both give the same answer, so that a break between them is
    mended by sending the form again.
    """
    posted, me = here.request.POST, here.me
    name = posted.get("second", "").strip()
    if not name:
        raise TwoPersonsRequired("Preparation")
    if name == me.name:
        raise SamePerson("Preparation")
    about = {
        "participant": task.state.code,
        "kit": task.kit,
        "form": task.form.id if task.form else "preparation",
        "number": task.number,
        "document": values,
        "key": task.key,
        "reason": posted.get("reason", "").strip()[:500],
    }
    secret = Secret(person=name, kind="pin", typed=posted.get("second_pin", ""))
    checked = asking.second(secret, "prepare", about, first=me.name)
    me.ask("prepare", about, second=checked)
    by = _user(here)
    prepare_unit(unit=task.unit, by=by, at=timezone.now(), key=task.key, verified_by=name)


def _raw(task: Task, posted: Any) -> dict[str, object]:
    """What was typed; local times are those of the site's clock."""
    raw: dict[str, object] = {}
    for item in task.form.items() if task.form else ():
        value = posted.get(item.id, "")
        if item.type == "datetime" and value:
            value = _instant(value, task.zone)
        raw[item.id] = value
    return raw


def _instant(typed: str, zone: ZoneInfo) -> object:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone)
    except ValueError:
        return typed


def _storable(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _form(
    here: Desk,
    task: Task,
    product: str,
    typed: dict[str, Any],
    wrong: list[str],
    *,
    problem: EquipoiseError | None = None,
    status: int = 200,
) -> HttpResponse:
    groups = [
        {
            "title": group.title.say(here.language),
            "items": [_field(here, item, typed) for item in group.items if not item.derive],
        }
        for group in (task.form.groups if task.form else ())
    ]
    context = {
        "task": task,
        "kit": here.me.ask("kit", {"kit": task.kit}),
        "product": product,
        "groups": groups,
        "wrong": wrong,
        "problem": frame.sentence(problem) if problem else None,
        "thaw_first": task.status == "held" and _thaws(here),
        "second": typed.get("second", ""),
        "reason": typed.get("reason", ""),
    }
    return render(here, "unblinded/prepare.html", context, status=status)


def _thaws(here: Desk) -> bool:
    dosing = here.study.protocol.dosing
    return dosing is not None and dosing.in_use_hours is not None


def _field(here: Desk, item: Item, typed: dict[str, Any]) -> dict[str, Any]:
    listed = next((one for one in here.study.protocol.code_lists if one.id == item.codes), None)
    return {
        "id": item.id,
        "text": item.text.say(here.language),
        "unit": item.unit,
        "kind": item.type,
        "input": _INPUTS.get(item.type, "text"),
        "step": "any" if item.type == "decimal" else None,
        "required": item.required and item.shown_if is None,
        "options": [(one.code, one.text.say(here.language)) for one in listed.codes]
        if listed
        else [],
        "value": typed.get(item.id, ""),
    }
