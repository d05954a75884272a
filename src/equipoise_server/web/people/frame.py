"""What the pages about people share: their tabs, days, and a refusal shown on the page itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from equipoise.errors import Conflict, EquipoiseError, NotPermitted, Refused, say
from equipoise_server.services.access import permissions
from equipoise_server.store import study as studies
from equipoise_server.store.models import User
from equipoise_server.store.queries import trial as trials
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.words import ROLES, Words

TASK_WORDS: dict[str, Words] = {
    "consent": _("Explain the study and take consent"),
    "screening": _("Screen"),
    "randomisation": _("Randomise"),
    "product": _("Hand out and give the product"),
    "records": _("Enter and correct data"),
    "safety": _("Report adverse events"),
    "follow-up": _("Follow up, withdraw, complete"),
}


def task_words(page: Page) -> dict[str, Words]:
    """The tasks of this trial with their words, in the order of the study folder."""
    said = {one.id: one.title.say(page.language) for one in studies.people_plan().tasks}
    return {task: said.get(task) or TASK_WORDS.get(task, task) for task in permissions.tasks()}


_TABS: tuple[tuple[str, str, str | Promise], ...] = (
    ("staff", "people:members", _("Roles and invitations")),
    ("role history", "people:roles", _("Who had which role when")),
    ("delegation log", "people:delegations", _("Delegation log")),
    ("trainings", "people:trainings", _("Trainings")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One page about people."""

    label: str | Promise
    url: str
    current: bool


def tabs(page: Page) -> tuple[Tab, ...]:
    """The pages about people that the viewer may open."""
    found = [(reverse(name), label) for kind, name, label in _TABS if page.viewer.may_read(kind)]
    path = page.request.path
    return tuple(Tab(label=label, url=url, current=path.startswith(url)) for url, label in found)


def show(
    page: Page, template: str, context: dict[str, Any], *, error: EquipoiseError | None = None
) -> HttpResponse:
    """One of the pages, with a refusal on it where there is one."""
    whole = {
        "tabs": tabs(page),
        "error": error,
        "done": page.request.GET.get("done", ""),
        **context,
    }
    return render(page, template, whole, status=status_of(error) if error else 200)


def attempt(work: Callable[[], object]) -> EquipoiseError | None:
    """Do it; the refusal where it was refused."""
    try:
        work()
    except (Refused, Conflict) as error:
        return error
    return None


def me(page: Page) -> User:
    """The person who is signed in."""
    if page.viewer.user is None:
        raise NotPermitted("do this", "somebody who is signed in")
    return page.viewer.user


def role_words(roles: tuple[str, ...]) -> tuple[tuple[str, Words], ...]:
    """Roles with their words, for choosing."""
    return tuple((role, ROLES.get(role, role)) for role in roles)


def zone(site: str | None = None) -> ZoneInfo:
    """The clock of a site, else of the first one."""
    every = trials.sites()
    found = next((one.timezone for one in every if one.code == site), None)
    return ZoneInfo(found or (every[0].timezone if every else "UTC"))


def start_of(text: str, at: datetime, where: ZoneInfo) -> datetime:
    """When something begins that begins on a typed day: now where that is today.

    Raises:
        NotPermitted: it is no day.

    """
    day = _day(text)
    if day is None or day == at.astimezone(where).date():
        return at
    return datetime.combine(day, time(), where)


def end_of(text: str, where: ZoneInfo) -> datetime | None:
    """When something ends that counts up to and with a typed day; None where none is typed.

    Raises:
        NotPermitted: it is no day.

    """
    day = _day(text)
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), where)


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as problem:
        raise NotPermitted(
            say("enter {text} as a day", text=repr(text[:20])), "a day as YYYY-MM-DD"
        ) from problem
    if not 2000 <= day.year <= 2100:
        raise NotPermitted(
            say("enter {text} as a day", text=repr(text[:20])), "a year from 2000 to 2100"
        )
    return day


def key_of(page: Page) -> str:
    """The key that the form was drawn with, so that sent twice it counts once."""
    return page.request.POST.get("key", "")[:150] or new_key()


def new_key() -> str:
    """A key for a form."""
    return f"people/{uuid4()}"


def now() -> datetime:
    """The clock of the server."""
    return timezone.now()
