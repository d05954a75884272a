"""How a person proves who they are. Permissions come from memberships, never from here."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from equipoise.errors import UnknownRecord
from equipoise_server.store.models import User


def person(username: str) -> User:
    """The person of that user name.

    Raises:
        UnknownRecord: there is none.

    """
    found = User.objects.filter(username=username).first()
    if found is None:
        raise UnknownRecord(f"person {username}")
    return found


class PasswordBackend(ModelBackend):
    """Checks a password and grants nothing."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Django's model permissions are not used: see `services.permissions`."""
        return False

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None."""
        return set()
