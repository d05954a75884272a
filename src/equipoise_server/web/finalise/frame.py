"""What the pages of signing, locking and amending share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from equipoise.errors import EquipoiseError, NotReady
from equipoise.protocol.model import Study
from equipoise_server.store import study as studies
from equipoise_server.store.models import User
from equipoise_server.store.queries.records import Key
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.part import Part, me, new_key, tabs_of
from equipoise_server.web.shared.values import form_title, visit_title
from equipoise_server.web.shared.words import Words

_TABS: tuple[Part, ...] = (
    ("signing", "finalise:signatures", _("Signatures")),
    ("locking", "finalise:locks", _("Locks")),
    ("agreeing", "finalise:proposals", _("For two persons")),
    ("amendments", "finalise:amendments", _("Amendments")),
    ("board", "finalise:board", _("Safety board")),
    ("interim", "finalise:interim", _("Interim analysis")),
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
    "refused.out-of-order": _("It is not time for this yet. Read why below."),
    "refused.amendment": _("The amendment does not allow this. Read why below."),
    "refused.unknown": _("There is no such thing any more. Open the page again."),
    "conflict.saved-first": _("A record was changed since you opened this page. Read it anew."),
}


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


def where(study: Study, language: str, code: str, key: Key) -> Where:
    """A record as a line of a list; `study` is the version that the participant is under."""
    form, visit, number = key
    return Where(
        participant=code,
        title=form_title(study, form, language, number),
        visit=visit_title(study, visit, language),
        url=reverse("site:record", args=(code, form, visit, number)) if form else "",
    )


def attempt(page: Page, work: Callable[[User, datetime, str], Any]) -> Outcome:
    """Do what was sent, under the key of the form, so that sending twice does it once."""
    key = page.request.POST.get("key", "") or new_key()
    try:
        work(me(page), timezone.now(), key[:200])
    except EquipoiseError as error:
        return Outcome(error=error)
    return Outcome()


def frame(page: Page, current: str, outcome: Outcome | None = None) -> dict[str, Any]:
    """What every template here needs."""
    return {
        "tabs": tabs_of(page, _TABS, current),
        "outcome": outcome or Outcome(),
        "left": _left(page, outcome.error) if outcome else (),
        "key": new_key(),
        "done": page.request.GET.get("done", ""),
    }


def _left(page: Page, error: EquipoiseError | None) -> tuple[Where, ...]:
    """The records that a refusal to lock names."""
    places = error.places if isinstance(error, NotReady) else ()
    under = studies.of_participants({place[0] for place in places})
    return tuple(
        where(under[code], page.language, code, (form, visit, number))
        for code, form, visit, number in places
    )
