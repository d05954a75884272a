"""Hand the queued letters to the mail server; what it refuses is tried again.

A letter is sent at least once: a crash between the server's answer and our note of it sends
it twice. Only one process sends at a time.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from post_office.models import STATUS, Email, Log

from equipoise.errors import MailNotTaken, SealBroken, UnknownRecord, say
from equipoise_server.identity.models import Letter
from equipoise_server.identity.sealing import forget_keys, key_of, unseal
from equipoise_server.services.consenting.consent_sign import copy_of
from equipoise_server.services.letters.mail import DATABASE, write
from equipoise_server.services.portal.volunteer_letters import NotWanted, to_volunteer

LOCK = "mail.lock"
MOST_TRIES = 8
FIRST_WAIT = timedelta(minutes=5)
KEEP = timedelta(days=30)
"""How long the log remembers that a letter was sent; of its text nothing is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of a batch. `dropped`: not wanted any more when its turn came."""

    sent: int = 0
    requeued: int = 0
    failed: int = 0
    dropped: int = 0
    server_down: bool = False


def send_mail(*, at: datetime, most: int = 500) -> Sent:
    """Send up to `most` queued letters. Without a mail server they wait."""
    if not settings.EMAIL_HOST:
        return Sent()
    with _alone() as held:
        return _send(at, most) if held else Sent()


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this is the only process that sends from this instance."""
    path = Path(settings.EQUIPOISE_DIR) / LOCK
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _send(at: datetime, most: int) -> Sent:
    counts = {"sent": 0, "requeued": 0, "failed": 0, "dropped": 0}
    server = EmailBackend()
    down = False
    try:
        for email in _queued(at, most):
            outcome, down = _one(server, email, at)
            counts[outcome] += 1
            if down:
                break
    finally:
        _close(server)
    _forget(at)
    return Sent(**counts, server_down=down)


def _queued(at: datetime, most: int) -> list[Email]:
    waiting = Email.objects.using(DATABASE).filter(status__in=(STATUS.queued, STATUS.requeued))
    due = waiting.exclude(scheduled_time__gt=at)
    return list(due.order_by("-priority", "id")[:most])


def _one(server: EmailBackend, email: Email, at: datetime) -> tuple[str, bool]:
    """Send one letter; what became of it, and whether the server is down altogether."""
    letter = Letter.objects.using(DATABASE).filter(pk=_number(email)).first()
    try:
        message = message_of(letter)
    except (NotWanted, UnknownRecord, SealBroken):
        return _end(email, letter, "dropped", at), False
    try:
        _hand_over(server, message)
    except MailNotTaken as problem:
        return _again(email, letter, problem, at), problem.server_down
    return _end(email, letter, "sent", at), False


def _number(email: Email) -> int:
    return int(email.to[0].partition("@")[0])


def message_of(letter: Letter | None) -> EmailMessage:
    """A letter as it is handed to the mail server.

    Raises:
        NotWanted: its reader does not want it any more. UnknownRecord: the reader was erased.

    """
    if letter is None:
        raise NotWanted
    if letter.person:
        return to_volunteer(letter)
    told = unseal(key_of("letter", letter.key), letter.sealed, letter.key, "letter")
    written = write(letter.template, letter.language, told["context"])
    sender = settings.DEFAULT_FROM_EMAIL
    message = EmailMessage(written.subject, written.body, sender, [told["to"]])
    enclosed = told.get("enclosed")
    if enclosed:
        drawn, _language = copy_of(enclosed["talk"], enclosed["participant"])
        message.attach("consent.pdf", drawn, "application/pdf")
    return message


def _hand_over(server: EmailBackend, message: EmailMessage) -> None:
    """Raises:
    MailNotTaken: without the address, so that no log can hold it.
    """
    try:
        server.open()
    except (OSError, SMTPException) as problem:
        raise MailNotTaken(_why(problem), server_down=True) from None
    try:
        server.send_messages([message])
    except SMTPRecipientsRefused as problem:
        code = max((answer[0] for answer in problem.recipients.values()), default=0)
        raise MailNotTaken(
            say("recipient refused, {code}", code=code), permanent=code >= 500
        ) from None
    except SMTPResponseException as problem:
        code = problem.smtp_code
        raise MailNotTaken(say("answer {code}", code=code), permanent=500 <= code < 600) from None
    except (OSError, SMTPException) as problem:
        raise MailNotTaken(_why(problem), server_down=True) from None


def _why(problem: Exception) -> str:
    return type(problem).__name__


def _close(server: EmailBackend) -> None:
    try:
        server.close()
    except (OSError, SMTPException):
        server.connection = None


def _again(email: Email, letter: Letter | None, problem: MailNotTaken, at: datetime) -> str:
    """Put it back, later each time; after the last try, or a lasting refusal, give it up."""
    _log(email, STATUS.failed, str(problem))
    tries = (email.number_of_retries or 0) + (0 if problem.server_down else 1)
    if problem.permanent or tries > MOST_TRIES:
        return _end(email, letter, "failed", at)
    wait = FIRST_WAIT * 2 ** min(tries, 6)
    Email.objects.using(DATABASE).filter(pk=email.pk).update(
        status=STATUS.requeued,
        number_of_retries=tries,
        scheduled_time=at if problem.server_down else at + wait,
    )
    return "requeued"


def _end(email: Email, letter: Letter | None, outcome: str, at: datetime) -> str:
    """Note the end, and forget what the letter said and to whom."""
    failed = outcome == "failed"
    status = STATUS.failed if failed else STATUS.sent
    Email.objects.using(DATABASE).filter(pk=email.pk).update(status=status, last_updated=at)
    if letter is not None:
        Letter.objects.using(DATABASE).filter(pk=letter.pk).update(sealed=None, ended=outcome)
        if letter.sealed is not None:
            forget_keys("letter", letter.key)
    if not failed:
        _log(email, STATUS.sent, outcome)
    return outcome


def _log(email: Any, status: int, message: str) -> None:
    Log.objects.using(DATABASE).create(email=email, status=status, message=message)


def _forget(at: datetime) -> None:
    """Old rows of the queue go; the letters' keys stay, so that nothing is sent again."""
    done = Email.objects.using(DATABASE).filter(status=STATUS.sent, last_updated__lt=at - KEEP)
    done.delete()
