"""Appoint a person to a role, and take a role away. Roles change in the ledger, never silently."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from equipoise.errors import NotPermitted, UnknownRecord
from equipoise_server.services import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store import ledger
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
) -> User:
    """Give a person a role from `at` on, at one site or (None) at all; a new person is entered.

    Raises:
        NotPermitted: `by` is no administrator, or there is no such role.
        UnknownRecord: no such site.

    """
    body = {"username": username, "role": role, "site": site}
    request = Request(verb="appoint", by=by, at=at, key=key, body=body)
    person = {"full_name": full_name, "language": language}
    perform(request, lambda: _appoint(username, role, site, person, password, by, at))
    return User.objects.get(username=username)


def _appoint(
    username: str,
    role: str,
    site: str | None,
    person: dict[str, str],
    password: str | None,
    by: User,
    at: datetime,
) -> Answer:
    if role not in permissions.ROLES:
        raise NotPermitted(f"appoint a {role}", "one of the roles of the trial")
    if site is not None and not Site.objects.filter(pk=site).exists():
        raise UnknownRecord(f"site {site}")
    with connection.cursor() as cursor:
        permissions.require(cursor, "appoint", by=by, at=at)
        user = User.objects.filter(username=username).first()
        if user is None:
            user = User.objects.create_user(username, password, **person)
        Membership.objects.create(user=user, role=role, site_id=site, since=at)
        payload = {"username": username, "role": role, "site": site}
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="appointed",
            by=by.username,
            at=at,
            payload=payload,
        )
    return {}


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
            user__username=username, role=role, site_id=site, until__isnull=True
        )
        if not held.update(until=at):
            raise UnknownRecord(f"role {role} of {username} to end")
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
