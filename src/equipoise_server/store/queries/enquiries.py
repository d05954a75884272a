"""Messages of the public by token: the queue, how fast they are answered, where people come from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Count, QuerySet, Sum

from equipoise_server.store.models import Enquiry, Participant, PublicCount, ReferralSource

Sites = Collection[str] | None
SHOWN = 200
PUBLIC_STEPS = ("view", "pre-screen", "pre-screened")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One message of the queue. `hours` since it came."""

    token: str
    site: str
    received_at: datetime
    hours: int
    read_at: datetime | None
    answered_at: datetime | None
    calls: int
    fit: str
    duplicate: bool
    outcome: str
    participant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How fast a site answers. Hours are medians, None where nothing was answered."""

    site: str
    received: int
    open: int
    over_a_day: int
    read_hours: float | None
    answered_hours: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """From the first look to randomisation, for one source ("" for all without one)."""

    source: str
    label: str
    views: int
    pre_screened: int
    contacts: int
    screened: int
    randomised: int


def queue(sites: Sites, *, at: datetime, closed: bool = False) -> tuple[Waiting, ...]:
    """Messages by age: the open ones oldest first, the closed ones newest first."""
    found = _of(sites).filter(closed_at__isnull=not closed).annotate(tried=Count("calls"))
    order = "-closed_at" if closed else "received_at"
    return tuple(_waiting(one, one.tried, at) for one in found.order_by(order)[:SHOWN])


def _of(sites: Sites) -> QuerySet[Enquiry]:
    return Enquiry.objects.all() if sites is None else Enquiry.objects.filter(site__in=sites)


def _waiting(one: Enquiry, calls: int, at: datetime) -> Waiting:
    return Waiting(
        token=one.token,
        site=one.site_id,
        received_at=one.received_at,
        hours=max(0, int((at - one.received_at) / timedelta(hours=1))),
        read_at=one.read_at,
        answered_at=one.answered_at,
        calls=calls,
        fit=one.fit,
        duplicate=bool(one.duplicate_of),
        outcome=one.outcome,
        participant=one.participant,
    )


def service_levels(sites: Sites, *, at: datetime) -> tuple[Service, ...]:
    """How each site answers, by code."""
    rows: dict[str, list[Enquiry]] = {}
    for one in _of(sites).order_by("site"):
        rows.setdefault(one.site_id, []).append(one)
    return tuple(_service(site, found, at) for site, found in rows.items())


def _service(site: str, found: list[Enquiry], at: datetime) -> Service:
    waiting = [one for one in found if one.closed_at is None and one.answered_at is None]
    late = [one for one in waiting if at - one.received_at >= timedelta(hours=24)]
    return Service(
        site=site,
        received=len(found),
        open=len(waiting),
        over_a_day=len(late),
        read_hours=_hours([(one.received_at, one.read_at) for one in found]),
        answered_hours=_hours([(one.received_at, one.answered_at) for one in found]),
    )


def _hours(spans: list[tuple[datetime, datetime | None]]) -> float | None:
    lasted = [(end - start).total_seconds() / 3600 for start, end in spans if end is not None]
    return round(median(lasted), 1) if lasted else None


def funnel() -> tuple[Funnel, ...]:
    """One line per named source, and one for everybody else."""
    counted = PublicCount.objects.values("source", "step").annotate(n=Sum("count"))
    public = {(one["source"], one["step"]): one["n"] for one in counted}
    labels = dict(ReferralSource.objects.order_by("code").values_list("code", "label"))
    return tuple(_line(source, labels.get(source, ""), public) for source in ("", *labels))


def _line(source: str, label: str, public: dict[tuple[str, str], int]) -> Funnel:
    wrote = Enquiry.objects.filter(source=source)
    codes = list(wrote.exclude(participant="").values_list("participant", flat=True))
    joined = Participant.objects.filter(pk__in=codes, randomised_at__isnull=False)
    return Funnel(
        source=source,
        label=label,
        views=public.get((source, "view"), 0),
        pre_screened=public.get((source, "pre-screened"), 0),
        contacts=wrote.count(),
        screened=len(codes),
        randomised=joined.count(),
    )
