"""Take one's data along, and be forgotten. Records of the trial are never touched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from equipoise.protocol.model import Study
from equipoise_server.identity import keyring
from equipoise_server.identity.models import (
    Alerted,
    Annotation,
    Enquirer,
    Interest,
    Letter,
    Permission,
    SavedStudy,
    Volunteer,
)
from equipoise_server.identity.sealing import forget_keys, key_of, unseal
from equipoise_server.services.portal.annotate import notes
from equipoise_server.services.portal.volunteers import DATABASE, alerts, consents, known, row_of


def take_along(token: str, study: Study, *, at: datetime) -> dict[str, Any]:
    """Everything that is kept of a volunteer, as one document.

    Raises:
        UnknownRecord: there is none, or it was erased.

    """
    person = known(token)
    return {
        "exported_at": at.isoformat(),
        "address": person.address,
        "name": person.name,
        "language": person.language,
        "rhythm": person.rhythm,
        "confirmed_at": person.confirmed_at.isoformat() if person.confirmed_at else None,
        "topics": list(person.topics),
        "saved_studies": list(person.saved),
        "consents": [
            {
                "purpose": one.purpose,
                "version": one.version,
                "language": one.language,
                "given_at": one.given_at.isoformat(),
                "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
            }
            for one in consents(token)
        ],
        "alerts": [
            {
                "study": one.study,
                "occasion": "opened" if one.opened else "posted",
                "at": one.at.isoformat(),
                "sent_at": one.sent_at.isoformat() if one.sent_at else None,
            }
            for one in alerts(token)
        ],
        "notes": [
            {"on": one.quote, "text": one.text, "reply": one.reply, "at": one.at.isoformat()}
            for one in notes(token, study)
        ],
        "messages": [_message(one) for one in enquirers(token)],
    }


def enquirers(token: str) -> list[Enquirer]:
    """The messages to sites that a volunteer wrote while signed in."""
    found = Enquirer.objects.using(DATABASE).filter(volunteer=token, sealed__isnull=False)
    return list(found.order_by("created_at"))


def _message(one: Enquirer) -> dict[str, Any]:
    told = unseal(key_of("enquirer", one.token), one.sealed, one.token, "enquirer")
    return {"at": one.created_at.isoformat(), **told}


def erase_volunteer(token: str, *, at: datetime) -> None:
    """Forget a person: the key, the address, the notes, letters still waiting. For good.

    Messages to sites go too, unless they led into screening: then they belong to the trial.

    Raises:
        UnknownRecord: there is none, or it was erased already.

    """
    row_of(token)
    with transaction.atomic(using=DATABASE):
        for table in (Interest, SavedStudy, Annotation, Alerted):
            table.objects.using(DATABASE).filter(volunteer_id=token).delete()
        Permission.objects.using(DATABASE).filter(person=token, withdrawn_at__isnull=True).update(
            withdrawn_at=at
        )
        wrote = Enquirer.objects.using(DATABASE).filter(volunteer=token, participant="")
        gone = list(wrote.values_list("token", flat=True))
        keys = _drop_letters(Q(person=token) | Q(key__contains=f"/{token}/"))
        Volunteer.objects.using(DATABASE).filter(pk=token).update(
            sealed=None, address_index=None, confirmed_at=None, erased_at=at
        )
    forget_messages(gone, at=at)
    forget_keys("letter", *keys)
    forget_keys("volunteer", token)


def forget_messages(tokens: Sequence[str], *, at: datetime) -> None:
    """Forget who wrote some messages, what they said, and letters about them that still wait."""
    keys: list[str] = []
    with transaction.atomic(using=DATABASE):
        Permission.objects.using(DATABASE).filter(
            person__in=tokens, withdrawn_at__isnull=True
        ).update(withdrawn_at=at)
        for token in tokens:
            keys += _drop_letters(Q(key__contains=f"/{token}"))
        Enquirer.objects.using(DATABASE).filter(pk__in=tokens).update(
            sealed=None,
            sealed_answers=None,
            sealed_reply=None,
            address_index=None,
            phone_index=None,
        )
    forget_keys("letter", *keys)
    forget_keys("enquirer", *tokens)


def _drop_letters(of_somebody: Q) -> list[str]:
    """Empty letters to a person, whatever they were about: their keys name a token."""
    letters = Letter.objects.using(DATABASE).filter(of_somebody)
    keys = list(letters.values_list("key", flat=True))
    letters.update(sealed=None, ended="erased")
    return keys


def readable_in_backup_of() -> datetime | None:
    """When the one backup of keys was made that could still open what was erased, or None."""
    found = keyring.backed_up()
    return found.at if found else None
