"""Signing in and reading pages, for the tests of pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from equipoise.protocol.roles import ROLES, SITE_STAFF
from equipoise_server.services.access import permissions
from equipoise_server.services.access.appoint import appoint
from equipoise_server.store.models import User
from equipoise_server.web.shared import session
from server.cast import NOW, Cast, key


def signed_in(user: User) -> Client:
    """A browser in which this person has just signed in, with a second factor."""
    client = Client()
    client.force_login(user)
    kept = client.session
    session.stamp(kept, factor="totp", held=permissions.roles(user, timezone.now()))
    kept.save()
    return client


def everybody(trial: Cast) -> dict[str, User]:
    """One new person per role; site roles at s01."""
    return {
        role: appoint(
            username=f"a-{role.replace(' ', '-')}",
            full_name=role.title(),
            role=role,
            site="s01" if role in SITE_STAFF else None,
            by=trial.administrator,
            at=NOW,
            key=key(),
        )
        for role in ROLES
    }


def text_of(response: HttpResponse) -> str:
    """The page as text, tags and spaces collapsed."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


class Texts(HTMLParser):
    """Text nodes of a page outside anything marked as English or as code."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "link", "input", "br", "img", "hr", "use", "path", "line", "circle"):
            return
        given = dict(attrs)
        english = given.get("lang") == "en"
        code = "code" in (given.get("class") or "").split() or tag in ("title", "script", "style")
        self._open.append(english or code)

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag not in ("use", "path", "line", "circle"):
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(self._open):
            self.texts.append(" ".join(data.split()))
