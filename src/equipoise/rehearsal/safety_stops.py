"""How often the safety board's rules would speak: pause triggers and deaths at its reviews.

Both are advice to a board that looks at more than a count, so no simulated trial stops for
them. Triggers count events by their chances in the scenario; an event that the course brings
on (a state that is entered) is left to the rehearsal of the whole product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, hypergeom

from equipoise.protocol.conduct_rules import SafetyBoard, SafetyRules, Trigger
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import EventRate, Scenario
from equipoise.rehearsal.people import stratum_shares
from equipoise.rehearsal.setup import chain_plan, keys
from equipoise.rehearsal.trial import Design, endpoint_of, engine_of, estimand_of
from equipoise.rules import parse
from equipoise.safety.mortality import higher_risk

REVIEWED = 500
"""Trials, from the first, whose deaths are reviewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyStop:
    """One rule of the board, and the share of trials in which it would have spoken.

    `mc_error` is 0 where the share follows from the binomial distribution.
    """

    rule: str
    share: float
    mc_error: float


def safety_stops(
    design: Design, *, trials: int, engine: str | None = None
) -> tuple[SafetyStop, ...]:
    """Every trigger of the protocol's board, then harm by deaths at any review."""
    board = design.study.protocol.safety_board
    if board is None:
        return ()
    found = [_fired(design, trigger) for trigger in board.triggers]
    if design.scenario.course is not None and board.reviews_after:
        found.append(_deaths(design, board, min(trials, REVIEWED), engine))
    return tuple(found)


def _fired(design: Design, trigger: Trigger) -> SafetyStop:
    """P(at least `count` of those who count have such an event)."""
    among = min(trigger.among or design.participants, design.participants)
    chance = _chance(design.study.protocol, design.scenario, trigger)
    share = float(binom.sf(trigger.count - 1, among, chance))
    return SafetyStop(rule=trigger.id, share=share, mc_error=0.0)


def _chance(protocol: Protocol, scenario: Scenario, trigger: Trigger) -> float:
    """Chance that a participant has an event for which the rule is true, over arms and strata."""
    arms = np.array([arm.ratio for arm in protocol.arms], dtype=np.float64)
    experimental = np.array([arm.role == "experimental" for arm in protocol.arms])
    treated = float(arms[experimental].sum() / arms.sum())
    total = 0.0
    for level, share in zip(scenario.strata, stratum_shares(scenario), strict=True):
        spared = np.ones(2)  # control, experimental
        for event in scenario.events:
            if event.on_state is None:
                plain = float(event.p.get(level, event.p.get("any", 0.0)))
                counted = _counted(protocol.safety, event, trigger)
                both = np.array([plain, plain + event.experimental_extra])
                spared *= 1 - np.clip(both, 0, 1) * counted
        total += float(share) * float((1 - spared) @ np.array([1 - treated, treated]))
    return total


def _counted(rules: SafetyRules, event: EventRate, trigger: Trigger) -> float:
    """Chance that such an event makes the trigger's rule true."""
    rule = parse(trigger.rule)
    graded = sum(float(share) for share in event.grades.values())
    found = 0.0
    for values, share in _readings(rules, event):
        if rule.run(values) is True:
            found += share / graded
    return found


def _readings(rules: SafetyRules, event: EventRate) -> Iterator[tuple[dict[str, object], float]]:
    """What the event form can read, with the chance of each."""
    unrelated = "unrelated"
    judged = ((rules.related_codes[0], event.related), (unrelated, 1 - event.related))
    weighed = ((True, event.serious), (False, 1 - event.serious))
    for grade, share in event.grades.items():
        for related, likely in judged:
            for serious, chance in weighed:
                values: dict[str, object] = dict(event.items)
                values |= {rules.grade_item: int(grade), rules.serious_item: serious}
                values[str(rules.related_item)] = related
                yield values, float(share) * likely * chance


def _deaths(design: Design, board: SafetyBoard, trials: int, engine: str | None) -> SafetyStop:
    """Share of trials in which deaths cross the board's boundary for harm at a review."""
    primary = estimand_of(design.study, design.study.protocol.analysis.sequence[0])
    reviews = [n for n in board.reviews_after if n < design.participants]
    plan = chain_plan(
        design.study,
        design.scenario,
        endpoint=endpoint_of(design.study, primary),
        effect=design.effect,
        participants=design.participants,
        snapshots=((board.review_day, 0.0),),
        ends=tuple(reviews),
    )
    if engine_of(engine) == "compiled":
        from equipoise.rehearsal.kernels.compiled import simulate
    else:
        from equipoise.rehearsal.kernels.vectorised import simulate
    streams = keys(design.seed, design.scenario, 0, trials, design.participants)
    states = simulate(plan, streams).states[:, 0].sum(axis=2)  # (trials, segments, arms, states)
    grown = np.cumsum(states, axis=1)[:, : len(reviews)]
    roles = [arm.role for arm in design.study.protocol.arms]
    pair = grown[:, :, [roles.index("experimental"), roles.index("control")]]
    share = float(_harmful(board, pair[..., plan.death], pair.sum(axis=3)).any(axis=1).mean())
    error = float(np.sqrt(share * (1 - share) / trials))
    return SafetyStop(rule="deaths", share=share, mc_error=error)


def _harmful(
    board: SafetyBoard, deaths: NDArray[np.int64], people: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each review, shape (trials, reviews), crosses; last axis of both experimental first."""
    harm = np.zeros(deaths.shape[:2], dtype=bool)
    if board.mortality_harm_p is not None:
        p = hypergeom.sf(deaths[..., 0] - 1, people.sum(axis=2), deaths.sum(axis=2), people[..., 0])
        harm |= p < board.mortality_harm_p
    if board.mortality_probability is not None:
        flat = np.concatenate((deaths, people), axis=2).reshape(-1, 4)
        met, back = np.unique(flat, axis=0, return_inverse=True)
        chance = np.array([_higher(*map(int, row)) for row in met])
        harm |= (chance > board.mortality_probability)[back].reshape(harm.shape)
    return harm


@lru_cache(maxsize=100_000)
def _higher(dead: int, died: int, treated: int, controls: int) -> float:
    return higher_risk((dead, died), (treated, controls))
