"""What a site does with a message: read, call, answer, close, or hand over into screening.

Reading a person's identity leaves an entry in the ledger, under the token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from equipoise.errors import FormIncomplete, OutOfOrder, UnknownRecord
from equipoise_server.identity.models import Enquirer
from equipoise_server.identity.people import Identity, remember
from equipoise_server.identity.sealing import key_of, seal, unseal
from equipoise_server.services.access import permissions
from equipoise_server.services.letters import mail
from equipoise_server.services.participants.screen import screen
from equipoise_server.services.portal.contact_site import named, status_link
from equipoise_server.services.portal.volunteers import DATABASE
from equipoise_server.services.request import Answer, Request, perform, whole
from equipoise_server.store import ledger
from equipoise_server.store.models import Enquiry, EnquiryCall, User
from equipoise_server.store.queries.recruiting import public_sites

CALLS = ("reached", "no-answer", "voicemail", "wrong-number")
OUTCOMES = ("not-fitting", "not-interested", "not-reached", "duplicate", "not-a-person")
SCREENING = "screening"
LONGEST = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A message with its sender, as the site reads it."""

    enquiry: Enquiry
    name: str
    address: str
    phone: str
    window: str
    text: str
    reply: str
    answers: dict[str, str]


def read_enquiry(token: str, *, by: User, at: datetime) -> Opened:
    """Open a message; its sender sees that it was read.

    Raises:
        NotPermitted: `by` holds no fitting role at the site.
        UnknownRecord: there is none, or the person was erased.

    """
    with whole(), connection.cursor() as cursor:
        enquiry = _enquiry(cursor, token, "read enquiries", by, at)
        person = _person(token)
        _note(cursor, "identity-read", enquiry, by, at)
        if enquiry.read_at is None:
            enquiry.read_at = at
            enquiry.save(update_fields=["read_at"])
    key = key_of("enquirer", token)
    told = unseal(key, person.sealed, token, "enquirer")
    answers = unseal(key, person.sealed_answers, token, "answers") if person.sealed_answers else {}
    reply = unseal(key, person.sealed_reply, token, "reply")["text"] if person.sealed_reply else ""
    return Opened(enquiry=enquiry, answers=answers, reply=reply, **told)


def _enquiry(cursor: Any, token: str, step: str, by: User, at: datetime) -> Enquiry:
    found = Enquiry.objects.select_for_update().filter(pk=token).first()
    if found is None:
        permissions.require(cursor, step, by=by, at=at)
        raise UnknownRecord("message")
    permissions.require(cursor, step, by=by, at=at, site=found.site_id)
    return found


def _person(token: str) -> Enquirer:
    found = Enquirer.objects.using(DATABASE).filter(pk=token, sealed__isnull=False).first()
    if found is None:
        raise UnknownRecord("sender of this message; the person has been erased")
    return found


def _note(cursor: Any, what: str, enquiry: Enquiry, by: User, at: datetime, **more: str) -> None:
    payload = {"enquiry": enquiry.token, "site": enquiry.site_id, **more}
    chain = ledger.STUDY_CHAIN
    ledger.append(cursor, chain=chain, what=what, by=by.username, at=at, payload=payload)


def _act(
    verb: str,
    token: str,
    body: dict[str, str],
    change: Callable[[Any, Enquiry], Answer],
    *,
    by: User,
    at: datetime,
    key: str,
) -> Answer:
    request = Request(verb=verb, by=by, at=at, key=key, body={"enquiry": token, **body})

    def work() -> Answer:
        with connection.cursor() as cursor:
            enquiry = _enquiry(cursor, token, "answer an enquiry", by, at)
            if enquiry.closed_at is not None:
                raise OutOfOrder(verb.capitalize(), "the message is closed")
            return change(cursor, enquiry)

    return perform(request, work)


def note_call(token: str, *, result: str, by: User, at: datetime, key: str) -> None:
    """Note one attempt to reach the person.

    Raises:
        FormIncomplete: no such result.
        OutOfOrder: the message is closed.

    """
    if result not in CALLS:
        raise FormIncomplete(("result",))

    def change(cursor: Any, enquiry: Enquiry) -> Answer:
        EnquiryCall.objects.create(enquiry=enquiry, at=at, by=by.username, result=result)
        _note(cursor, "enquiry-called", enquiry, by, at, result=result)
        return {}

    _act("note a call", token, {"result": result}, change, by=by, at=at, key=key)


