"""Rendering a template inside the frame: navigation, language, ribbon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse, translate_url
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.viewer import Viewer
from equipoise_server.web.shared.words import ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the navigation."""

    label: str | Promise
    url: str
    current: bool = False
    language: str = ""


_MENU: tuple[tuple[str | None, str, str | Promise], ...] = (
    ("participants", "site:participants", _("Participants")),
    ("participants", "site:matrix", _("Matrix")),
    ("cleaning", "data:queries", _("Queries")),
    ("stock", "supply:sites", _("Stock")),
    ("signing", "finalise:signatures", _("Signing and locks")),
    ("amendments", "finalise:amendments", _("Amendments")),
    ("recruitment", "office:recruitment", _("Recruitment")),
    ("recruitment", "office:flow", _("Flow")),
    ("people", "people:home", _("People")),
    ("contacts", "office:contacts", _("Messages")),
    ("consenting", "consent:home", _("Consent")),
    ("office", "office:portal", _("Public pages")),
    ("summary", "consent:results", _("Summary for participants")),
    ("results", "results:results", _("Results")),
    (None, "public:study", _("Study")),
)
_PUBLIC: tuple[tuple[str, str | Promise], ...] = (
    ("public:listing", _("Find a study")),
    ("volunteer:start", _("Volunteers")),
    ("participant:home", _("My study pages")),
)
"""What somebody sees who is not one of the staff."""


def render(
    page: Page, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A whole page."""
    whole = {
        "trial": page.trial,
        "viewer": page.viewer,
        "moment": page.moment,
        "role_words": [ROLES.get(role, role) for role in page.viewer.roles],
        "menu": menu(page.viewer, page.request.path),
        "languages": languages(page.request),
        "text_language": page.language,
        **(context or {}),
    }
    return HttpResponse(render_to_string(template, whole, page.request), status=status)


def menu(viewer: Viewer, path: str) -> tuple[Link, ...]:
    """What this person can open."""
    links = []
    if viewer.user is not None and viewer.held:
        links.append(_link(viewer.home, _("My day"), path))
    for kind, name, label in _MENU:
        if kind is None or viewer.may_read(kind):
            links.append(_link(name, label, path))
    if viewer.user is None:
        links += [_link(name, label, path) for name, label in _PUBLIC]
    return tuple(links)


def _link(name: str, label: str | Promise, path: str) -> Link:
    url = reverse(name)
    return Link(label=label, url=url, current=url == path)


def languages(request: HttpRequest) -> tuple[Link, ...]:
    """The same page in every language."""
    path, active = request.get_full_path(), get_language()
    return tuple(
        Link(label=name, url=translate_url(path, code), current=code == active, language=code)
        for code, name in settings.LANGUAGES
    )
