"""Letters: queued once, sealed until they are sent, tried again while a server refuses.

The queue is django-post-office's, in the identity database. It holds tokens in place of
addresses; who is written to and what is said lies sealed beside it and is deleted once the
letter has gone. Templates are `web/*/letters/NAME.LANGUAGE.txt`: the subject, an empty line,
the text, with `$name` for a value. A value that is missing is an error where it is queued.

Call `queue` after the transaction of the act that it tells of (`transaction.on_commit`), with
a key made from that act: queued twice, it is sent once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from string import Template

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from post_office.models import PRIORITY, STATUS, Email

from equipoise.errors import FormIncomplete, UnknownRecord, say
from equipoise_server.identity.models import Letter
from equipoise_server.identity.sealing import fresh_key, seal

DATABASE = "identity"
ENGLISH = "en"
NOWHERE = "letters.invalid"
"""The domain under which the queue names a letter in place of an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A letter as it is sent."""

    subject: str
    body: str


def queue(
    *,
    template: str,
    to: str,
    language: str,
    context: Mapping[str, str],
    key: str,
    enclosed: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> None:
    """Queue one letter; a second call with the same key changes nothing.

    `enclosed`: token of the conversation and code of the participant whose signed copy goes along.
    `at`: when it was written; now unless told otherwise.

    Raises:
        UnknownRecord: there is no such template.
        KeyError: the context lacks a value of the template.
        FormIncomplete: `to` is not an e-mail address.

    """
    _require_address(to)
    write(template, language, context)
    if Letter.objects.using(DATABASE).filter(key=key).exists():
        return
    told = {"to": to, "context": dict(context), "enclosed": dict(enclosed or {})}
    sealed = seal(fresh_key("letter", key), told, key, "letter")
    letter = Letter(
        key=key,
        template=template,
        language=language,
        sealed=sealed,
        at=at or timezone.now(),
    )
    try:
        with transaction.atomic(using=DATABASE):
            letter.save(using=DATABASE, force_insert=True)
            post(letter)
    except IntegrityError:
        if not Letter.objects.using(DATABASE).filter(key=key).exists():
            raise


def _require_address(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError as problem:
        raise FormIncomplete(("e-mail address",)) from problem


def post(letter: Letter) -> None:
    """Put a stored letter into the queue."""
    Email.objects.using(DATABASE).bulk_create(
        [
            Email(
                from_email=settings.DEFAULT_FROM_EMAIL,
                to=[f"{letter.pk}@{NOWHERE}"],
                priority=PRIORITY.medium,
                status=STATUS.queued,
                number_of_retries=0,
            )
        ]
    )


def write(template: str, language: str, context: Mapping[str, str]) -> Written:
    """A letter in words; English where a language has no template of its own.

    Raises:
        UnknownRecord: there is no such template.
        KeyError: a value is missing.

    """
    text = _template(template, language) or _template(template, ENGLISH)
    if text is None:
        raise UnknownRecord(say("letter {what}", what=template))
    subject, _, body = Template(text).substitute(context).partition("\n\n")
    return Written(subject=" ".join(subject.split())[:200], body=body)


@lru_cache(maxsize=256)
def _template(name: str, language: str) -> str | None:
    for folder in settings.EQUIPOISE_LETTERS:
        path = Path(folder) / f"{name}.{language}.txt"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None


def link(path: str) -> str:
    """An address of this server as letters name it."""
    return f"{settings.EQUIPOISE_URL}{path}"


def waiting() -> int:
    """How many letters are still to be sent."""
    queued = (STATUS.queued, STATUS.requeued)
    return int(Email.objects.using(DATABASE).filter(status__in=queued).count())


def given_up() -> int:
    """How many letters no server would take."""
    return int(Email.objects.using(DATABASE).filter(status=STATUS.failed).count())
