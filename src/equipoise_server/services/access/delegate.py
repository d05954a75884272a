"""The delegation log of a site: who may do which task, from when to when, signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from equipoise.errors import NotPermitted, UnknownRecord, listed, say
from equipoise_server.services.access import fresh_factor, permissions
from equipoise_server.services.request import Answer, Request, perform, whole
from equipoise_server.store import ledger
from equipoise_server.store.fields import instant_text
from equipoise_server.store.models import Delegation, DelegationDemand, Site, User

MEANING = "I delegate these tasks and remain responsible for them."
END_MEANING = "I end this delegation."


def purpose(site: str) -> str:
    """What a proof of the signing investigator must be for."""
    return f"sign the delegation log of {site}"


def delegate(
    *,
    username: str,
    site: str,
    tasks: Sequence[str],
    since: datetime,
    until: datetime | None,
    by: User,
    proof: str,
    at: datetime,
    key: str,
) -> None:
    """Enter tasks of a person in a site's log, signed by an investigator of the site.

    Raises:
        NotPermitted: `by` is no investigator there, an unknown task, an end before the start,
            a start in the past, or a person without a role there that acts by delegation.
        FactorRequired, FactorRefused: the signature's proof is missing or does not fit.

    """
    body = {"username": username, "site": site, "tasks": sorted(tasks)}
    request = Request(verb="delegate", by=by, at=at, key=key, body=body)

    def work() -> Answer:
        with connection.cursor() as cursor:
            permissions.require(cursor, "delegate", by=by, at=at, site=site)
            person = _to_whom(username, site, at)
            _require_sound(tasks, since, until, at)
            fresh_factor.consume(by=by, proof=proof, purpose=purpose(site), at=at)
            for task in tasks:
                Delegation.objects.create(
                    user=person,
                    site_id=site,
                    task=task,
                    since=since,
                    until=until,
                    signed_by=by,
                    signed_at=at,
                )
            said = {**body, "since": since, "until": until, "name": by.full_name}
            _note(cursor, "delegated", by, at, {**said, "meaning": MEANING})
        return {}

    perform(request, work)


def end_delegation(number: int, *, by: User, proof: str, at: datetime) -> None:
    """End one line of the log now, signed.

    Raises:
        UnknownRecord: it is not in force.
        NotPermitted, FactorRequired, FactorRefused: as for `delegate`.

    """
    with whole(), connection.cursor() as cursor:
        found = Delegation.objects.select_for_update().filter(pk=number).first()
        if found is None or (found.until is not None and found.until <= at):
            raise UnknownRecord("that delegation in force")
        permissions.require(cursor, "delegate", by=by, at=at, site=found.site_id)
        fresh_factor.consume(by=by, proof=proof, purpose=purpose(found.site_id), at=at)
        found.until, found.ended_by = at, by
        found.save(update_fields=["until", "ended_by"])
        said = {"username": found.user.username, "site": found.site_id, "tasks": [found.task]}
        said |= {"name": by.full_name, "meaning": END_MEANING}
        _note(cursor, "delegation-ended", by, at, said)


def demand_delegations(*, site: str | None, by: User, at: datetime) -> None:
    """From `at` on, tasks at a site (None: at every site) need a delegation.

    Raises:
        UnknownRecord: no such site.
        NotPermitted: `by` may not.

    """
    with whole(), connection.cursor() as cursor:
        permissions.require(cursor, "demand delegations", by=by, at=at)
        if site is not None and not Site.objects.filter(pk=site).exists():
            raise UnknownRecord(say("site {site}", site=site))
        if not DelegationDemand.objects.filter(site_id=site).exists():
            DelegationDemand.objects.create(site_id=site, since=at)
            _note(cursor, "delegations-demanded", by, at, {"site": site})


def _to_whom(username: str, site: str, at: datetime) -> User:
    person = User.objects.filter(username=username, is_active=True).first()
    held = permissions.roles(person, at) if person else ()
    if person is None or not any(
        role in permissions.DELEGATED_TO and where in (None, site) for role, where in held
    ):
        needs = f"the role {' or '.join(permissions.DELEGATED_TO)} at site {site} on their part"
        raise NotPermitted(say("delegate to {username}", username=username[:150]), needs)
    return person


def _require_sound(
    tasks: Sequence[str], since: datetime, until: datetime | None, at: datetime
) -> None:
    known = permissions.tasks()
    if not tasks or set(tasks) - known.keys():
        raise NotPermitted("delegate this", say("one of {known}", known=listed(known)))
    if since < at or (until is not None and until <= since):
        raise NotPermitted("delegate for that time", "a start from now on, and a later end")


def _note(cursor: Any, what: str, by: User, at: datetime, said: dict[str, Any]) -> None:
    plain = {
        name: instant_text(value) if isinstance(value, datetime) else value
        for name, value in said.items()
    }
    ledger.append(cursor, chain=ledger.STUDY_CHAIN, what=what, by=by.username, at=at, payload=plain)
