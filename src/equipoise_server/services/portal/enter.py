"""Open the workspace with a mailed link, and change what is kept of a volunteer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from equipoise.errors import FormIncomplete
from equipoise_server.identity.models import SavedStudy, Volunteer
from equipoise_server.services.letters import links
from equipoise_server.services.portal.public_consent import withdraw_consent
from equipoise_server.services.portal.sign_up import set_topics
from equipoise_server.services.portal.volunteers import DATABASE, RHYTHMS, row_of


def enter(signed: str, *, at: datetime) -> str:
    """The token of the volunteer whom a link was mailed to; the link opens once.

    Raises:
        LinkInvalid: forged, older than 30 minutes, or used.
        UnknownRecord: erased meanwhile.

    """
    token = row_of(links.use("enter", signed, at=at)).token
    Volunteer.objects.using(DATABASE).filter(pk=token).update(last_seen_at=at)
    return token


def stop_alerts(signed: str, *, at: datetime) -> None:
    """What the link in every alert does: no more alerts, at once. A second time is no error.

    Raises:
        LinkInvalid: forged.

    """
    withdraw_consent(links.read("stop", signed), "alerts", at=at)


def choose(token: str, *, topics: Sequence[str], rhythm: str, language: str) -> None:
    """Change fields, rhythm and language.

    Raises:
        FormIncomplete: no such rhythm.
        UnknownRecord: erased meanwhile.

    """
    if rhythm not in RHYTHMS:
        raise FormIncomplete(("rhythm",))
    row_of(token)
    Volunteer.objects.using(DATABASE).filter(pk=token).update(rhythm=rhythm, language=language)
    set_topics(token, topics)


def save_study(token: str, study: str, *, at: datetime) -> None:
    """Keep a study in the workspace; twice is once.

    Raises:
        UnknownRecord: erased meanwhile.

    """
    row = row_of(token)
    SavedStudy.objects.using(DATABASE).get_or_create(
        volunteer=row, study=study[:64], defaults={"at": at}
    )


def drop_study(token: str, study: str) -> None:
    """Keep it no longer."""
    SavedStudy.objects.using(DATABASE).filter(volunteer_id=token, study=study).delete()