def answer_contact(token: str, *, text: str, by: User, at: datetime, key: str) -> None:
    """Answer a message. The answer is read behind the sender's link, not in the mail.

    Raises:
        FormIncomplete: no text, or too long.
        OutOfOrder: the message is closed.

    """
    if not text.strip() or len(text) > LONGEST:
        raise FormIncomplete(("text",))

    def change(cursor: Any, enquiry: Enquiry) -> Answer:
        _person(token)
        sealed = seal(key_of("enquirer", token), {"text": text.strip()}, token, "reply")
        Enquirer.objects.using(DATABASE).filter(pk=token).update(sealed_reply=sealed)
        enquiry.read_at, enquiry.answered_at = enquiry.read_at or at, at
        enquiry.save(update_fields=["read_at", "answered_at"])
        _note(cursor, "enquiry-answered", enquiry, by, at)
        transaction.on_commit(lambda: _tell(enquiry, key))
        return {}

    _act("answer an enquiry", token, {}, change, by=by, at=at, key=key)


def _tell(enquiry: Enquiry, key: str) -> None:
    person = _person(enquiry.token)
    told = unseal(key_of("enquirer", enquiry.token), person.sealed, enquiry.token, "enquirer")
    site = next(one for one in public_sites() if one.code == enquiry.site_id)
    link = status_link(enquiry.token, person.language)
    mail.queue(
        template="contact-answered",
        to=told["address"],
        language=person.language,
        context={**named(site, person.language), "link": link},
        key=f"contact-answered/{enquiry.token}/{key}"[:200],
    )


def close_enquiry(token: str, *, outcome: str, by: User, at: datetime, key: str) -> None:
    """End a message that does not lead into screening, with the reason.

    Raises:
        FormIncomplete: no such outcome.
        OutOfOrder: it is closed.

    """
    if outcome not in OUTCOMES:
        raise FormIncomplete(("outcome",))

    def change(cursor: Any, enquiry: Enquiry) -> Answer:
        enquiry.closed_at, enquiry.outcome = at, outcome
        enquiry.save(update_fields=["closed_at", "outcome"])
        _note(cursor, "enquiry-closed", enquiry, by, at, outcome=outcome)
        return {}

    _act("close an enquiry", token, {"outcome": outcome}, change, by=by, at=at, key=key)


def hand_over(
    token: str, *, on: date, by: User, at: datetime, key: str, code: str | None = None
) -> str:
    """Enter the person on the screening log; name and contact go along. The participant code.

    `code`: the code to use, as in a demonstration; None draws one.

    Raises:
        OutOfOrder: the message is closed.
        NotPermitted: `by` may not screen at the site.

    """

    def change(cursor: Any, enquiry: Enquiry) -> Answer:
        person = _person(token)
        told = unseal(key_of("enquirer", token), person.sealed, token, "enquirer")
        given = screen(
            site=enquiry.site_id, on=on, by=by, at=at, key=f"{key}/screen"[:200], code=code
        )
        contact = ", ".join(one for one in (told["phone"], told["address"]) if one)
        identity = Identity(participant=given, name=told["name"], contact=contact)
        remember(identity, at=at, language=person.language)
        Enquirer.objects.using(DATABASE).filter(pk=token).update(participant=given)
        enquiry.closed_at, enquiry.outcome, enquiry.participant = at, SCREENING, given
        enquiry.save(update_fields=["closed_at", "outcome", "participant"])
        _note(cursor, "enquiry-handed-over", enquiry, by, at, participant=given)
        return {"participant": given}

    body = {"on": on.isoformat()}
    answer = _act("hand over", token, body, change, by=by, at=at, key=key)
    return str(answer["participant"])


def told_before_screening(participant: str, *, by: User, at: datetime) -> dict[str, str]:
    """The pre-screening answers of somebody who was handed over, by criterion; {} without any.

    Raises:
        NotPermitted: `by` holds no fitting role at the participant's site.

    """
    enquiry = Enquiry.objects.filter(participant=participant).first()
    if enquiry is None:
        return {}
    with connection.cursor() as cursor:
        permissions.require(cursor, "read enquiries", by=by, at=at, site=enquiry.site_id)
    person = Enquirer.objects.using(DATABASE).filter(pk=enquiry.token).first()
    if person is None or person.sealed is None or not person.sealed_answers:
        return {}
    key = key_of("enquirer", enquiry.token)
    return unseal(key, person.sealed_answers, enquiry.token, "answers")
