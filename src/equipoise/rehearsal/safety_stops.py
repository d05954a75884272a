"""How often the safety board's rules speak, and how often one of them ends a trial.

`share` is that of trials in which a rule would have spoken by the end, had none ended; the
boundary on deaths from the first trials, a trigger exactly where it counts nothing that the
course brings on. `ended` is the share of trials that the rule ended, where the board stops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.protocol.conduct_rules import Trigger
from equipoise.rehearsal.accrual import arrival_days
from equipoise.rehearsal.board import DEATHS, reviewed, rules_of, stops_trials
from equipoise.rehearsal.board_events import counted, fired
from equipoise.rehearsal.chunks import Part
from equipoise.rehearsal.people import stratum_shares
from equipoise.rehearsal.summary import mc_error
from equipoise.rehearsal.trial import Design

REVIEWED = 500
"""Trials, from the first, in which rules are followed that have no closed form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyStop:
    """One rule of the board.

    Attributes:
        rule: its id; `deaths` for the boundary at the board's reviews.
        share: share of trials in which it would have spoken.
        mc_error: its standard error, 0 where it follows from the binomial distribution.
        ended: share of trials that it ended; None where the board only advises.
        ended_mc_error: its standard error.

    """

    rule: str
    share: float
    mc_error: float
    ended: float | None = None
    ended_mc_error: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyEnd:
    """The share of trials that one rule of the board ended."""

    rule: str
    share: float
    mc_error: float


def safety_ends(design: Design, part: Part) -> tuple[SafetyEnd, ...]:
    """Every rule of a board that stops trials, with the share that it ended; () otherwise."""
    if not stops_trials(design.study.protocol, design.scenario):
        return ()
    trials = part.look.size
    shares = [float((part.halted == index).mean()) for index in range(len(rules_of(design)))]
    return tuple(
        SafetyEnd(rule=rule, share=share, mc_error=mc_error(share, trials))
        for rule, share in zip(rules_of(design), shares, strict=True)
    )


def safety_stops(
    design: Design, part: Part | None = None, *, trials: int, engine: str | None = None
) -> tuple[SafetyStop, ...]:
    """Every trigger of the protocol's board, then harm by deaths at any review."""
    ends = {} if part is None else {one.rule: one for one in safety_ends(design, part)}
    found = []
    for rule in rules_of(design):
        share, error = _spoken(design, rule, min(trials, REVIEWED), engine)
        ended = ends.get(rule)
        found.append(
            SafetyStop(
                rule=rule,
                share=share,
                mc_error=error,
                ended=None if ended is None else ended.share,
                ended_mc_error=None if ended is None else ended.mc_error,
            )
        )
    return tuple(found)


def _spoken(design: Design, rule: str, trials: int, engine: str | None) -> tuple[float, float]:
    """Share of trials in which a rule speaks, and its standard error."""
    board = design.study.protocol.safety_board
    if board is None:
        return 0.0, 0.0
    if rule == DEATHS:
        spoken = reviewed(design, board, first=0, trials=trials, engine=engine).any(axis=1)
    else:
        trigger = next(one for one in board.triggers if one.id == rule)
        share = _exact(design, trigger)
        if share is not None:
            return share, 0.0
        spoken = _fires(design, trigger, trials, engine)
    share = float(spoken.mean())
    return share, mc_error(share, trials)


def _fires(design: Design, trigger: Trigger, trials: int, engine: str | None) -> NDArray[np.bool_]:
    arrived = arrival_days(
        design.scenario.accrual,
        design.participants,
        seed=design.seed,
        scenario=design.scenario.id,
        first=0,
        trials=trials,
    )
    return np.isfinite(fired(design, (trigger,), arrived, first=0, engine=engine)[:, 0])


def _exact(design: Design, trigger: Trigger) -> float | None:
    """P(at least `count` such events), None where the course or several events are involved.

    Participants are alike but for their stratum and arm, which are drawn; with one kind of
    event each has it at most once.
    """
    events = counted(design.study.protocol, design.scenario, (trigger,))
    if len(events) > 1 or any(one.rate.on_state is not None for one in events):
        return None
    if not events:
        return 0.0
    from scipy.stats import binom  # half a second to import, and rarely needed

    among = min(trigger.among or design.participants, design.participants)
    arms = design.study.protocol.arms
    treated = sum(arm.ratio for arm in arms if arm.role == "experimental")
    share = treated / sum(arm.ratio for arm in arms)
    counts = float(events[0].shares[events[0].counts[0]].sum())
    chance = events[0].chance @ np.array([1 - share, share]) * counts
    return float(
        binom.sf(trigger.count - 1, among, float(stratum_shares(design.scenario) @ chance))
    )
