"""Participants: lists and states, now or as they were."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from pydantic import TypeAdapter

from equipoise.participant import ParticipantState, from_payload, replay
from equipoise.participant.events import KINDS
from equipoise_server.store import versions
from equipoise_server.store.models import LedgerEntry, Participant
from equipoise_server.store.planned import Planned

Sites = Collection[str] | None
"""Site codes; None means every site."""

_STATE: TypeAdapter[ParticipantState] = TypeAdapter(ParticipantState)
_WHATS = tuple(kind.what for kind in KINDS)
IN_TRIAL = ("screening", "consented", "randomised")
_KNOWN = Planned(
    f"SELECT p.state, {versions.OF_PARTICIPANT.format(participant='p.code')} "  # noqa: S608
    "FROM store_participant p CROSS JOIN store_trial t WHERE p.code = %(code)s",
    {"code": "text"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed to; "" does not narrow. `stratum` is `factor=level`."""

    site: str = ""
    status: str = ""
    stratum: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A participant's state and the digest of the study version that they are under."""

    state: ParticipantState
    study: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of states in order of code, how many there are in all, where the next begins."""

    states: tuple[ParticipantState, ...]
    total: int
    following: str | None


def listed(
    sites: Sites, wanted: Filter, *, after: str = "", limit: int = 40, cut: datetime | None = None
) -> Listed:
    """Participants by code, those after `after` first: a page never shifts while one reads on."""
    if cut is not None:
        return _past(sites, wanted, after, limit, cut)
    found = _narrowed(Participant.objects.all(), sites, wanted)
    page = found.filter(pk__gt=after).order_by("pk").values_list("state", flat=True)[: limit + 1]
    states = tuple(_STATE.validate_python(state) for state in page)
    return _page(states, found.count(), limit)


def _narrowed(found: QuerySet[Participant], sites: Sites, wanted: Filter) -> QuerySet[Participant]:
    if sites is not None:
        found = found.filter(site__in=sites)
    if wanted.site:
        found = found.filter(site=wanted.site)
    if wanted.status:
        found = found.filter(status=wanted.status)
    if wanted.search:
        found = found.filter(pk__icontains=wanted.search)
    factor, _, level = wanted.stratum.partition("=")
    if factor.isidentifier():
        found = found.filter(**{f"stratum__{factor}": level})
    return found


def _past(sites: Sites, wanted: Filter, after: str, limit: int, cut: datetime) -> Listed:
    every = [state for state in states(sites, cut=cut) if _wanted(state, wanted)]
    return _page(tuple(one for one in every if one.code > after), len(every), limit)


def _wanted(state: ParticipantState, wanted: Filter) -> bool:
    factor, _, level = wanted.stratum.partition("=")
    return (
        (not wanted.site or state.site == wanted.site)
        and (not wanted.status or state.status == wanted.status)
        and (not factor or dict(state.stratum).get(factor) == level)
        and wanted.search.lower() in state.code.lower()
    )


def _page(states: tuple[ParticipantState, ...], total: int, limit: int) -> Listed:
    shown = states[:limit]
    following = shown[-1].code if len(states) > limit else None
    return Listed(states=shown, total=total, following=following)


def states(
    sites: Sites, *, cut: datetime | None = None, among: Collection[str] = ()
) -> tuple[ParticipantState, ...]:
    """Every participant's state, by code; `among` narrows to some statuses."""
    if cut is not None:
        past = _replayed(sites, cut)
        return tuple(one for one in past if not among or one.status in among)
    found = Participant.objects.order_by("pk")
    found = found if sites is None else found.filter(site__in=sites)
    found = found.filter(status__in=among) if among else found
    return tuple(_STATE.validate_python(one) for one in found.values_list("state", flat=True))


def state(code: str, *, cut: datetime | None = None) -> ParticipantState | None:
    """One participant's state, or None where there was nobody of this code."""
    if cut is not None:
        return next(iter(_replayed(None, cut, code)), None)
    stored = Participant.objects.filter(pk=code).values_list("state", flat=True).first()
    return None if stored is None else _STATE.validate_python(stored)


def known(code: str) -> Known | None:
    """One participant now and the version that they are under, in one query."""
    with connection.cursor() as cursor:
        _KNOWN.run(cursor, code=code)
        found = cursor.fetchone()
    return found and Known(state=_STATE.validate_json(found[0]), study=found[1])


def _replayed(sites: Sites, cut: datetime, code: str = "") -> tuple[ParticipantState, ...]:
    people = Participant.objects.filter(Q(site__in=sites) if sites is not None else Q())
    people = people.filter(pk=code) if code else people
    entries = LedgerEntry.objects.filter(
        chain__in=people.values("pk"), what__in=_WHATS, at__lte=cut
    )
    rows = entries.order_by("chain", "sequence").values_list("chain", "what", "payload__data")
    events: dict[str, list[Any]] = {}
    for chain, what, data in rows:
        events.setdefault(chain, []).append(from_payload(what, json.loads(data)))
    return tuple(replay(happened) for happened in events.values())


def strata() -> tuple[str, ...]:
    """Every stratum level in use, as `factor=level`."""
    found: set[str] = set()
    for stored in Participant.objects.values_list("stratum", flat=True).distinct():
        found |= {f"{factor}={level}" for factor, level in stored.items()}
    return tuple(sorted(found))
