"""The moment at which pages show the trial: now; in a demonstration also the past.

A demonstration has been conducted in advance, so that its last day has no work left. There
one may look at it as it stood on the morning of any earlier day. Nothing is changed by that. A
trial to practise in goes on, and is shown as it is now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from equipoise_server.store.queries import participants
from equipoise_server.store.queries.participants import Sites
from equipoise_server.store.queries.trial import TrialFacts

MORNING = time(8, 0)
RECENT = timedelta(days=7)
_SESSION = "on"
_LOADS = ((5, 4), (28, 2), (95, 1))  # days since randomisation, and how much there is to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`at` is the instant, `zone` where `on` is the date; `past`: a demonstration's past.

    `first` and `last` bound the dates that a demonstration can show.
    """

    at: datetime
    zone: str
    past: bool = False
    demo: bool = False
    first: date | None = None
    last: date | None = None

    @property
    def on(self) -> date:
        """The calendar date at the sites."""
        return self.local(self.at).date()

    @property
    def cut(self) -> datetime | None:
        """What queries leave out: everything after this instant, or nothing."""
        return self.at if self.past else None

    def local(self, at: datetime) -> datetime:
        """An instant on the clock of the sites."""
        return at.astimezone(ZoneInfo(self.zone))


def moment_of(request: HttpRequest, trial: TrialFacts | None, sites_seen: Sites) -> Moment:
    """The moment that this request looks at; `?on=YYYY-MM-DD` changes it in a demonstration.

    `?on=busy` asks for the day with most to do at the sites that the viewer sees.
    """
    zone = trial.zone if trial else "UTC"
    if trial is None or not trial.demo:
        return Moment(at=timezone.now(), zone=zone)
    span = trial.span
    if span is None or _goes_on(trial, span[1]):
        return Moment(at=timezone.now(), zone=zone, demo=True)
    first, last = (one.astimezone(ZoneInfo(zone)).date() for one in span)
    wanted = _wanted(request, first, last, sites_seen)
    if wanted is None:
        return Moment(at=span[1], zone=zone, demo=True, first=first, last=last)
    at = datetime.combine(wanted, MORNING, ZoneInfo(zone))
    return Moment(at=at, zone=zone, past=True, demo=True, first=first, last=last)


def _goes_on(trial: TrialFacts, last: datetime) -> bool:
    """Whether people work in this demonstration: a trial to practise in, not one conducted before."""
    return trial.locked_at is None and timedelta(0) <= timezone.now() - last < RECENT


def _wanted(request: HttpRequest, first: date, last: date, sites_seen: Sites) -> date | None:
    """The chosen day where it lies before the last; it is kept for the next pages."""
    if not request.user.is_authenticated:
        return None
    kept = request.GET.get("on", request.session.get(_SESSION, ""))
    if kept == "busy":
        kept = _busiest(sites_seen, last).isoformat()
    if kept != request.session.get(_SESSION, ""):
        request.session[_SESSION] = kept
    try:
        day = date.fromisoformat(kept)
    except ValueError:
        return None
    return None if day >= last else max(day, first + timedelta(days=1))


def _busiest(sites: Sites, last: date) -> date:
    """The day on which most participants were in their first days: then doses and visits fall."""
    starts = [one.randomised_on for one in participants.states(sites) if one.randomised_on]
    if not starts:
        return last

    def load(day: date) -> int:
        ages = [(day - start).days for start in starts]
        return sum(load for age in ages for days, load in _LOADS if 0 < age <= days)

    days = {start + timedelta(days=shift) for start in starts for shift in (1, 2, 3)}
    return max(sorted(days), key=load)
