"""Planned against actual recruitment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from equipoise.protocol.scenario import Accrual, Scenario
from equipoise_server.store.queries import participants as people
from equipoise_server.store.queries import trial as trials
from equipoise_server.store.queries.trial import SiteFacts
from equipoise_server.web.shared.charts import Chart, Point, chart
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import said

MONTH = 365.25 / 12  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLine:
    """One site: when it opened, how many were randomised and how many were planned by now."""

    code: str
    name: str
    opened_on: date
    randomised: int
    planned: float
    chart: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """How many there were in all at the end of a month of the trial."""

    month: int
    until: date
    actual: int
    planned: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recruitment:
    """The whole trial and each site. `rate` is planned per open site and month."""

    chart: Chart
    months: tuple[Month, ...]
    sites: tuple[SiteLine, ...]
    randomised: int
    wanted: int
    rate: float
    assumed: str
    opened_on: date | None


def recruitment(page: Page) -> Recruitment:
    """Who was randomised when, beside the plan."""
    states = people.states(None, cut=page.moment.cut)
    joined = sorted(
        (one.randomised_on, one.site) for one in states if one.randomised_on is not None
    )
    sites = [one for one in trials.sites() if _opened(page, one) <= page.moment.on]
    start = min((_opened(page, one) for one in sites), default=None)
    wanted = int(page.study.protocol.planned.value or 0)
    scenario = _assumption(page)
    rate = scenario.accrual.rate_per_month if scenario else Accrual().rate_per_month
    plan = _Plan(page, sites, rate, wanted, start or page.moment.on)
    last = max((day for day, _ in joined), default=page.moment.on)
    days = (max(last, min(page.moment.on, last)) - plan.start).days + 1
    return Recruitment(
        chart=_chart(plan, [(day - plan.start).days for day, _ in joined], days),
        months=plan.months([day for day, _ in joined], days),
        sites=tuple(_site(plan, one, joined, days) for one in sites),
        randomised=len(joined),
        wanted=wanted,
        rate=rate,
        assumed=scenario.title.say(page.language) if scenario else "",
        opened_on=start,
    )


def _opened(page: Page, site: SiteFacts) -> date:
    return page.moment.local(site.opened_at).date()


def _assumption(page: Page) -> Scenario | None:
    """The scenario whose accrual is the plan: the first that the study has."""
    return next(iter(page.study.scenarios.values()), None)


class _Plan:
    """The plan in numbers: every open site recruits at the same rate until all are in."""

    def __init__(
        self, page: Page, sites: list[SiteFacts], rate: float, wanted: int, start: date
    ) -> None:
        self.page, self.rate, self.wanted, self.start = page, rate, wanted, start
        planned = {one.id: one.opens_on_day for one in page.study.protocol.sites}
        self.offsets = {
            one.code: planned.get(one.code, (_opened(page, one) - start).days) for one in sites
        }

    def at(self, day: float) -> float:
        """How many the plan expects in all after `day` days."""
        return min(self.wanted, sum(self.of_site(code, day) for code in self.offsets))

    def of_site(self, code: str, day: float) -> float:
        """How many it expects at one site, however many there are elsewhere."""
        return max(0.0, day - self.offsets[code]) / MONTH * self.rate

    def months(self, joined: list[date], days: int) -> tuple[Month, ...]:
        """The whole trial, month by month."""
        found = []
        for month in range(1, int(days / MONTH) + 2):
            until = date.fromordinal(self.start.toordinal() + round(month * MONTH))
            actual = sum(1 for day in joined if day < until)
            planned = round(self.at(month * MONTH), 1)
            found.append(Month(month=month, until=until, actual=actual, planned=planned))
        return tuple(found)


def _steps(days_in: list[int], days: int) -> list[Point]:
    points: list[Point] = [(0.0, 0.0)]
    for n, day in enumerate(sorted(days_in), 1):
        points += [(float(day), float(n - 1)), (float(day), float(n))]
    return [*points, (float(days), float(len(days_in)))]


def _chart(plan: _Plan, days_in: list[int], days: int) -> Chart:
    planned = [(float(day), plan.at(day)) for day in range(0, days + 1, max(1, days // 60))]
    series = [("planned", planned), ("actual", _steps(days_in, days))]
    return chart(series, width=560, height=220, margin=(10, 12, 22, 34), floor_at=0)


def _site(plan: _Plan, site: SiteFacts, joined: list[tuple[date, str]], days: int) -> SiteLine:
    days_in = [(day - plan.start).days for day, code in joined if code == site.code]
    planned = [(0.0, 0.0), (float(min(days, plan.offsets[site.code])), 0.0)]
    planned.append((float(days), plan.of_site(site.code, days)))
    series = [("planned", planned), ("actual", _steps(days_in, days))]
    return SiteLine(
        code=site.code,
        name=said(site.name, plan.page.language),
        opened_on=_opened(plan.page, site),
        randomised=len(days_in),
        planned=round(plan.of_site(site.code, days), 1),
        chart=chart(series, width=240, height=90, margin=(6, 6, 18, 26), floor_at=0),
    )
