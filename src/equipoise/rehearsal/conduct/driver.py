"""Conduct a whole trial: every simulated person acts on their own day, in calendar order."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from equipoise.errors import ScenarioError
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario, ScreenFailure
from equipoise.rehearsal.chain import matrices, walk
from equipoise.rehearsal.conduct import screening
from equipoise.rehearsal.conduct.desk import Desk
from equipoise.rehearsal.conduct.dice import Dice, edges, pick
from equipoise.rehearsal.conduct.fates import fate, lengthened, pace, shifted
from equipoise.rehearsal.conduct.filling import NOTHING, Filler
from equipoise.rehearsal.conduct.happenings import Occurrence, occurrences
from equipoise.rehearsal.conduct.life import Life
from equipoise.rehearsal.conduct.person import File, Person
from equipoise.rehearsal.conduct.staff import Counts, Staff
from equipoise.rehearsal.people import People, people

Progress = Callable[[int, int], None]
"""Told how many participants have finished, of how many."""

OPENS, CLOSES = time(9, 0), time(17, 0)
LEAST_SCREENING = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What one conducted trial came to. Counts of records are counts of saved versions.

    `preparations` are unblinded records and not among `records`. `first_on` and `last_on`
    are the moments of the first and the last act.
    """

    screened: int
    failed: int
    randomised: int
    doses: int
    visits: int
    records: int
    adverse_events: int
    serious_events: int
    deaths: int
    discharges: int
    withdrawals: int
    lost: int
    preparations: int
    first_at: datetime
    last_at: datetime


def run(
    study: Study,
    scenario: Scenario,
    desk: Desk,
    *,
    participants: int,
    seed: int,
    effect: float | None = None,
    trial: int = 0,
    progress: Progress | None = None,
) -> Summary:
    """Conduct one trial through a desk.

    The same study, scenario, seed and trial give the same requests in the same order,
    whatever the desk does with them. `participants` is the number randomised; screen
    failures come on top. Participant k meets the same chances as in `rehearsal.people`, and
    is randomised k-th.

    Raises:
        ScenarioError: the scenario does not fit the study.
        Refused: the desk refused something; a defect of the scenario.

    """
    conducted = _Trial(study, scenario, desk, participants, seed, effect, trial)
    waiting: list[tuple[datetime, int, Iterator[datetime]]] = []
    for index, life in enumerate(conducted.lives()):
        heapq.heappush(waiting, (next(life), index, life))
    if not waiting:
        raise ScenarioError("", "a trial needs at least one participant.")
    first = last = waiting[0][0]
    total, finished = len(waiting), 0
    while waiting:
        last, index, life = heapq.heappop(waiting)
        following = next(life, None)
        if following is not None:
            heapq.heappush(waiting, (following, index, life))
            continue
        finished += 1
        if progress is not None:
            progress(finished, total)
    return Summary(**asdict(conducted.counts), first_at=first, last_at=last)


