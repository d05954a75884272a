"""Appoint a person to a role, and take a role away. Roles change in the ledger, never silently."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from equipoise.errors import NotPermitted, OtherSide, UnknownRecord, say
from equipoise.protocol.roles import ROLES, UNBLINDED
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger
from equipoise_server.store.fields import instant_text
from equipoise_server.store.models import Membership, Site, User


def appoint(
    *,
    username: str,
    full_name: str,
    role: str,
    site: str | None,
    by: User,
    at: datetime,
    key: str,
    password: str | None = None,
    language: str = "en",
    until: datetime | None = None,
) -> User:
    """Give a person a role from `at` on, at one site or (None) at all; a new person is entered.

    The role ends at `until`, or when it is taken away.

    Raises:
        NotPermitted: `by` is no administrator, there is no such role, or somebody else has
            the same name in another spelling.
        OtherSide: the role is blinded and the person has held an unblinded one, or the role
            is unblinded and the person holds a blinded one.
        UnknownRecord: no such site.

    """
    body = {"username": username, "role": role, "site": site}
    request = Request(verb="appoint", by=by, at=at, key=key, body=body)
    person = {"full_name": full_name, "language": language}
    given = _Given(role=role, site=site, until=until)
    perform(request, lambda: _appoint(username, given, person, password, by, at))
    return User.objects.get(username=username)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    role: str
    site: str | None
    until: datetime | None


def _appoint(
    username: str,
    given: _Given,
    person: dict[str, str],
    password: str | None,
    by: User,
    at: datetime,
) -> Answer:
    role, site, until = given.role, given.site, given.until
    if role not in ROLES:
        raise NotPermitted(say("appoint a {role}", role=role), "one of the roles of the trial")
    if until is not None and until <= at:
        raise NotPermitted("appoint for that time", "an end after the start")
    if site is not None and not Site.objects.filter(pk=site).exists():
        raise UnknownRecord(say("site {site}", site=site))
    with connection.cursor() as cursor:
        permissions.require(cursor, "appoint", by=by, at=at)
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        user = _known(username)
        if user is not None:
            _require_one_side(user, role, at)
        if user is None:
            user = User.objects.create_user(username, password, **person)
        Membership.objects.create(user=user, role=role, site_id=site, since=at, until=until)
        payload = {"username": username, "role": role, "site": site}
        if until is not None:
            payload["until"] = instant_text(until)
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="appointed",
            by=by.username,
            at=at,
            payload=payload,
        )
    return {}


def _known(username: str) -> User | None:
    """The person of that name, who keeps one name however it is written.

    Raises:
        NotPermitted: somebody has the same name in another spelling, and so another past.

    """
    user = User.objects.filter(username=username).first()
    if user is None and folded(username) in map(folded, _usernames()):
        step = f"enter {username} as a new person"
        raise NotPermitted(step, "a name that differs from all others in more than its spelling")
    return user


def _usernames() -> list[str]:
    return list(User.objects.values_list("username", flat=True))


def folded(username: str) -> str:
    """A name without what eyes and mail systems overlook: case, width, accents, dots, spaces."""
    parts = unicodedata.normalize("NFKD", username.casefold())
    return "".join(c for c in parts if c.isalnum())


def _require_one_side(user: User, role: str, at: datetime) -> None:
    """Once on the unblinded side, for ever there; and nobody crosses over while still blinded.

    Every membership counts: ended, to come, at any site.

    Raises:
        OtherSide: the person is or was on the other side.

    """
    memberships = list(Membership.objects.filter(user=user).values_list("role", "until"))
    held = {known for known, _ in memberships}
    current = {known for known, until in memberships if until is None or until > at}
    if role not in UNBLINDED and held & set(UNBLINDED):
        raise OtherSide(user.username, role, "this person has held an unblinded role")
    if role in UNBLINDED and current - set(UNBLINDED):
        blinded = ", ".join(sorted(current - set(UNBLINDED)))
        raise OtherSide(user.username, role, say("this person is still {blinded}", blinded=blinded))


def dismiss(
    *, username: str, role: str, site: str | None, by: User, at: datetime, key: str
) -> None:
    """End a person's role at `at`.

    Raises:
        UnknownRecord: the person does not hold it.

    """
    body = {"username": username, "role": role, "site": site}
    request = Request(verb="dismiss", by=by, at=at, key=key, body=body)
    perform(request, lambda: _dismiss(username, role, site, by, at))


def _dismiss(username: str, role: str, site: str | None, by: User, at: datetime) -> Answer:
    with connection.cursor() as cursor:
        permissions.require(cursor, "appoint", by=by, at=at)
        held = Membership.objects.filter(
            Q(until__isnull=True) | Q(until__gt=at),
            user__username=username,
            role=role,
            site_id=site,
        )
        if not held.update(until=at):
            raise UnknownRecord(
                say("role {role} of {username} to end", role=role, username=username)
            )
        payload = {"username": username, "role": role, "site": site}
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="dismissed",
            by=by.username,
            at=at,
            payload=payload,
        )
    return {}
