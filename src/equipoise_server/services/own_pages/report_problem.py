"""A participant tells of a problem; the site reads, answers and is reminded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from equipoise.errors import FormIncomplete, OutOfOrder, UnknownRecord
from equipoise_server.identity.models import ProblemText
from equipoise_server.identity.sealing import fresh_key, key_of, new_token, seal, unseal
from equipoise_server.services.access import permissions
from equipoise_server.services.letters import mail
from equipoise_server.services.own_pages.participant_door import door_of
from equipoise_server.services.own_pages.participant_mail import tell
from equipoise_server.services.own_pages.participant_self import PARTICIPANT
from equipoise_server.services.request import Answer, Request, perform, whole
from equipoise_server.store import consenting, ledger, life
from equipoise_server.store.models import ProblemReport, SitePosting, User

DATABASE = "identity"
LONGEST = 2000
AGAIN = {True: (1, 4), False: (24, 72)}
"""Hours without an answer after which the site is reminded: urgent, and not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem as the site or the participant reads it."""

    row: ProblemReport
    text: str
    phone: str
    reply: str


def report_problem(code: str, *, text: str, phone: str, urgent: bool, at: datetime) -> str:
    """Tell the site of a problem; it is acknowledged at once. Returns the token.

    Raises:
        FormIncomplete: no text, or too long.
        UnknownRecord: nobody has this code.

    """
    if not text.strip() or len(text) > LONGEST or len(phone) > 40:
        raise FormIncomplete(("text",))
    site, token = life.site_of(code), new_token()
    told = {"text": text.strip(), "phone": phone.strip()}
    ProblemText.objects.using(DATABASE).create(
        token=token,
        participant=code,
        sealed=seal(fresh_key("participant", code), told, code, f"problem/{token}"),
        at=at,
    )
    with whole(), connection.cursor() as cursor:
        ProblemReport.objects.create(token=token, participant_id=code, urgent=urgent, at=at)
        ledger.hold(cursor, code)
        said = {"problem": token, "urgent": urgent}
        ledger.append(
            cursor, chain=code, what=consenting.PROBLEM, by=PARTICIPANT, at=at, payload=said
        )
        transaction.on_commit(lambda: _tell_site(site, token, urgent, 0))
    return token


def _tell_site(site: str, token: str, urgent: bool, hours: int) -> None:
    to = SitePosting.objects.filter(site=site).values_list("mail", flat=True).first()
    if to:
        mail.queue(
            template="problem-urgent" if urgent else "problem-waiting",
            to=to,
            language="en",
            context={"site": site, "link": mail.link("/en/consent/problems/")},
            key=f"problem/{token}/{hours}",
        )


def problems_of(code: str) -> tuple[Problem, ...]:
    """A participant's own problems, newest first."""
    rows = ProblemReport.objects.filter(participant=code).order_by("-at")
    return tuple(_opened(one) for one in rows)


def read_problem(token: str, *, by: User, at: datetime) -> Problem:
    """Open a problem; the participant sees that it was read.

    Raises:
        NotPermitted: no role at the site. UnknownRecord: there is none.

    """
    with transaction.atomic(), connection.cursor() as cursor:
        row = _row(token)
        site = life.site_of(str(row.participant_id))
        permissions.require(cursor, "answer a problem", by=by, at=at, site=site)
        if row.read_at is None:
            row.read_at = at
            row.save(update_fields=["read_at"])
    return _opened(row)


def answer_problem(token: str, *, text: str, by: User, at: datetime, key: str) -> None:
    """Answer a problem; the participant reads it behind the sign-in.

    Raises:
        FormIncomplete: no text, or too long. OutOfOrder: it is answered.
        NotPermitted, UnknownRecord, KeyReused.

    """
    if not text.strip() or len(text) > LONGEST:
        raise FormIncomplete(("text",))
    request = Request(verb="answer a problem", by=by, at=at, key=key, body={"problem": token})
    perform(request, lambda: _answer(request, token, text.strip()))


def _answer(request: Request, token: str, text: str) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        row = _row(token)
        code = str(row.participant_id)
        site = life.site_of(code)
        permissions.require(cursor, request.verb, by=by, at=at, site=site)
        if row.answered_at is not None:
            raise OutOfOrder("This answer", "the problem is answered")
        sealed = seal(key_of("participant", code), {"text": text}, code, f"answer/{token}")
        ProblemText.objects.using(DATABASE).filter(pk=token).update(sealed_reply=sealed)
        row.read_at, row.answered_at, row.answered_by = row.read_at or at, at, by.username
        row.save(update_fields=["read_at", "answered_at", "answered_by"])
        ledger.hold(cursor, code)
        said = {"problem": token}
        ledger.append(
            cursor, chain=code, what=consenting.ANSWERED, by=by.username, at=at, payload=said
        )
    transaction.on_commit(lambda: tell(code, "problem-answered", key=f"answered/{token}"))
    return {}


def remind_of_problems(*, at: datetime) -> int:
    """Remind sites of problems that wait; how many letters' worth."""
    done = 0
    for urgent, steps in AGAIN.items():
        for hours in steps:
            waiting = ProblemReport.objects.filter(
                urgent=urgent,
                answered_at__isnull=True,
                escalated__lt=hours,
                at__lte=at - timedelta(hours=hours),
            )
            for row in waiting:
                row.escalated = hours
                row.save(update_fields=["escalated"])
                _tell_site(life.site_of(str(row.participant_id)), row.token, urgent, hours)
                done += 1
    return done


def phone_of(code: str) -> str:
    """The telephone of a participant as they gave it, "" where it is not known."""
    try:
        return door_of(code).phone
    except UnknownRecord:
        return ""


def _row(token: str) -> ProblemReport:
    found = ProblemReport.objects.select_for_update().filter(pk=token).first()
    if found is None:
        raise UnknownRecord("problem")
    return found


def _opened(row: ProblemReport) -> Problem:
    code = str(row.participant_id)
    kept = ProblemText.objects.using(DATABASE).filter(pk=row.token).first()
    if kept is None:
        raise UnknownRecord("words of this problem")
    key = key_of("participant", code)
    told = unseal(key, kept.sealed, code, f"problem/{row.token}")
    reply = ""
    if kept.sealed_reply:
        reply = str(unseal(key, kept.sealed_reply, code, f"answer/{row.token}")["text"])
    return Problem(row=row, reply=reply, **told)
