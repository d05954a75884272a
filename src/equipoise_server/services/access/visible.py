"""What a person may see: predicates of the permission table, and querysets cut down to it.

Default deny: a person without a fitting role sees nothing, and a step that the table does not
name is nobody's. `user.has_perm("step:randomise", "s01")` asks the table through `rules`;
`participants(user, at)` and its siblings give the rows.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import rules
from django.db.models import QuerySet
from django.utils import timezone

from equipoise_server.services.access import permissions
from equipoise_server.store.models import Participant, Record, User

PREFIX = "step:"
_RULES: Any = rules  # the library has no types


def register() -> None:
    """Make a permission of each step; its object is a site's code, or None for any site."""
    for step in permissions.ALLOWED:
        name = f"{PREFIX}{step}"
        if not _RULES.perm_exists(name):
            _RULES.add_perm(name, _RULES.predicate(partial(_may, step), name=name))


def _may(step: str, user: Any, site: Any = None) -> bool:
    if not isinstance(user, User) or not (site is None or isinstance(site, str)):
        return False
    return permissions.may(step, by=user, at=timezone.now(), site=site)


def sites(step: str, user: User, at: datetime) -> frozenset[str] | None:
    """The sites at which somebody may take a step at `at`; None for all, empty for none."""
    allowed = permissions.ALLOWED.get(step, ())
    held = [site for role, site in permissions.roles(user, at) if role in allowed]
    return None if None in held else frozenset(site for site in held if site)


def participants(user: User, at: datetime) -> QuerySet[Participant]:
    """The participants that somebody may read about."""
    seen = sites("read participants", user, at)
    every = Participant.objects.all()
    return every if seen is None else every.filter(site_id__in=seen)


def records(user: User, at: datetime) -> QuerySet[Record]:
    """The records that somebody may read. Forms of the unblinded side are not in the store."""
    seen = sites("read records", user, at)
    every = Record.objects.all()
    return every if seen is None else every.filter(participant__site_id__in=seen)


register()
