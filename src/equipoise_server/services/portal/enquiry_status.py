"""What became of a message, as its sender sees it through the signed link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise.errors import UnknownRecord
from equipoise_server.identity.models import Enquirer
from equipoise_server.identity.sealing import key_of, unseal
from equipoise_server.services.letters import links
from equipoise_server.services.portal.volunteers import DATABASE
from equipoise_server.store.models import Enquiry


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Times of one message; `reply` is what the team wrote."""

    site: str
    received_at: datetime
    read_at: datetime | None
    answered_at: datetime | None
    closed: bool
    calls: int
    reply: str


def status_of(signed: str) -> Status:
    """The state of a message.

    Raises:
        LinkInvalid: forged or older than a year.
        UnknownRecord: erased meanwhile.

    """
    return status_by_token(links.read("status", signed))


def status_by_token(token: str) -> Status:
    """The state of a message by its token.

    Raises:
        UnknownRecord: there is none, or the person was erased.

    """
    enquiry = Enquiry.objects.filter(pk=token).first()
    person = Enquirer.objects.using(DATABASE).filter(pk=token, sealed__isnull=False).first()
    if enquiry is None or person is None:
        raise UnknownRecord("message")
    reply = ""
    if person.sealed_reply:
        reply = unseal(key_of("enquirer", token), person.sealed_reply, token, "reply")["text"]
    return Status(
        site=enquiry.site_id,
        received_at=enquiry.received_at,
        read_at=enquiry.read_at,
        answered_at=enquiry.answered_at,
        closed=enquiry.closed_at is not None,
        calls=enquiry.calls.count(),
        reply=reply,
    )


def statuses_of(volunteer: str) -> tuple[Status, ...]:
    """The messages that a volunteer wrote while signed in, newest first."""
    known = Enquirer.objects.using(DATABASE).filter(volunteer=volunteer, sealed__isnull=False)
    return tuple(status_by_token(one.token) for one in known.order_by("-created_at")[:50])
