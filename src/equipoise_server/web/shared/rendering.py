"""Rendering a template inside the frame: navigation, language, ribbon."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import translate_url
from django.utils.translation import get_language

from equipoise_server.store.queries.trial import named
from equipoise_server.web.shared.menu import Link, menu
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.words import ROLES


def render(
    page: Page, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A whole page."""
    digest = page.digest
    groups = menu(page.viewer, page.request.path)
    whole = {
        "trial": page.trial,
        "digest_shown": digest,
        "version_shown": named(digest)[1] if digest else "",
        "viewer": page.viewer,
        "moment": page.moment,
        "role_words": [ROLES.get(role, role) for role in page.viewer.roles],
        "menu": groups,
        "section": next((one for one in groups if one.current and one.single is None), None),
        "languages": languages(page.request),
        "text_language": page.language,
        **(context or {}),
    }
    return HttpResponse(render_to_string(template, whole, page.request), status=status)


def languages(request: HttpRequest) -> tuple[Link, ...]:
    """The same page in every language."""
    path, active = request.get_full_path(), get_language()
    return tuple(
        Link(label=name, url=translate_url(path, code), current=code == active, language=code)
        for code, name in settings.LANGUAGES
    )
