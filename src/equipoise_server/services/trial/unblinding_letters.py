"""Letters that say that a participant was unblinded: to the site's investigators and the sponsor."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Q

from equipoise.errors import EquipoiseError
from equipoise_server.services.letters import mail
from equipoise_server.store.models import Invitation, Membership, User

TEMPLATE = "unblinding-happened"
AT_SITE = ("investigator",)
EVERYWHERE = ("sponsor",)
log = logging.getLogger(__name__)


def write_letters(number: int, participant: str, site: str, at: datetime) -> None:
    """Queue one letter for each who has to know. That mail is down stops nothing."""
    for person in _told(site, at):
        address = _address(person)
        if not address:
            continue
        context = {
            "name": person.full_name,
            "participant": participant,
            "site": site.upper(),
            "at": at.strftime("%Y-%m-%d %H:%M UTC"),
            "link": mail.link("/"),
        }
        language = {"zh-hans": "zh-Hans"}.get(person.language, person.language)
        key = f"unblinding/{number}/{person.username}"
        try:
            mail.queue(template=TEMPLATE, to=address, language=language, context=context, key=key)
        except (EquipoiseError, DatabaseError):
            log.exception("a letter about an unblinding was not queued; the pages tell it")


def _told(site: str, at: datetime) -> tuple[User, ...]:
    here = Q(role__in=AT_SITE) & (Q(site_id=site) | Q(site__isnull=True))
    held = Membership.objects.filter(here | Q(role__in=EVERYWHERE), user__is_active=True)
    held = held.filter(Q(until__isnull=True) | Q(until__gt=at), since__lte=at)
    people = {one.user_id: one.user for one in held.select_related("user")}
    return tuple(people[key] for key in sorted(people))


def _address(person: User) -> str:
    """Where the person was invited at, newest first; nothing where nobody knows one."""
    found = Invitation.objects.filter(username=person.username, used_at__isnull=False)
    return (
        found.exclude(address="").order_by("-used_at").values_list("address", flat=True).first()
        or ""
    )
