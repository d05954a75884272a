"""Where a rule of the safety board ends a simulated trial.

Where the board stops (the scenario's `conduct: board:`, else the protocol's own word: binding
rules stop, advisory ones do not), the first rule to speak closes randomisation on that day.
Everybody randomised by then is followed to the end and analysed once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ScenarioError
from equipoise.protocol.conduct_rules import SafetyBoard
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal.accrual import arrival_days
from equipoise.rehearsal.board_events import fired
from equipoise.rehearsal.engines import engine_of
from equipoise.rehearsal.kernels.plan import ChainPlan, FloatArray, IntArray
from equipoise.rehearsal.looks import Looks
from equipoise.rehearsal.setup import chain_plan
from equipoise.rehearsal.trial import Design, people_of
from equipoise.safety.mortality import higher_risk

DEATHS = "deaths"
"""The name of the rule on deaths at the board's reviews; triggers go by their own ids."""


def stops_trials(protocol: Protocol, scenario: Scenario) -> bool:
    """Whether simulated trials stop when a rule of the board speaks.

    Raises:
        ScenarioError: the scenario lets a board stop them that the protocol does not have.

    """
    board, said = protocol.safety_board, scenario.conduct.board
    if board is None:
        if said == "stops":
            raise ScenarioError(
                "",
                "`conduct: board: stops` needs a safety board, and the protocol has none. Add "
                "`safety_board:` to it, or leave `board:` out.",
            )
        return False
    return said == "stops" or (said == "as-protocol" and board.kind == "binding")


def rules_of(design: Design) -> tuple[str, ...]:
    """Ids of the rules: every trigger, then deaths where they are reviewed."""
    board = design.study.protocol.safety_board
    if board is None:
        return ()
    found = tuple(trigger.id for trigger in board.triggers)
    return (*found, DEATHS) if _reviews(design, board) else found


def _reviews(design: Design, board: SafetyBoard) -> tuple[int, ...]:
    if design.scenario.course is None:
        return ()
    return tuple(n for n in board.reviews_after if n < design.participants)


AT_ONCE = 1_000_000
"""Participants whose arrivals and events are worked on together."""


class Halts(NamedTuple):
    """Where the board ended trials, shape (trials,) each.

    Attributes:
        rule: index into `rules_of`, -1 where it did not.
        people: randomised by then; all where it did not.
        looks: interim looks taken before.

    """

    rule: NDArray[np.int16]
    people: IntArray
    looks: IntArray


def halts(
    design: Design, looks: Looks, ended: IntArray, *, first: int, engine: str | None
) -> Halts:
    """Where the board ends trials `first` onwards that would have ended at look `ended`.

    A rule that speaks once the trial has stopped at a look, or when everybody is randomised,
    ends nothing.
    """
    some = max(1, AT_ONCE // design.participants)
    found = [
        _halts(design, looks, ended[begin : begin + some], first + begin, engine)
        for begin in range(0, ended.size, some)
    ]
    return Halts(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _halts(design: Design, looks: Looks, ended: IntArray, first: int, engine: str | None) -> Halts:
    """`halts` of a few trials."""
    n, board = design.participants, design.study.protocol.safety_board
    arrived = arrival_days(
        design.scenario.accrual,
        n,
        seed=design.seed,
        scenario=design.scenario.id,
        first=first,
        trials=ended.size,
    )
    spoken = np.empty((ended.size, 0))
    if board is not None:
        at = fired(design, board.triggers, arrived, first=first, engine=engine)
        spoken = np.hstack((at, _deaths(design, board, arrived, first, engine)))
    if not spoken.shape[1]:
        spoken = np.full((ended.size, 1), np.inf)
    rule, day = spoken.argmin(axis=1), spoken.min(axis=1)
    people = (arrived <= day[:, None]).sum(axis=1)
    ranks = np.array(looks.ends, dtype=np.int64)
    taken = arrived[:, ranks - 1] + looks.minimum_day
    until = np.hstack((taken, np.full((ended.size, 1), np.inf)))[np.arange(ended.size), ended]
    halted = (people < n) & (day < until)
    return Halts(
        rule=np.where(halted, rule, -1).astype(np.int16),
        people=np.where(halted, people, n),
        looks=np.where(halted, (taken <= day[:, None]).sum(axis=1), ended),
    )


def _deaths(
    design: Design, board: SafetyBoard, arrived: FloatArray, first: int, engine: str | None
) -> FloatArray:
    """Day of the first review that finds harm, shape (trials, 1), inf if none; (trials, 0)
    where deaths are not reviewed.
    """
    reviews = _reviews(design, board)
    if not reviews:
        return np.empty((arrived.shape[0], 0))
    harm = reviewed(design, board, first=first, trials=arrived.shape[0], engine=engine)
    days = arrived[:, np.array(reviews) - 1] + board.review_day
    found: FloatArray = np.where(harm, days, np.inf).min(axis=1, keepdims=True)
    return found


def reviewed(
    design: Design, board: SafetyBoard, *, first: int, trials: int, engine: str | None
) -> NDArray[np.bool_]:
    """Whether deaths cross the board's boundary for harm, shape (trials, reviews)."""
    chosen = engine_of(engine)
    if chosen == "compiled":
        from equipoise.rehearsal.kernels.compiled import simulate
    else:
        from equipoise.rehearsal.kernels.vectorised import simulate
    plan = _review_plan(design, _reviews(design, board), board.review_day)
    streams = people_of(design, first=first, trials=trials, engine=chosen)
    states = simulate(plan, streams).states[:, 0].sum(axis=2)  # (trials, segments, arms, states)
    grown = np.cumsum(states, axis=1)[:, : plan.ends.size]
    roles = [arm.role for arm in design.study.protocol.arms]
    spoken = np.zeros(grown.shape[:2], dtype=bool)
    for arm in (k for k, role in enumerate(roles) if role == "experimental"):
        pair = grown[:, :, [arm, roles.index("control")]]
        spoken |= _harmful(board, pair[..., plan.death], pair.sum(axis=3))
    return spoken


@lru_cache(maxsize=32)
def _review_plan(design: Design, reviews: tuple[int, ...], day: int) -> ChainPlan:
    return chain_plan(
        design.study,
        design.scenario,
        endpoint=None,
        effect=design.effect,
        participants=design.participants,
        snapshots=((day, 0.0),),
        ends=reviews,
    )


def _harmful(
    board: SafetyBoard, deaths: NDArray[np.int64], people: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each review, shape (trials, reviews), crosses; last axis of both experimental first."""
    harm = np.zeros(deaths.shape[:2], dtype=bool)
    if board.mortality_harm_p is not None:
        from scipy.stats import hypergeom  # half a second to import, and rarely needed

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
