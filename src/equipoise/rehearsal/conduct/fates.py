"""What will become of a participant, apart from the treatment: drawn before day 0."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from equipoise.participant import Level
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import Conduct, DailyChain
from equipoise.rehearsal.conduct.dice import STANDARD, Dice, edges, pick

WITHDRAWS_FROM: tuple[tuple[Level, float], ...] = (("visits", 0.6), ("product", 0.2), ("data", 0.2))
USUAL_RECOVERY = math.log(10.0)
RELAPSE_AFTER, RELAPSE_LENGTH = (3, 21), (3, 8)  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Chances of one participant, turned into what happens.

    `visits` gives the day on which each visit is held. `recovered_stays` are the days from
    being fit for discharge to leaving.
    """

    withdraws_on: int | None
    withdraws_from: Level
    lost_on: int | None
    leaves_early: bool
    intolerant_at: int | None
    stops_when_worst: bool
    visits: dict[str, int] = field(default_factory=dict)
    attends: frozenset[str] = frozenset()
    recovered_stays: int = 0


def fate(protocol: Protocol, conduct: Conduct, dice: Dice, last_day: int) -> Fate:
    """Draw the fate of one participant; the same number of chances whatever comes out."""
    doses = protocol.dosing.doses if protocol.dosing else 1
    withdraws, when, what = dice.happens(conduct.withdrawal), dice.uniform(), dice.uniform()
    lost, lost_when = dice.happens(conduct.lost), dice.uniform()
    early, stays = dice.happens(conduct.early_discharge), dice.uniform()
    intolerant, dose = dice.happens(conduct.intolerance), dice.whole(1, max(1, doses - 1))
    worst = dice.happens(conduct.stop_when_worst)
    share = edges([one for _, one in WITHDRAWS_FROM])
    visits, attends = _visits(protocol, conduct, dice)
    return Fate(
        withdraws_on=1 + int(when * when * last_day) if withdraws else None,
        withdraws_from=WITHDRAWS_FROM[pick(share, what)][0],
        lost_on=2 + int(lost_when * last_day) if lost else None,
        leaves_early=early,
        intolerant_at=dose if intolerant else None,
        stops_when_worst=worst,
        visits=visits,
        attends=attends,
        recovered_stays=int(stays * 2.5) if conduct.punctual < 1 else 0,
    )


def _visits(
    protocol: Protocol, conduct: Conduct, dice: Dice
) -> tuple[dict[str, int], frozenset[str]]:
    """The day of each visit after randomisation, within its window, and those attended."""
    days, attends = {}, set()
    for visit in protocol.visits:
        punctual, anywhere = dice.happens(conduct.punctual), dice.whole(-visit.early, visit.late)
        if visit.day <= 0:
            continue
        days[visit.id] = max(1, visit.day + (0 if punctual else anywhere))
        if not dice.happens(conduct.missed_visit.get(visit.id, 0.0)):
            attends.add(visit.id)
    return days, frozenset(attends)


def shifted(chances: list[float], site: float) -> list[float]:
    """A person's daily chances at a site that is `site` standard deviations worse."""
    if site == 0.0:
        return chances
    normal = STANDARD
    return [normal.cdf(normal.inv_cdf(min(max(u, 1e-12), 1 - 1e-12)) + site) for u in chances]


def lengthened(
    course: DailyChain, path: list[int], conduct: Conduct, dice: Dice
) -> tuple[str, ...]:
    """The path by name, with a relapse where one happens after recovery."""
    relapses, after, length, place = (
        dice.happens(conduct.relapse),
        dice.whole(*RELAPSE_AFTER),
        dice.whole(*RELAPSE_LENGTH),
        dice.uniform(),
    )
    names = [course.states[index] for index in path]
    best = course.states[0]
    if relapses and best in names and len(course.states) > 3:
        first = names.index(best) + after
        ill = course.states[1 + int(place * 2)]
        for day in range(first, min(first + length, len(names))):
            names[day] = ill
    return tuple(names)


def pace(course: DailyChain, path: tuple[str, ...]) -> float:
    """How slowly a person recovers, roughly standard normal; positive is slow."""
    best = course.states[0]
    first = path.index(best) if best in path else course.days + 1
    return max(-2.0, min(2.0, (math.log(first + 1) - USUAL_RECOVERY) / 0.8))