class _Trial:
    """What all participants share."""

    def __init__(
        self,
        study: Study,
        scenario: Scenario,
        desk: Desk,
        n: int,
        seed: int,
        effect: float | None,
        trial: int,
    ) -> None:
        if not study.protocol.sites:
            raise ScenarioError("", f"study {study.protocol.id} names no sites to conduct it at.")
        self.study = study
        self.scenario = scenario
        self.desk = desk
        self.seed = seed
        self.trial = trial
        self.effect = scenario.effect if effect is None else effect
        self.people: People = people(scenario, n, seed=seed, trial=trial)
        self.filler = Filler(study, scenario)
        self.counts = Counts()
        self.zone = ZoneInfo(study.protocol.sites[0].timezone)
        self.last_visit = max(visit.day + visit.late for visit in study.protocol.visits)
        self.levels = tuple(scenario.strata)
        roles = {arm.id: arm.role for arm in study.protocol.arms}
        self.experimental = {arm for arm, role in roles.items() if role == "experimental"}
        sites = Dice(seed=seed, scenario=scenario.id, purpose="sites", trial=trial)
        self.site_shift = [
            scenario.conduct.site_sd * sites.normal() for _ in range(max(1, scenario.accrual.sites))
        ]

    def lives(self) -> Iterator[Iterator[datetime]]:
        """One generator per person: the randomised, then the screen failures."""
        for k in range(len(self.people)):
            yield self._life(k)
        yield from self._failures()

    def moment(self, arrived: float) -> datetime:
        """The moment of an arrival: within working hours, in the order of arrivals."""
        day = int(arrived)
        start = self.scenario.accrual.opens_on + timedelta(days=day)
        open_for = datetime.combine(start, CLOSES) - datetime.combine(start, OPENS)
        seconds = int((arrived - day) * open_for.total_seconds())
        return datetime.combine(start, OPENS, self.zone) + timedelta(seconds=seconds)

    def _dice(self, purpose: str) -> Dice:
        return Dice(seed=self.seed, scenario=self.scenario.id, purpose=purpose, trial=self.trial)

    def _staff(self, name: str, site: int, level: str, latent: float) -> Staff:
        plan = self.study.protocol.sites[site % len(self.study.protocol.sites)]
        person = Person(
            index=site,
            name=f"{self.seed}/{self.trial}/{name}",
            site=plan.id,
            zone=ZoneInfo(plan.timezone),
            level=level,
            latent=latent,
            dice=self._dice(f"items/{name}"),
            handling=self._dice(f"units/{name}"),
        )
        file = File(zone=plan.timezone, home=self.scenario.course is None)
        file.known.update({"sim.stratum": level, "sim.site": plan.id})
        return Staff(
            study=self.study,
            scenario=self.scenario,
            desk=self.desk,
            filler=self.filler,
            counts=self.counts,
            person=person,
            file=file,
        )

    def _life(self, k: int) -> Iterator[datetime]:
        crowd, chance = self.people, self._dice(f"fate/{k}")
        staff = self._staff(
            str(k),
            int(crowd.site[k]),
            self.levels[int(crowd.stratum[k])],
            float(crowd.latent[k]),
        )
        future = fate(self.study.protocol, self.scenario.conduct, chance, self.last_visit)
        if self.scenario.course is not None:
            staff.person.path = (self.scenario.course.states[int(crowd.start[k])],)
            self._rank(staff.person)
        randomised_at = self.moment(float(crowd.arrived[k]))
        yield from self._screened(staff, randomised_at, chance.uniform(), NOTHING, None)
        yield randomised_at
        on = randomised_at.astimezone(staff.person.zone).date()
        with self.desk.day(participant=staff.file.code, on=on):
            events = self._randomise(staff, k, randomised_at, chance)
            life = Life(staff, future, events)
            life.ending.fatal = self._fatal(events)
            life.begin()
            days = life.days()
            following = next(days, None)
        while following is not None:
            yield following
            following = next(days, None)

    def _fatal(self, events: list[Occurrence]) -> Occurrence | None:
        course = self.scenario.course
        return next((one for one in events if course and one.rate.on_state == course.death), None)

    def _rank(self, person: Person) -> None:
        assert self.scenario.course is not None
        person.ranks = {name: rank for rank, name in enumerate(self.scenario.course.states)}

    def _screened(
        self,
        staff: Staff,
        randomised_at: datetime,
        chance: float,
        fixed: Mapping[str, object],
        failure: ScreenFailure | None,
    ) -> Iterator[datetime]:
        """Screening and baseline up to the moment of randomisation, or failure."""
        zone = staff.person.zone
        day0 = randomised_at.astimezone(zone).date()
        earliest = screening.first_day(self.study, chance)
        at = randomised_at + timedelta(days=earliest) - LEAST_SCREENING
        on = at.astimezone(zone).date()
        earliest = (on - day0).days
        yield at
        with self.desk.day(participant=staff.person.name, on=on):
            screening.enter(staff, site=staff.person.site, at=at, on=on)
            if failure is not None and not failure.consented:
                screening.give_up(staff, failure, at=at + timedelta(minutes=20), on=on)
                return
            sheets = self._consent(staff, randomised_at, at, earliest, fixed, failure)
            now = [sheet for sheet in sheets if sheet.on <= on]
            # Those who fail are known to fail early: the rest of the baseline is not done.
            screening.submit(staff, now if failure is None else now[: 1 + len(now) // 2])
            if failure is not None:
                screening.give_up(staff, failure, at=randomised_at, on=on)
                return
        later = [sheet for sheet in sheets if sheet.on > on]
        if later:
            yield later[0].at
            with self.desk.day(participant=staff.file.code, on=later[-1].on):
                screening.submit(staff, later)

    def _consent(
        self,
        staff: Staff,
        randomised_at: datetime,
        at: datetime,
        earliest: int,
        fixed: Mapping[str, object],
        failure: ScreenFailure | None,
    ) -> list[screening.Sheet]:
        signed_at = at + timedelta(minutes=35)
        known, zone = staff.file.known, staff.person.zone
        on, day0 = at.astimezone(zone).date(), randomised_at.astimezone(zone).date()
        known["sim.consented_at"], known["sim.consented_on"] = signed_at, on
        known["sim.randomised_at"], known["sim.randomised_on"] = randomised_at, day0
        known["sim.consent_version"] = screening.consent_version(self.study)
        sheets = screening.filled(
            staff,
            level=staff.person.level,
            randomised_at=randomised_at,
            zone_date=day0,
            earliest=earliest,
            fixed=fixed,
            wants=failure is None,
        )
        screening.consent(staff, signed_at=signed_at, at=signed_at, on=on)
        return sheets

    def _randomise(self, staff: Staff, k: int, at: datetime, chance: Dice) -> list[Occurrence]:
        file, person = staff.file, staff.person
        on = at.astimezone(person.zone).date()
        file.kit = self.desk.randomise(
            participant=file.code, on=on, at=at, key=staff.key(), role="investigator"
        )
        file.randomised_at, file.randomised_on = at, on
        file.known["sim.kit"] = file.kit
        self.counts.randomised += 1
        experimental = self.desk.nature(file.kit) in self.experimental
        person.odds = self.effect if experimental else 1.0
        self._walk(person, k, chance)
        dosing = self.study.protocol.dosing
        return occurrences(
            self.scenario.events,
            person,
            self._dice(f"events/{k}"),
            doses=dosing.doses if dosing else 1,
            last_day=self.study.protocol.safety.last_day,
            experimental=experimental,
        )

    def _walk(self, person: Person, k: int, chance: Dice) -> None:
        """The whole course from day 0 to the last visit, under this person's arm."""
        course = self.scenario.course
        if course is None:
            return
        chances = shifted(self.people.days[k].tolist(), self.site_shift[person.index])
        path = walk(course, self.people.start[k : k + 1], np.array([chances]), person.odds)[0]
        days = [int(state) for state in path]
        last = np.cumsum(matrices(course, 1.0)[-1], axis=1)
        after = self._dice(f"after/{k}")
        while len(days) <= self.last_visit:
            days.append(pick(last[days[-1]].tolist(), after.uniform()))
        person.path = lengthened(course, days, self.scenario.conduct, chance)
        person.pace = pace(course, person.path)

    def _failures(self) -> Iterator[Iterator[datetime]]:
        share = self.scenario.accrual.screen_failure
        kinds = self.scenario.failures
        if share <= 0 or not kinds:
            return
        dice, n = self._dice("failures"), len(self.people)
        ends = edges([kind.share for kind in kinds])
        for index in range(round(n * share / (1 - share))):
            near = dice.whole(0, n - 1)
            kind = kinds[pick(ends, dice.uniform())]
            moment = self.moment(float(self.people.arrived[near])) + timedelta(
                minutes=dice.whole(5, 300)
            )
            yield self._failing(index, near, kind, moment, dice.uniform())

    def _failing(
        self, index: int, near: int, kind: ScreenFailure, at: datetime, chance: float
    ) -> Iterator[datetime]:
        crowd = self.people
        level = self.levels[int(crowd.stratum[near])]
        staff = self._staff(f"failure-{index}", int(crowd.site[near]), level, 0.0)
        if self.scenario.course is not None:
            staff.person.path = (self.scenario.course.states[int(crowd.start[near])],)
            self._rank(staff.person)
        yield from self._screened(staff, at, chance, dict(kind.items), kind)
