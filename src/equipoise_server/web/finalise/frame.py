"""What the pages of signing, locking and amending share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from equipoise.errors import EquipoiseError
from equipoise.participant import ParticipantState
from equipoise_server.services import permissions
from equipoise_server.store.models import User
from equipoise_server.store.queries import participants as people
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import form_title, visit_title
from equipoise_server.web.shared.words import Words

_TABS: tuple[tuple[str, str, Words], ...] = (
    ("signing", "finalise:signatures", _("Signatures")),
    ("locking", "finalise:locks", _("Locks")),
    ("agreeing", "finalise:proposals", _("For two persons")),
    ("amendments", "finalise:amendments", _("Amendments")),
    ("amendments", "finalise:board", _("Safety board")),
)

MEANINGS: dict[str, Words] = {
    "refused.factor-required": _("Give your password and second factor for this act."),
    "refused.factor-refused": _("Password and second factor do not fit, or were used already."),
    "refused.not-permitted": _("Your role does not allow this here."),
    "refused.not-ready": _("Something is left to do. See the checklist."),
    "refused.part-locked": _("This is locked. Two persons can unlock it."),
    "refused.locked": _("The study is locked, so nothing can be changed."),
    "refused.two-persons": _("This needs another person, and a reason from each."),
    "refused.reason-required": _("Say why."),
    "refused.already-recorded": _("This was done already."),
    "refused.amendment": _("The amendment does not allow this. Read why below."),
    "refused.unknown": _("There is no such thing any more. Open the page again."),
    "conflict.saved-first": _("A record was changed since you opened this page. Read it anew."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One part of finalising."""

    label: Words
    url: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A record in words, and where to read it."""

    participant: str
    title: str
    visit: Words
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of something that was sent: an error with its meaning, or nothing wrong."""

    error: EquipoiseError | None = None

    @property
    def meaning(self) -> Words:
        """The refusal in the viewer's language."""
        code = self.error.code if self.error else ""
        return MEANINGS.get(code, _("This was not done. Nothing was changed."))


def tabs(page: Page, current: str) -> tuple[Tab, ...]:
    """The parts that the viewer may open."""
    return tuple(
        Tab(label=label, url=reverse(name), current=name == current)
        for kind, name, label in _TABS
        if page.viewer.may_read(kind)
    )


def me(page: Page) -> User:
    """The person who is signed in."""
    user = page.viewer.user
    if user is None:
        raise Http404
    return user


def who(page: Page, kind: str, code: str) -> ParticipantState:
    """A participant whose site the viewer sees.

    Raises:
        Http404: nobody has this code. NotPermitted: another site.

    """
    state = people.state(code, cut=page.moment.cut)
    if state is None:
        raise Http404
    page.require_site(kind, state.site)
    return state


def where(page: Page, code: str, form: str, visit: str, number: int) -> Where:
    """A record as a line of a list."""
    return Where(
        participant=code,
        title=form_title(page.study, form, page.language, number),
        visit=visit_title(page.study, visit, page.language),
        url=reverse("site:record", args=(code, form, visit, number)) if form else "",
    )


def may(page: Page, step: str, site: str | None = None) -> bool:
    """Whether the viewer may take this step now: no past day, no locked study."""
    if page.trial is None or page.trial.locked_at is not None or page.moment.past:
        return False
    return permissions.may(step, by=me(page), at=timezone.now(), site=site)


def attempt(page: Page, work: Callable[[User, datetime, str], Any]) -> Outcome:
    """Do what was sent, under the key of the form, so that sending twice does it once."""
    key = page.request.POST.get("key", "") or new_key()
    try:
        work(me(page), timezone.now(), key[:200])
    except EquipoiseError as error:
        return Outcome(error=error)
    return Outcome()


def new_key() -> str:
    """The key of a form that is shown."""
    return token_hex(16)


def frame(page: Page, current: str, outcome: Outcome | None = None) -> dict[str, Any]:
    """What every template here needs."""
    return {
        "tabs": tabs(page, current),
        "outcome": outcome or Outcome(),
        "key": new_key(),
        "done": page.request.GET.get("done", ""),
    }
