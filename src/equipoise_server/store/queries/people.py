"""People and their roles: as the tables hold them, and as the ledger tells them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils.dateparse import parse_datetime

from equipoise_server.store import ledger
from equipoise_server.store.models import (
    Delegation,
    DelegationDemand,
    Invitation,
    LedgerEntry,
    Membership,
    Training,
    TrainingDemand,
    TrainingRecord,
    User,
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RoleHeld:
    """One role of one person: where ("" is all sites), from when to when (None: still)."""

    username: str
    role: str
    site: str
    since: datetime
    until: datetime | None

    def held_at(self, at: datetime) -> bool:
        """Whether the role was held at that instant."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a user name: roles held now or later, factors, last sign-in."""

    username: str
    full_name: str
    active: bool
    factors: int
    last_login: datetime | None
    roles: tuple[RoleHeld, ...]


def role_history() -> tuple[RoleHeld, ...]:
    """Who held which role, where, from when to when: from the memberships."""
    rows = Membership.objects.values_list("user__username", "role", "site_id", "since", "until")
    held = (
        RoleHeld(username=name, role=role, site=site or "", since=since, until=until)
        for name, role, site, since, until in rows
    )
    return tuple(sorted(held, key=_order))


def told_by_the_ledger() -> tuple[RoleHeld, ...]:
    """The same, from the ledger's entries alone."""
    held: list[RoleHeld] = []
    for what, at, said in _entries(("trial-opened", "appointed", "dismissed")):
        if what == "dismissed":
            held = [_ended(one, said, at) for one in held]
            continue
        first = what == "trial-opened"
        end = said.get("until")
        held.append(
            RoleHeld(
                username=said["administrator" if first else "username"],
                role="administrator" if first else said["role"],
                site="" if first else said["site"] or "",
                since=at,
                until=parse_datetime(end) if end else None,
            )
        )
    return tuple(sorted(held, key=_order))


def _ended(one: RoleHeld, said: Mapping[str, Any], at: datetime) -> RoleHeld:
    same = (one.username, one.role, one.site) == (
        said["username"],
        said["role"],
        said["site"] or "",
    )
    open_then = one.until is None or one.until > at
    return replace(one, until=at) if same and open_then else one


def _entries(kinds: Iterable[str]) -> Iterator[tuple[str, datetime, Mapping[str, Any]]]:
    rows = LedgerEntry.objects.filter(chain=ledger.STUDY_CHAIN, what__in=tuple(kinds))
    for row in rows.select_related("payload").order_by("sequence").iterator():
        yield row.what, row.at, json.loads(row.payload.data)


def _order(one: RoleHeld) -> tuple[str, datetime, str, str]:
    return one.username, one.since, one.role, one.site


def people(at: datetime) -> tuple[Person, ...]:
    """Everybody, with the roles that they hold at `at` or will."""
    held: dict[str, list[RoleHeld]] = {}
    for one in role_history():
        if one.until is None or one.until > at:
            held.setdefault(one.username, []).append(one)
    factors: dict[int, int] = {}
    kinds = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    for user in kinds.values_list("user_id", flat=True):
        factors[user] = factors.get(user, 0) + 1
    return tuple(
        Person(
            username=user.username,
            full_name=user.full_name,
            active=user.is_active,
            factors=factors.get(user.pk, 0),
            last_login=user.last_login,
            roles=tuple(held.get(user.username, ())),
        )
        for user in User.objects.order_by("username")
    )


def invitations(at: datetime) -> tuple[Invitation, ...]:
    """Those that can still be accepted."""
    found = Invitation.objects.filter(
        used_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=at
    )
    return tuple(found.select_related("invited_by").order_by("expires_at"))


def delegations(site: str) -> tuple[Delegation, ...]:
    """The delegation log of a site, newest first."""
    found = Delegation.objects.filter(site_id=site)
    related = found.select_related("user", "signed_by", "ended_by")
    return tuple(related.order_by("-signed_at", "user__full_name", "task"))


def delegations_demanded(site: str, at: datetime) -> bool:
    """Whether tasks at a site need a delegation."""
    demands = DelegationDemand.objects.filter(since__lte=at)
    return any(one.site_id in (None, site) for one in demands)


def trainings() -> tuple[tuple[Training, tuple[TrainingDemand, ...]], ...]:
    """Every training, with the demands in force."""
    demands: dict[str, list[TrainingDemand]] = {}
    for one in TrainingDemand.objects.filter(until__isnull=True).order_by("role"):
        demands.setdefault(one.training_id, []).append(one)
    every = Training.objects.order_by("code")
    return tuple((one, tuple(demands.get(one.code, ()))) for one in every)


def trained(usernames: Iterable[str] | None = None) -> tuple[TrainingRecord, ...]:
    """Training records, of some people or all, by person and day."""
    found = TrainingRecord.objects.select_related("user", "training", "recorded_by")
    if usernames is not None:
        found = found.filter(user__username__in=tuple(usernames))
    return tuple(found.order_by("user__full_name", "training_id", "-since"))


def staff_of(site: str, roles: Iterable[str], at: datetime) -> tuple[User, ...]:
    """Whoever holds one of some roles at a site (or at all sites) at `at`, by name."""
    held = {
        one.username
        for one in role_history()
        if one.site in ("", site) and one.role in tuple(roles) and one.held_at(at)
    }
    return tuple(User.objects.filter(username__in=held, is_active=True).order_by("full_name"))
