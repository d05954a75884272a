"""How a person proves who they are. Permissions come from memberships, never from here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from equipoise.errors import UnknownRecord, say
from equipoise_server.store.models import User

FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=24)


def person(username: str) -> User:
    """The person of that user name.

    Raises:
        UnknownRecord: there is none.

    """
    found = User.objects.filter(username=username).first()
    if found is None:
        raise UnknownRecord(say("person {username}", username=username))
    return found


class PasswordBackend(ModelBackend):
    """Checks a password and grants nothing."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Django's model permissions are not used: see `services.access.permissions`."""
        return False

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None."""
        return set()


def pause(request: Any) -> timedelta:
    """How long a name is locked out after its failures: 15 minutes, and twice as long each time.

    Failures of one day count, since the last success.
    """
    name = getattr(request, "axes_name", "") or request.POST.get("username", "")
    failures = AccessFailureLog.objects.filter(
        username=name, attempt_time__gt=timezone.now() - LONGEST_PAUSE
    )
    success = AccessLog.objects.filter(username=name).order_by("-attempt_time").first()
    if success is not None:
        failures = failures.filter(attempt_time__gt=success.attempt_time)
    times = max(0, failures.count() // int(settings.AXES_FAILURE_LIMIT) - 1)
    grown: timedelta = FIRST_PAUSE * (1 << min(times, 10))
    return min(grown, LONGEST_PAUSE)
