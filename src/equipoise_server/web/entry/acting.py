"""Pages of actions: one question, one button, one service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from equipoise.errors import (
    Conflict,
    EquipoiseError,
    ExternalError,
    Locked,
    NotPermitted,
    Refused,
    said_of,
)
from equipoise.participant import NOBODY, ParticipantState
from equipoise_server.services.access import permissions
from equipoise_server.services.participants.screen import screen
from equipoise_server.store.queries import trial
from equipoise_server.web.entry.actions import BY_NAME, Action, Asked, Choices, Input
from equipoise_server.web.entry.forms import crumbs
from equipoise_server.web.entry.saving import new_key
from equipoise_server.web.entry.spot import KIND, me, who
from equipoise_server.web.entry.typed import day, with_offset
from equipoise_server.web.entry.words import meaning
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import Words

LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One input as it is drawn: what it holds, what it may hold, what is wrong with it."""

    input: Input
    text: str
    choices: Choices
    wrong: str


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def act(page: Page, code: str, action: str) -> HttpResponse:
    """One action on a participant: first the question, then the deed."""
    wanted = BY_NAME.get(action)
    state = who(page, code)
    if wanted is None:
        raise Http404
    _require(page, wanted.step, state.site)
    zone = page.zone_of(state.site)
    if page.request.method == "GET":
        return _ask(page, wanted, state, _first(wanted, page, zone))
    return _do(page, wanted, state, zone)


def _require(page: Page, step: str, site: str | None) -> None:
    """Refuse before anything is shown.

    Raises:
        NotPermitted: no role for the step at the site.

    """
    if not permissions.may(step, by=me(page), at=timezone.now(), site=site):
        raise NotPermitted(step, permissions.role_needed(permissions.ALLOWED[step], site))


def _first(action: Action, page: Page, zone: str) -> dict[str, str]:
    """What the inputs hold at first: now, today, the only choice."""
    now = timezone.now().astimezone(ZoneInfo(zone))
    known = {"date": now.date().isoformat(), "moment": now.strftime("%Y-%m-%d %H:%M")}
    return {one.name: known.get(one.kind, "") for one in action.inputs}


def _do(page: Page, action: Action, state: ParticipantState, zone: str) -> HttpResponse:
    typed = {one.name: page.request.POST.get(one.name, "") for one in action.inputs}
    values, wrong = _understand(page, action, state, zone, typed)
    if wrong:
        return _ask(page, action, state, typed, wrong=wrong, status=409)
    asked = Asked(
        code=state.code,
        by=me(page),
        at=timezone.now(),
        key=page.request.POST.get("key", "")[:200] or new_key(),
        values=values,
    )
    try:
        action.run(asked)
    except NotPermitted:
        raise
    except (Refused, Conflict, ExternalError) as error:
        return _ask(page, action, state, typed, error=error, status=status_of(error))
    done = reverse("entry:work", args=[state.code]) + f"?done={action.name}"
    return HttpResponseRedirect(done)


