"""Invite somebody to a role: a link that works once, for a week, and gives nothing by itself."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.core import signing
from django.db import connection

from equipoise.errors import InvitationInvalid, NotPermitted, UnknownRecord, say
from equipoise.protocol.roles import ROLES
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform, whole
from equipoise_server.store import ledger
from equipoise_server.store.models import Invitation, Site, User

LASTS = timedelta(days=7)
_SALT = "equipoise/invitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Who is invited to what. `site` None: all sites; `until` None: without an end."""

    username: str
    full_name: str
    role: str
    site: str | None = None
    language: str = "en"
    address: str = ""
    until: datetime | None = None


def invite(invited: Invited, *, by: User, at: datetime, key: str) -> str:
    """Offer a role; returns what the link carries. Only the link's holder can use it.

    A request sent again gives an empty text: the link is told once.

    Raises:
        NotPermitted: `by` is no administrator, there is no such role, or the name is taken.
        UnknownRecord: no such site.

    """
    body = {"username": invited.username, "role": invited.role, "site": invited.site}
    request = Request(verb="invite", by=by, at=at, key=key, body=body)
    secret = secrets.token_urlsafe(24)
    fresh: list[str] = []

    def work() -> Answer:
        _invite(invited, secret, by, at)
        fresh.append(signing.Signer(salt=_SALT, sep="~").sign(secret))
        return {}

    perform(request, work)
    return fresh[0] if fresh else ""


def _invite(invited: Invited, secret: str, by: User, at: datetime) -> None:
    if invited.role not in ROLES:
        raise NotPermitted(
            say("invite a {role}", role=invited.role), "one of the roles of the trial"
        )
    if invited.site is not None and not Site.objects.filter(pk=invited.site).exists():
        raise UnknownRecord(say("site {site}", site=invited.site))
    if invited.until is not None and invited.until <= at:
        raise NotPermitted("invite for that time", "an end that lies ahead")
    with connection.cursor() as cursor:
        permissions.require(cursor, "invite", by=by, at=at)
        if User.objects.filter(username=invited.username).exists():
            raise NotPermitted(
                say("invite {username}", username=invited.username),
                "a new user name; give a known person a role instead",
            )
        Invitation.objects.create(
            digest=_digest(secret),
            username=invited.username,
            full_name=invited.full_name,
            address=invited.address,
            language=invited.language,
            role=invited.role,
            site_id=invited.site,
            since=at,
            until=invited.until,
            invited_by=by,
            made_at=at,
            expires_at=at + LASTS,
        )
        said = {"username": invited.username, "role": invited.role, "site": invited.site}
        _note(cursor, "invited", by, at, said)


def withdraw_invitation(number: int, *, by: User, at: datetime) -> None:
    """Make an invitation void.

    Raises:
        UnknownRecord: it is not open any more.

    """
    with whole(), connection.cursor() as cursor:
        permissions.require(cursor, "invite", by=by, at=at)
        open_ones = Invitation.objects.filter(used_at__isnull=True, withdrawn_at__isnull=True)
        found = open_ones.select_for_update().filter(pk=number).first()
        if found is None:
            raise UnknownRecord("that open invitation")
        found.withdrawn_at = at
        found.save(update_fields=["withdrawn_at"])
        _note(cursor, "invitation-withdrawn", by, at, {"username": found.username})


def find(link: str, *, at: datetime, hold: bool = False) -> Invitation:
    """The invitation that a link carries.

    Raises:
        InvitationInvalid: forged, too old, used or withdrawn.

    """
    try:
        secret = signing.Signer(salt=_SALT, sep="~").unsign(link[:400])
    except signing.BadSignature as problem:
        raise InvitationInvalid from problem
    every = Invitation.objects.select_for_update() if hold else Invitation.objects.all()
    found: Invitation | None = every.filter(
        digest=_digest(secret), used_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=at
    ).first()
    if found is None:
        raise InvitationInvalid
    return found


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _note(cursor: object, what: str, by: User, at: datetime, said: Mapping[str, object]) -> None:
    ledger.append(cursor, chain=ledger.STUDY_CHAIN, what=what, by=by.username, at=at, payload=said)
