"""Somebody between password and second factor: known, and not signed in."""

from __future__ import annotations

from dataclasses import dataclass
from time import time

from django.http import HttpRequest
from django.utils import timezone

from equipoise_server.services.access import permissions
from equipoise_server.store.models import User
from equipoise_server.web.shared import session

SECONDS = 10 * 60
_KEY = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Whose password was right, where they want to go, and at which day to look."""

    user: User
    then: str
    on: str | None


def hold(request: HttpRequest, user: User, *, then: str, on: str | None) -> None:
    """Remember whose password was right. Whatever the session held before is gone."""
    request.session.flush()
    request.session[_KEY] = {"user": user.pk, "at": int(time()), "then": then, "on": on}


def held(request: HttpRequest) -> Pending | None:
    """Who stands between password and second factor, or nobody."""
    kept = request.session.get(_KEY)
    if not kept or not 0 <= time() - kept["at"] <= SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    return Pending(user=user, then=kept["then"], on=kept["on"]) if user else None


def enter(request: HttpRequest, user: User, *, factor: str, on: str | None = None) -> None:
    """Sign in: both factors were right."""
    held_roles = permissions.roles(user, timezone.now())
    session.begin(request, user, factor=factor, held=held_roles)
    if on is not None:
        request.session["on"] = on
