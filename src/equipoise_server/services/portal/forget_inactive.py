"""Nobody is kept for ever: volunteers and people who wrote are forgotten when nothing happens.

Without activity for the months that the study folder states (24 unless it says otherwise) a
person's key and answers are deleted. A month before, they get one letter. Whoever signs in stays.
People who were handed over into screening belong to the trial and are not touched. A
demonstration is looked at years after its own time, and forgets nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from equipoise.errors import UnknownRecord
from equipoise.protocol.participants_plan import ParticipantsPlan
from equipoise_server.identity.models import Enquirer, Letter, Volunteer
from equipoise_server.identity.sealing import key_of, unseal
from equipoise_server.services.letters import mail
from equipoise_server.services.letters.mail import DATABASE
from equipoise_server.services.portal.leave_registry import erase_volunteer, forget_messages
from equipoise_server.services.portal.volunteers import known
from equipoise_server.services.request import whole
from equipoise_server.store import ledger
from equipoise_server.store import study as studies
from equipoise_server.store.models import Enquiry, EnquiryCall, Trial

MONTH = timedelta(days=30)
"""Between the letter and the end; a month of a retention time is a twelfth of 365 days."""
MOST = 500
NIGHT = "night"
FORGOTTEN = "people-forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many were written to, and how many were forgotten."""

    warned: int = 0
    volunteers: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Idle:
    """Somebody about whom nothing has happened since `since`."""

    token: str
    since: datetime
    language: str


def forget_inactive(*, at: datetime) -> Forgotten:
    """Write to whoever is about to be forgotten, and forget whose month is over."""
    if Trial.objects.filter(demo=True).exists():
        return Forgotten()
    kept = timedelta(days=round(months() * 365 / 12))
    limit = at - kept + MONTH  # idle since then: the letter is due
    volunteers = list(_volunteers(limit))
    writers = list(_writers(limit))
    warned = sum(_warn("volunteer-forget", one, _own_address, at) for one in volunteers)
    warned += sum(_warn("message-forget", one, _writer_address, at) for one in writers)
    over = [one.token for one in volunteers if _over(one, at - kept, at, "volunteer-forget")]
    gone = [one.token for one in writers if _over(one, at - kept, at, "message-forget")]
    for token in over:
        erase_volunteer(token, at=at)
    if gone:
        forget_messages(gone, at=at)
    _note(len(over), len(gone), at)
    return Forgotten(warned=warned, volunteers=len(over), messages=len(gone))


def months() -> int:
    """After how many months without activity the study's folder wants people forgotten."""
    if not Trial.objects.exists():
        return ParticipantsPlan().forgotten_after_months
    return studies.active().participants.forgotten_after_months


def _volunteers(limit: datetime) -> Iterator[_Idle]:
    rows = Volunteer.objects.using(DATABASE).filter(
        sealed__isnull=False, confirmed_at__isnull=False, created_at__lt=limit
    )
    seen = rows.annotate(since=Coalesce(F("last_seen_at"), F("confirmed_at")))
    found = seen.filter(since__lt=limit).order_by("since")
    for token, since, language in found.values_list("token", "since", "language")[:MOST]:
        yield _Idle(token=token, since=since, language=language)


def _writers(limit: datetime) -> Iterator[_Idle]:
    """People who wrote and were not handed over; calls, answers and closing are activity."""
    rows = Enquirer.objects.using(DATABASE).filter(
        sealed__isnull=False, participant="", created_at__lt=limit
    )
    languages = dict(rows.order_by("created_at").values_list("token", "language")[:MOST])
    first = F("received_at")
    last = Greatest(
        first,
        Coalesce(F("read_at"), first),
        Coalesce(F("answered_at"), first),
        Coalesce(F("closed_at"), first),
    )
    called = dict(
        EnquiryCall.objects.filter(enquiry__in=languages)
        .order_by("at")
        .values_list("enquiry_id", "at")
    )
    known_ones = Enquiry.objects.filter(pk__in=languages).annotate(last=last)
    for token, acted in known_ones.values_list("token", "last"):
        since = max(acted, called.get(token, acted))
        if since < limit:
            yield _Idle(token=token, since=since, language=languages[token])


def _own_address(token: str) -> str:
    return known(token).address


def _writer_address(token: str) -> str:
    row = Enquirer.objects.using(DATABASE).get(pk=token)
    return str(unseal(key_of("enquirer", token), row.sealed, token, "enquirer")["address"])


def _key(template: str, one: _Idle) -> str:
    """One letter for each time that somebody fell silent."""
    return f"{template}/{one.token}/{int(one.since.timestamp())}"


def _warn(template: str, one: _Idle, address: Callable[[str], str], at: datetime) -> int:
    key = _key(template, one)
    if Letter.objects.using(DATABASE).filter(key=key).exists():
        return 0
    where = "zh-hans" if one.language == "zh-Hans" else "en"
    back = "volunteer/sign-in" if template == "volunteer-forget" else "contact"
    context = {
        "server": mail.link("/"),
        "since": one.since.date().isoformat(),
        "until": (at + MONTH).date().isoformat(),
        "link": mail.link(f"/{where}/{back}/"),
    }
    try:
        mail.queue(
            template=template,
            to=address(one.token),
            language=one.language,
            context=context,
            key=key,
            at=at,
        )
    except UnknownRecord:  # erased meanwhile
        return 0
    return 1


def _over(one: _Idle, limit: datetime, at: datetime, template: str) -> bool:
    """Whether the time is over, and the letter was written a month ago or longer."""
    if one.since >= limit:
        return False
    written = Letter.objects.using(DATABASE).filter(key=_key(template, one), at__lte=at - MONTH)
    return bool(written.exists())


def _note(volunteers: int, messages: int, at: datetime) -> None:
    if not volunteers and not messages:
        return
    with whole(), connection.cursor() as cursor:
        said = {"volunteers": volunteers, "messages": messages}
        ledger.append(
            cursor, chain=ledger.STUDY_CHAIN, what=FORGOTTEN, by=NIGHT, at=at, payload=said
        )