def _understand(
    page: Page, action: Action, state: ParticipantState, zone: str, typed: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Typed values, and what is wrong per input."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for one in action.inputs:
        text = typed[one.name].strip()
        value, trouble = _value(one, text, one.choices(page.study, state), zone)
        values[one.name] = value
        if trouble:
            wrong[one.name] = trouble
    return values, wrong


def _value(one: Input, text: str, choices: Choices, zone: str) -> tuple[Any, str]:
    if not text:
        return None, _("This is still to be answered.") if one.required else ""
    match one.kind:
        case "date":
            return _date(text)
        case "moment":
            return _moment(text, zone)
        case "choice":
            known = any(text == code for code, _label in choices)
            return (text, "") if known else (None, _("Choose from the list."))
        case "text":
            return (text, "") if _writable(text) else (None, _("Write at most 500 characters."))


def _writable(text: str) -> bool:
    return len(text) <= LONGEST and text.isprintable()


def _date(text: str) -> tuple[date | None, str]:
    found = day(text)
    return found, "" if found else _("This is not a date. Write it as 2026-03-01.")


def _moment(text: str, zone: str) -> tuple[datetime | None, str]:
    trouble = _("This is not a date and time. Write it as 2026-03-01 08:00.")
    try:
        moment = datetime.fromisoformat(with_offset(text, zone))
    except ValueError:
        return None, trouble
    return (moment, "") if moment.tzinfo is not None else (None, trouble)


def _ask(
    page: Page,
    action: Action,
    state: ParticipantState,
    typed: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    error: EquipoiseError | None = None,
    status: int = 200,
) -> HttpResponse:
    locked = page.trial is not None and page.trial.locked_at is not None
    shut = Locked(action.step) if locked and error is None else error
    rows = [_row(page, one, state, typed, wrong or {}) for one in action.inputs]
    context = {
        "title": action.title,
        "says": action.says,
        "button": "" if locked else action.button,
        "rows": rows,
        "code": state.code,
        "zone": page.zone_of(state.site) if state.site else "",
        "meaning": meaning(shut) if shut else "",
        "sentence": said_of(shut) if shut else "",
        "code_of": shut.code if shut else "",
        "key": page.request.POST.get("key", "")[:200] or new_key(),
        "crumbs": crumbs(state.code) if state.code else (_to_list(),),
        "back": reverse("entry:work", args=[state.code]) if state.code else _to_list()[1],
    }
    return render(page, "entry/action.html", context, status=status)


def _to_list() -> tuple[str, str]:
    return _("Participants"), reverse("site:participants")


def _row(
    page: Page,
    one: Input,
    state: ParticipantState,
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
) -> Row:
    choices = one.choices(page.study, state)
    only = choices[0][0] if len(choices) == 1 else ""
    return Row(
        input=one,
        text=typed.get(one.name, "") or only,
        choices=choices,
        wrong=wrong.get(one.name, ""),
    )


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def new(page: Page) -> HttpResponse:
    """Put a new person on the screening log; the code is drawn, nobody chooses it."""
    _require(page, "screen", None)
    sites = _sites(page)
    action = Action(
        name="screen",
        step="screen",
        title=_("New participant"),
        says=_(
            "The participant gets a code. Write it on the paper of the site; names are not "
            "entered here."
        ),
        button=_("Enter on the screening log"),
        run=lambda asked: None,
        possible=lambda state: True,
        inputs=(
            Input(name="site", label=_("Site"), kind="choice", choices=lambda *_given: sites),
            Input(name="on", label=_("Date of screening"), kind="date"),
        ),
    )
    zone = page.zone_of(sites[0][0]) if sites else "UTC"
    if page.request.method == "GET":
        return _ask(page, action, NOBODY, _first(action, page, zone))
    return _screened(page, action, zone)


def _screened(page: Page, action: Action, zone: str) -> HttpResponse:
    typed = {one.name: page.request.POST.get(one.name, "") for one in action.inputs}
    values, wrong = _understand(page, action, NOBODY, zone, typed)
    if wrong:
        return _ask(page, action, NOBODY, typed, wrong=wrong, status=409)
    key = page.request.POST.get("key", "")[:200] or new_key()
    try:
        code = screen(site=values["site"], on=values["on"], by=me(page), at=timezone.now(), key=key)
    except NotPermitted:
        raise
    except (Refused, Conflict, ExternalError) as error:
        return _ask(page, action, NOBODY, typed, error=error, status=status_of(error))
    return HttpResponseRedirect(reverse("entry:work", args=[code]) + "?done=screen")


def _sites(page: Page) -> Choices:
    """The open sites at which the viewer may screen."""
    at, by = timezone.now(), me(page)
    found: list[tuple[str, Words]] = [
        (one.code, f"{one.code} · {said(one.name, page.language)}")
        for one in trial.sites()
        if one.closed_at is None and permissions.may("screen", by=by, at=at, site=one.code)
    ]
    return tuple(found)
