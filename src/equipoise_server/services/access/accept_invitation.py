"""Accept an invitation: set one's own password. The role is then given by whoever invited."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.password_validation import validate_password

from equipoise.errors import InvitationInvalid
from equipoise_server.services.access import invite
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.request import whole
from equipoise_server.store.models import User


def accept_invitation(*, link: str, password: str, at: datetime) -> User:
    """Enter the invited person; the second factor is enrolled at the first sign-in.

    Whoever invited must still be allowed to appoint.

    Raises:
        InvitationInvalid: forged, too old, used or withdrawn, or the name was taken since.
        ValidationError: the password is too weak.
        NotPermitted: whoever invited may not appoint any more.

    """
    with whole():
        found = invite.find(link, at=at, hold=True)
        if User.objects.filter(username=found.username).exists():
            raise InvitationInvalid
        validate_password(password, User(username=found.username, full_name=found.full_name))
        found.used_at = at
        found.save(update_fields=["used_at"])
        return appoint(
            username=found.username,
            full_name=found.full_name,
            role=found.role,
            site=found.site_id,
            until=found.until,
            by=found.invited_by,
            at=at,
            key=f"invitation/{found.pk}",
            password=password,
            language=found.language,
        )
