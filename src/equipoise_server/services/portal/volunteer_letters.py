"""Letters to volunteers: addressed, and checked against their consents, when they are sent."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from equipoise_server.identity.models import Letter, Permission, Volunteer
from equipoise_server.identity.sealing import key_of, unseal
from equipoise_server.services.letters import links
from equipoise_server.services.letters.mail import DATABASE, link, write

PREFIX = {"en": "en", "zh-Hans": "zh-hans"}


class NotWanted(Exception):  # noqa: N818 - it never leaves the sending of mail
    """The letter is not wanted any more: erased, or the consent was withdrawn."""


def to_volunteer(letter: Letter) -> EmailMessage:
    """The letter with the address of the person, who can stop it with one click.

    Raises:
        NotWanted: the person was erased, never confirmed, or withdrew the consent.

    """
    person = Volunteer.objects.using(DATABASE).filter(pk=letter.person).first()
    if person is None or person.sealed is None or not _wanted(person, letter.purpose):
        raise NotWanted
    key = key_of("volunteer", person.token)
    address = unseal(key, person.sealed, person.token, "volunteer")["address"]
    context = {}
    if letter.sealed:
        context = unseal(key_of("letter", letter.key), letter.sealed, letter.key, "letter")
    stop = link(
        f"/{PREFIX.get(letter.language, 'en')}/volunteer/stop/{links.make('stop', person.token)}/"
    )
    written = write(
        letter.template,
        letter.language,
        {"study": letter.subject_of, "server": settings.EQUIPOISE_URL, "stop": stop, **context},
    )
    headers = {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    sender = settings.DEFAULT_FROM_EMAIL
    return EmailMessage(written.subject, written.body, sender, [address], headers=headers)


def _wanted(person: Volunteer, purpose: str) -> bool:
    if not purpose:
        return True
    standing = Permission.objects.using(DATABASE).filter(
        person=person.token, purpose=purpose, withdrawn_at__isnull=True
    )
    return person.confirmed_at is not None and standing.exists()
