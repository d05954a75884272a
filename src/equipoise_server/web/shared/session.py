"""How long a signed-in session lasts: 15 minutes without a request, 12 hours at most."""

from __future__ import annotations

from time import time

from django.contrib.auth import login, logout
from django.http import HttpRequest

from equipoise_server.store.models import User

IDLE_SECONDS = 15 * 60
WHOLE_SECONDS = 12 * 60 * 60


def begin(request: HttpRequest, user: User) -> None:
    """Sign a person in; the session begins now."""
    login(request, user, backend="equipoise_server.store.accounts.PasswordBackend")
    request.session["began"] = request.session["seen"] = int(time())


def keep_alive(request: HttpRequest, now: float | None = None) -> bool:
    """Note that the session is in use; False where it had ended, and then it is gone."""
    if not request.user.is_authenticated:
        return True
    moment = int(time() if now is None else now)
    began = int(request.session.get("began", 0))
    seen = int(request.session.get("seen", 0))
    if moment - seen > IDLE_SECONDS or moment - began > WHOLE_SECONDS:
        logout(request)
        return False
    if moment != seen:
        request.session["seen"] = moment
    return True
