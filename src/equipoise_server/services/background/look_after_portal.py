"""What the public side needs by itself: reminders, digests, forgetting, sending mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from equipoise_server.identity.models import Alerted, Letter, Volunteer
from equipoise_server.identity.sealing import fresh_key, seal
from equipoise_server.services.letters import mail
from equipoise_server.services.letters.mail import DATABASE
from equipoise_server.services.outbox.send_mail import Sent, send_mail
from equipoise_server.services.portal.forget_inactive import Forgotten, forget_inactive
from equipoise_server.services.portal.post_study import refresh_listing
from equipoise_server.services.portal.public_limits import forget_counts
from equipoise_server.services.portal.sign_up import purge_unconfirmed
from equipoise_server.store.models import Enquiry, SitePosting, Trial
from equipoise_server.store.queries.recruiting import public_sites

REMINDERS = (24, 72)
"""Hours without an answer after which a site is reminded, and the office told."""
DIGEST_EVERY = timedelta(days=7)
MOST_DIGESTS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAfter:
    """What was done."""

    escalated: int
    digests: int
    purged: int
    mail: Sent
    forgotten: Forgotten


def look_after_portal(*, at: datetime, nightly: bool = True) -> LookedAfter:
    """Do what is due now. May run at any time, often.

    `nightly`: also what once a day is enough for, which is to forget people.
    """
    if Trial.objects.exists():
        refresh_listing(at=at)
    forget_counts(at=at)
    forgotten = forget_inactive(at=at) if nightly else Forgotten()
    return LookedAfter(
        escalated=escalate(at=at),
        digests=send_digests(at=at),
        purged=purge_unconfirmed(at=at),
        mail=send_mail(at=at),
        forgotten=forgotten,
    )


def escalate(*, at: datetime) -> int:
    """Remind sites of messages that wait; after 72 hours the trial office hears of it too."""
    done = 0
    for site in public_sites():
        for hours in REMINDERS:
            done += _remind(site.code, dict(site.name), hours, at)
    return done


def _remind(site: str, name: dict[str, str], hours: int, at: datetime) -> int:
    waiting = Enquiry.objects.filter(
        site=site,
        answered_at__isnull=True,
        closed_at__isnull=True,
        escalated__lt=hours,
        received_at__lte=at - timedelta(hours=hours),
    )
    count = waiting.update(escalated=hours)
    if count:
        for to in _reminded(site, hours):
            context = {
                "site": name.get("en", site),
                "hours": str(hours),
                "count": str(count),
                "link": mail.link("/en/office/contacts/"),
            }
            key = f"waiting/{site}/{hours}/{at.isoformat()}/{to}"
            mail.queue(
                template="contact-waiting", to=to, language="en", context=context, key=key[:200]
            )
    return count


def _reminded(site: str, hours: int) -> list[str]:
    found = SitePosting.objects.filter(site=site).values_list("mail", flat=True).first()
    office = settings.EQUIPOISE_OFFICE_MAIL if hours >= REMINDERS[-1] else ""
    return [one for one in dict.fromkeys((found, office)) if one]


def send_digests(*, at: datetime, most: int = MOST_DIGESTS) -> int:
    """One letter a week at most to whoever has unread news and wants digests."""
    due = Alerted.objects.using(DATABASE).filter(rhythm="digest", sent_at__isnull=True)
    recent = Alerted.objects.using(DATABASE).filter(rhythm="digest", sent_at__gt=at - DIGEST_EVERY)
    rested = due.exclude(volunteer__in=recent.values("volunteer"))
    people = list(
        rested.values_list("volunteer", flat=True).order_by("volunteer").distinct()[:most]
    )
    for token in people:
        _digest(token, at)
    return len(people)


def _digest(token: str, at: datetime) -> None:
    news = Alerted.objects.using(DATABASE).filter(
        volunteer_id=token, rhythm="digest", sent_at__isnull=True
    )
    studies = list(dict.fromkeys(news.order_by("at").values_list("study", flat=True)))
    language = Volunteer.objects.using(DATABASE).values_list("language", flat=True).get(pk=token)
    where = "zh-hans" if language == "zh-Hans" else "en"
    lines = "\n".join(f"{one}\n{mail.link(f'/{where}/studies/{one}/')}" for one in studies)
    key = f"digest/{token}/{at.date().isoformat()}"
    told = {
        "template": "digest",
        "language": language,
        "person": token,
        "purpose": "alerts",
        "sealed": seal(fresh_key("letter", key), {"studies": lines}, key, "letter"),
        "at": at,
    }
    with transaction.atomic(using=DATABASE):
        letter, made = Letter.objects.using(DATABASE).get_or_create(key=key, defaults=told)
        if made:
            mail.post(letter)
        news.update(sent_at=at)
