"""How a session begins and ends: with a second factor; after 15 idle minutes, 12 hours, or a change.

A session is made anew at sign-in. It ends when the password or any role of its person changes.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from time import time
from typing import Any

from django.contrib.auth import login, logout
from django.http import HttpRequest

from equipoise_server.store.models import User

IDLE_SECONDS = 15 * 60
WHOLE_SECONDS = 12 * 60 * 60
Held = tuple[tuple[str, str | None], ...]


def begin(request: HttpRequest, user: User, *, factor: str, held: Held) -> None:
    """Sign a person in who has proved a second factor; the session begins now."""
    request.session.flush()
    login(request, user, backend="equipoise_server.store.accounts.PasswordBackend")
    stamp(request.session, factor=factor, held=held)


def stamp(kept: MutableMapping[str, Any], *, factor: str, held: Held) -> None:
    """Note in a session when it began, by which factor, and with which roles."""
    kept["began"] = kept["seen"] = int(time())
    kept["factor"] = factor
    kept["held"] = [list(one) for one in held]


def keep_alive(request: HttpRequest, now: float | None = None) -> bool:
    """Note that the session is in use; False where it had ended, and then it is gone."""
    if not request.user.is_authenticated:
        return True
    moment = int(time() if now is None else now)
    began = int(request.session.get("began", 0))
    seen = int(request.session.get("seen", 0))
    over = moment - seen > IDLE_SECONDS or moment - began > WHOLE_SECONDS
    if over or not request.session.get("factor"):
        logout(request)
        return False
    if moment != seen:
        request.session["seen"] = moment
    return True


def left(request: HttpRequest, now: float | None = None) -> tuple[int, bool]:
    """How many seconds a session still has, and whether it then ends whatever one does.

    Asking does not prolong it. Nobody who is not signed in has any.
    """
    if not request.user.is_authenticated or not request.session.get("factor"):
        return 0, False
    moment = int(time() if now is None else now)
    idle = int(request.session.get("seen", 0)) + IDLE_SECONDS - moment
    whole = int(request.session.get("began", 0)) + WHOLE_SECONDS - moment
    return max(0, min(idle, whole)), whole <= idle


def same_roles(request: HttpRequest, held: Held) -> bool:
    """Whether the person still holds the roles the session began with; else it is gone."""
    if request.session.get("held") == [list(one) for one in held]:
        return True
    logout(request)
    return False
