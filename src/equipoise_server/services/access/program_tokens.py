"""Give a program a token, take it away, and see what a token stands for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection

from equipoise.errors import NotPermitted, OutOfOrder, UnknownRecord, say
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger
from equipoise_server.store.models import ProgramToken, User

PREFIX = "eqp_"
LONGEST = timedelta(days=366)
NOTED = timedelta(hours=1)
"""How exactly is kept when a token was used last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whom a token stands for: a person in one role at one site (None: all), reading or writing."""

    digest: str
    label: str
    user: User
    role: str
    site: str | None
    writes: bool
    until: datetime


def issue(
    *,
    label: str,
    role: str,
    site: str | None,
    until: datetime,
    writes: bool,
    by: User,
    at: datetime,
    key: str,
) -> str:
    """A new token in which a program acts as `by` in one role at one site; said this once.

    A repeated request gives "": the token was said and is not kept.

    Raises:
        NotPermitted: `by` does not hold that role there, or no program may act in it.
        OutOfOrder: it would have ended already, or last more than a year.

    """
    token = PREFIX + secrets.token_urlsafe(32)
    body = {"label": label, "role": role, "site": site, "until": until, "writes": writes}
    request = Request(verb="issue a token", by=by, at=at, key=key, body=body)
    held = ProgramToken(
        digest=_digest(token),
        user=by,
        role=role,
        site_id=site,
        label=label[:100],
        writes=writes,
        since=at,
        until=until,
    )
    made = perform(request, lambda: _issue(held, at))
    return token if made["digest"] == held.digest else ""


def _issue(held: ProgramToken, at: datetime) -> Answer:
    if not at < held.until <= at + LONGEST:
        raise OutOfOrder("the token", "it must end later than now and within a year")
    if not _holds(held, at):
        raise NotPermitted(
            "give a program this role", say("the role {role} there yourself", role=held.role)
        )
    with connection.cursor() as cursor:
        held.save(force_insert=True)
        _tell(cursor, held, "token-issued", at)
    return {"digest": held.digest}


def revoke(*, digest: str, by: User, at: datetime, key: str) -> None:
    """End one of one's own tokens; an administrator may end anybody's.

    Raises:
        UnknownRecord: there is no such token of theirs.

    """
    request = Request(verb="revoke a token", by=by, at=at, key=key, body={"digest": digest})
    perform(request, lambda: _revoke(digest, by, at))


def _revoke(digest: str, by: User, at: datetime) -> Answer:
    found = ProgramToken.objects.filter(digest=digest, revoked_at=None)
    if not permissions.may("appoint", by=by, at=at):
        found = found.filter(user=by)
    held = found.first()
    if held is None:
        raise UnknownRecord("token to end")
    with connection.cursor() as cursor:
        ProgramToken.objects.filter(pk=held.pk).update(revoked_at=at)
        _tell(cursor, held, "token-revoked", at, by.username)
    return {}


def holder(token: str, at: datetime) -> Holder | None:
    """Whom a token stands for now, or None: unknown, over, revoked, or the role has ended.

    That it was used is noted, to the hour.
    """
    held = ProgramToken.objects.select_related("user").filter(digest=_digest(token)).first()
    if held is None or held.revoked_at is not None or not held.since <= at < held.until:
        return None
    if not _holds(held, at):
        return None
    _note_use(held, at)
    return Holder(
        digest=held.digest,
        label=held.label,
        user=held.user,
        role=held.role,
        site=held.site_id,
        writes=held.writes,
        until=held.until,
    )


def _note_use(held: ProgramToken, at: datetime) -> None:
    if held.used_at is None or at - held.used_at >= NOTED:
        ProgramToken.objects.filter(pk=held.pk).update(used_at=at)


def tokens(by: User | None = None) -> tuple[ProgramToken, ...]:
    """Every token that was not revoked, of one person or of all; the newest first."""
    found = ProgramToken.objects.filter(revoked_at=None).select_related("user")
    return tuple((found if by is None else found.filter(user=by)).order_by("-since", "-pk"))


def _holds(held: ProgramToken, at: datetime) -> bool:
    """Whether the person holds the role, at the site of the token, and a program may use it."""
    mine = permissions.roles(held.user, at)
    there = (held.role, None) in mine or (held.role, held.site_id) in mine
    return held.role in permissions.BY_PROGRAM and there


def _tell(
    cursor: object, held: ProgramToken, what: str, at: datetime, by: str | None = None
) -> None:
    ledger.append(
        cursor,
        chain=ledger.STUDY_CHAIN,
        what=what,
        by=by or held.user.username,
        at=at,
        payload={
            "user": held.user.username,
            "role": held.role,
            "site": held.site_id,
            "label": held.label,
            "writes": held.writes,
            "until": held.until,
            "token": held.digest[:16],
        },
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
