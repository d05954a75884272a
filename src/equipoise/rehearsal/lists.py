"""Arms given before a kernel runs, for schemes that look at more than one stratum's past.

Most schemes are a table of states per stratum, which the kernels walk themselves. The rest
are allocated here, all trials of a chunk together, with the very draws and the very numbers
of `Scheme.step`: minimisation, strata of several factors, and schemes with so many states
that a table of all of them would not pay.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import Scenario
from equipoise.randomisation import Scheme, scheme
from equipoise.randomisation.atlas import Atlas, TooManyStatesError
from equipoise.randomisation.minimisation import MEASURES, Minimisation
from equipoise.randomisation.minimised import minimised
from equipoise.randomisation.ratio import reduced
from equipoise.randomisation.shape import State, leaning, upper_edges
from equipoise.rehearsal.automaton import ANY, MOST_STATES, automaton
from equipoise.rehearsal.factors import factors_of, levels_of
from equipoise.rehearsal.kernels.plan import BY_SCHEME, Automaton
from equipoise.rehearsal.streams import key, trial_keys, uniform_table

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
ArmArray = NDArray[np.int8]

AT_ONCE = 2_000_000  # participants worked on together


def scheme_of(protocol: Protocol) -> Scheme:
    """The protocol's randomisation scheme."""
    plan = protocol.randomisation
    return scheme(plan.scheme, **dict(plan.parameters))


def ratio_of(protocol: Protocol) -> tuple[int, ...]:
    """Participants of each arm, in the order of the protocol."""
    return tuple(arm.ratio for arm in protocol.arms)


def automaton_of(protocol: Protocol, participants: int) -> Automaton:
    """The scheme as tables that a kernel walks; any table where `given_arms` allocates."""
    found = _tabulated(_decisive(protocol), participants)
    return ANY if found is None else found


Deciding = tuple[Scheme, tuple[int, ...], bool]
"""Scheme, ratio, and whether something besides the first stratum decides."""


def _decisive(protocol: Protocol) -> Deciding:
    rule = scheme_of(protocol)
    several = len(factors_of(protocol, rule)) != 1 and rule.name != "simple"
    return rule, ratio_of(protocol), rule.uses_covariates or several


@lru_cache(maxsize=32)
def _tabulated(deciding: Deciding, participants: int) -> Automaton | None:
    """The table of the scheme, None where arms must be given beforehand."""
    rule, ratio, several = deciding
    return None if several else automaton(rule, ratio, participants)


def given_arms(
    protocol: Protocol,
    scenario: Scenario,
    n: int,
    *,
    seed: int,
    first: int,
    trials: int,
    compiled: bool,
) -> ArmArray:
    """Arms of trials `first` onwards, shape (trials, n); (0, 0) where a kernel allocates.

    Raises:
        ScenarioError: a factor whose levels the scenario does not give.

    """
    deciding = _decisive(protocol)
    if _tabulated(deciding, n) is not None:
        return BY_SCHEME
    found = np.empty((trials, n), dtype=np.int8)
    some = max(1, AT_ONCE // n)
    for begin in range(0, trials, some):
        block = (seed, first + begin, min(some, trials - begin))
        rows = _given(protocol, scenario, n, block, compiled=compiled)
        found[begin : begin + len(rows)] = rows
    return found


def _given(
    protocol: Protocol, scenario: Scenario, n: int, block: tuple[int, int, int], *, compiled: bool
) -> ArmArray:
    """The arms of a few trials; `block` is seed, first trial and number of trials."""
    seed, first, trials = block
    rule, ratio, _ = _decisive(protocol)
    names = factors_of(protocol, rule)
    levels = levels_of(protocol, scenario, names, n, seed=seed, first=first, trials=trials)
    coins = trial_keys(key(seed, scenario.id, "allocation"), first, trials)
    if isinstance(rule, Minimisation):
        return balanced(rule, ratio, levels, coins, compiled=compiled)
    return stepped(rule, ratio, _cells(levels), uniform_table(coins, n))


def balanced(
    rule: Minimisation,
    ratio: Sequence[int],
    levels: IntArray,
    coins: NDArray[np.uint64],
    *,
    compiled: bool,
) -> ArmArray:
    """Minimised lists, shape (trials, n), from levels (trials, n, factors) and stream keys."""
    if not compiled:
        return minimised(rule, ratio, levels, uniform_table(coins, levels.shape[1])).arms
    from equipoise.rehearsal.kernels.minimised_compiled import given_levels

    lowest = reduced(ratio)
    multiple = math.lcm(*lowest)
    arms = np.empty(levels.shape[:2], dtype=np.int8)
    scale = np.array([multiple // r for r in lowest], dtype=np.int64)
    weights, measure = np.array(rule.weights), MEASURES.index(rule.measure)
    table = coin_table(lowest, rule.p)
    given_levels(levels, coins, scale, weights, float(multiple), measure, table, arms)
    return arms


def coin_table(ratio: Sequence[int], p: float) -> FloatArray:
    """Upper ends of each arm's interval for every set of preferred arms, (2 ** arms, arms)."""
    lowest = reduced(ratio)
    table = np.full((2 ** len(lowest), len(lowest)), np.inf)
    for mask in range(1, len(table)):
        preferred = [arm for arm in range(len(lowest)) if mask >> arm & 1]
        table[mask] = upper_edges(leaning(lowest, preferred, p))
    return table


def _cells(levels: IntArray) -> IntArray:
    """One number for each combination of levels, shape (trials, n); 0 where there is no factor."""
    cell = np.zeros(levels.shape[:2], dtype=np.int64)
    for column in range(levels.shape[2]):
        here = levels[..., column]
        cell = cell * (int(here.max(initial=0)) + 1) + here
    return cell


class _Map:
    """The states met so far, shared by threads. Node numbers differ from run to run, arms do not."""

    def __init__(self, rule: Scheme, ratio: tuple[int, ...]) -> None:
        def ways(state: State) -> list[tuple[float, int, State]]:
            return [(b.probability, b.arm, b.state) for b in rule.branches(state)]

        self.atlas: Atlas[State] = Atlas(rule.start(ratio), ways, 4 * MOST_STATES)
        self.lock = threading.Lock()

    def arms(self, cell: IntArray, u: FloatArray) -> ArmArray:
        node = np.zeros((len(u), int(cell.max(initial=0)) + 1), dtype=np.int64)
        walk = np.arange(len(u))
        found = np.empty(u.shape, dtype=np.int8)
        with self.lock:
            for person in range(u.shape[1]):
                here = cell[:, person]
                found[:, person], node[walk, here] = self.atlas.advance(
                    node[walk, here], u[:, person]
                )
        return found


@lru_cache(maxsize=8)
def _map(rule: Scheme, ratio: tuple[int, ...]) -> _Map:
    return _Map(rule, ratio)


def stepped(rule: Scheme, ratio: Sequence[int], cell: IntArray, u: FloatArray) -> ArmArray:
    """Arms (trials, n) of a scheme within cells, from draws; a state of its own for each cell."""
    try:
        return _map(rule, tuple(ratio)).arms(cell, u)
    except TooManyStatesError:
        return np.array(
            [_one(rule, ratio, *row) for row in zip(cell.tolist(), u.tolist(), strict=True)],
            dtype=np.int8,
        )


def _one(rule: Scheme, ratio: Sequence[int], cell: list[int], u: list[float]) -> list[int]:
    state: dict[int, State] = {}
    arms = []
    for where, chance in zip(cell, u, strict=True):
        arm, state[where] = rule.step(state.get(where, rule.start(ratio)), chance)
        arms.append(arm)
    return arms
