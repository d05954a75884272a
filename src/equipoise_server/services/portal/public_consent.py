"""Give and withdraw the consents of the public side; both take effect with the same request."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from equipoise.errors import FormIncomplete
from equipoise_server.identity.models import Permission
from equipoise_server.services.portal import consent_texts

DATABASE = "identity"


def give_consent(person: str, purpose: str, *, language: str, channel: str, at: datetime) -> None:
    """Note a consent with the text that was shown; one that stands stays as it is.

    Raises:
        FormIncomplete: there is no such purpose.

    """
    if purpose not in consent_texts.PURPOSES:
        raise FormIncomplete(("consent",))
    try:
        with transaction.atomic(using=DATABASE):
            Permission.objects.using(DATABASE).create(
                person=person,
                purpose=purpose,
                version=consent_texts.VERSION,
                language=language,
                text_sha256=consent_texts.fingerprint(purpose, language),
                channel=channel,
                given_at=at,
            )
    except IntegrityError:
        return


def withdraw_consent(person: str, purpose: str, *, at: datetime) -> bool:
    """Withdraw a consent; whether one stood."""
    standing = Permission.objects.using(DATABASE).filter(
        person=person, purpose=purpose, withdrawn_at__isnull=True
    )
    return bool(standing.update(withdrawn_at=at))
