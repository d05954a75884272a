"""What the sections of pages share: their parts, whose data, what can be done, filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from secrets import token_hex

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from equipoise.participant import ParticipantState
from equipoise_server.services.access import permissions
from equipoise_server.store.models import User
from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries import trial
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import Words

Part = tuple[str, str, Words]
"""Which kind of page it is, the name of its address, its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One part of a section."""

    label: Words
    url: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One choice of a filter."""

    value: str
    label: Words
    chosen: bool


def tabs_of(page: Page, parts: Iterable[Part], current: str) -> tuple[Tab, ...]:
    """The parts that the viewer may open."""
    return tuple(
        Tab(label=label, url=reverse(name), current=name == current)
        for kind, name, label in parts
        if page.viewer.may_read(kind)
    )


def me(page: Page) -> User:
    """The person who is signed in; these pages are behind the sign-in."""
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


def may(page: Page, step: str, site: str | None = None) -> bool:
    """Whether the viewer may take this step now: no past day, no locked study."""
    if page.trial is None or page.trial.locked_at is not None or page.moment.past:
        return False
    return permissions.may(step, by=me(page), at=timezone.now(), site=site)


def new_key() -> str:
    """The key of a form that is shown."""
    return token_hex(16)


def site_choices(page: Page, kind: str, chosen: str) -> tuple[Choice, ...]:
    """The sites that the viewer may see on this kind of page."""
    allowed = page.viewer.sites(kind)
    return tuple(
        Choice(
            value=site.code,
            label=f"{site.code} · {said(site.name, page.language)}",
            chosen=site.code == chosen,
        )
        for site in trial.sites()
        if allowed is None or site.code in allowed
    )
