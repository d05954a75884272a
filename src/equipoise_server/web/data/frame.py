"""What the pages of cleaning share: whose data, which forms, whether anything can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from equipoise.errors import EquipoiseError, MayUnblind
from equipoise.forms import from_json
from equipoise.protocol.forms import Form
from equipoise_server.store.models import User
from equipoise_server.store.queries import records
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.part import Choice, Part, Tab, me, new_key, tabs_of
from equipoise_server.web.shared.values import unit_text, value_text
from equipoise_server.web.shared.visibility import ever_visible, visible_forms
from equipoise_server.web.shared.words import Words

PER_PAGE = 50

_TABS: tuple[Part, ...] = (
    ("cleaning", "data:queries", gettext_lazy("Queries")),
    ("verification", "data:verification", gettext_lazy("Source verification")),
    ("coding", "data:coding", gettext_lazy("Coding")),
    ("deviations", "data:deviations", gettext_lazy("Deviations")),
    ("transfers", "data:transfers", gettext_lazy("Laboratory files")),
)


def tabs(page: Page, current: str) -> tuple[Tab, ...]:
    """The parts of cleaning that the viewer may open."""
    return tabs_of(page, _TABS, current)


def seen_forms(page: Page, kind: str) -> frozenset[str]:
    """The forms of every version that the viewer may read at every site of this kind of page."""
    sites = page.viewer.sites(kind)
    if sites is None:
        return ever_visible(page.viewer.roles)
    found = [ever_visible(page.viewer.roles_at(site)) for site in sites]
    return frozenset.intersection(*found) if found else frozenset()


def seen_form(page: Page, kind: str, site: str, form: str) -> Form:
    """A form that the viewer may read at a site.

    Raises:
        Http404: there is none, or not for these roles.
        NotPermitted: another site.

    """
    page.require_site(kind, site)
    if form not in visible_forms(page.study, page.viewer.roles_at(site)):
        raise Http404
    return page.study.forms[form]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of something that was sent. `confirm`: the text may unblind."""

    error: EquipoiseError | None = None
    answer: Any = None

    @property
    def done(self) -> bool:
        """Whether nothing stood against it."""
        return self.error is None

    @property
    def confirm(self) -> bool:
        """Whether the person may confirm that the text tells nothing."""
        return isinstance(self.error, MayUnblind)


def attempt(page: Page, work: Callable[[User, datetime, str], Any]) -> Outcome:
    """Do what was sent, under the key of the form, so that sending twice does it once."""
    key = page.request.POST.get("key", "") or new_key()
    try:
        return Outcome(answer=work(me(page), timezone.now(), key[:200]))
    except EquipoiseError as error:
        return Outcome(error=error)


def attempt_said(page: Page, work: Callable[..., Any]) -> Outcome:
    """`attempt` of a verb that takes a text which must tell nothing."""
    text, sure = page.request.POST.get("text", ""), confirmed(page)
    return attempt(page, lambda by, at, key: work(text=text, by=by, at=at, key=key, confirmed=sure))


def confirmed(page: Page) -> bool:
    """Whether the person confirmed that a text tells nothing."""
    return page.request.POST.get("confirmed") == "yes"


def choices(words: dict[str, Words], chosen: str) -> tuple[Choice, ...]:
    """The choices of a filter."""
    return tuple(
        Choice(value=value, label=label, chosen=value == chosen) for value, label in words.items()
    )


def label_of(page: Page, form: Form, item: str) -> str:
    """What an item asks; of no item, the record as a whole."""
    found = form.item(item) if item else None
    return found.text.say(page.language) if found else _("The whole record")


def value_of(page: Page, form: Form, item: str, answers: Any, zone: str = "UTC") -> str:
    """A stored answer in words with its unit; "" where there is none."""
    found = form.item(item) if item else None
    if found is None or item not in (answers or {}):
        return ""
    typed = from_json(form, {item: answers[item]})
    text = value_text(page.study, found, typed[item], page.language, zone)
    return f"{text} {unit_text(found.unit)}".strip()


def newest(page: Page, code: str, form: str, visit: str, number: int) -> records.Version | None:
    """The newest version of a record at the moment of the page."""
    found = records.versions(
        code, form, visit, number, cut=page.moment.cut, reading=page.study.digest
    )
    return found[0] if found else None


def number_in(page: Page, name: str, most: int = 1_000_000) -> int:
    """A whole number of the address, 0 where there is none."""
    text = page.request.GET.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 10 else 0
