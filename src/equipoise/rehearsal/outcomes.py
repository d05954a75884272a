"""From an outcome model to the categories of a kernel: shares per stratum and arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from equipoise.errors import ScenarioError
from equipoise.protocol.estimands import Endpoint
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import OutcomeModel, Scenario

FloatArray = NDArray[np.float64]

Given = TypeVar("Given")

BINS, WIDEST = 256, 4.5
"""A normal value is known to 1/28 of its standard deviation, up to 4.5 of them either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorised:
    """One endpoint as categories, better first.

    Attributes:
        shares: shape (strata, arms, k), each row summing to 1.
        values: shape (k,), what each category reads: 1 or 0, the score, the value, the day.
        day: shape (k,), the day on which it is known.
        timed: whether the categories are days, the last one "never".

    """

    shares: FloatArray
    values: FloatArray
    day: NDArray[np.int64]
    timed: bool


def categorised(
    protocol: Protocol, scenario: Scenario, endpoint: Endpoint, effect: float
) -> Categorised:
    """The categories of one endpoint under a declared effect.

    Raises:
        ScenarioError: the scenario gives no model of it, or one with impossible numbers.

    """
    model = model_of(scenario, endpoint)
    if model.evaluable:
        raise refused(endpoint, "`evaluable` goes with `by_state`; add that, or leave it out.")
    effects = _effects(protocol, effect)
    if model.kind == "survival":
        return _survival(scenario, endpoint, model, effects)
    if model.kind == "normal":
        sign = 1.0 if is_high(endpoint) else -1.0
        means = [float(level_of(model.mean, s, "mean", endpoint)) for s in scenario.strata]
        moves = sign * model.per_doubling * doubled(protocol, effect)
        shares, values = binned(endpoint, model, np.array(means)[:, None] + moves[None, :])
    else:
        build = shifted_binary if model.kind == "binary" else shifted_ordinal
        shares, values = build(scenario, endpoint, model, effects)
    day = np.full(values.size, day_of(protocol, endpoint), dtype=np.int64)
    return Categorised(shares=shares, values=values, day=day, timed=False)


def model_of(scenario: Scenario, endpoint: Endpoint) -> OutcomeModel:
    """The scenario's model of an endpoint.

    Raises:
        ScenarioError: there is none.

    """
    model = scenario.outcomes.get(endpoint.id)
    if model is None:
        raise ScenarioError(
            "",
            f"scenario {scenario.id} does not say how endpoint {endpoint.id!r} comes out: it does "
            "not follow from the course alone. Add it under `outcomes:`.",
        )
    return model


def _effects(protocol: Protocol, effect: float) -> FloatArray:
    """The declared effect in each arm, shape (arms,)."""
    if not np.isfinite(effect) or effect <= 0:
        raise ScenarioError(
            "", f"an effect must be a positive number, 1 for none; got {effect}. Change --effect."
        )
    return np.array([effect if arm.role == "experimental" else 1.0 for arm in protocol.arms])


def doubled(protocol: Protocol, effect: float) -> FloatArray:
    """How often the effect doubles in each arm, shape (arms,)."""
    return np.log2(_effects(protocol, effect))


def level_of(table: Frozen[Given], level: str, what: str, endpoint: Endpoint) -> Given:
    """What a table says of a stratum, or of all.

    Raises:
        ScenarioError: nothing.

    """
    found = table.get(level, table.get("any"))
    if found is None:
        raise ScenarioError(
            "",
            f"`outcomes: {endpoint.id}:` gives no `{what}` for stratum {level!r}; add it, or one "
            "under `any`.",
        )
    return found


def refused(endpoint: Endpoint, sentence: str) -> ScenarioError:
    """A refusal that names the endpoint's model."""
    return ScenarioError("", f"`outcomes: {endpoint.id}:` {sentence}")


def is_high(endpoint: Endpoint) -> bool:
    """Whether a higher value, or yes, is better."""
    return endpoint.better in {"higher", "sooner"}


def shifted_binary(
    scenario: Scenario, endpoint: Endpoint, model: OutcomeModel, effects: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Shares (strata, arms, 2), better first, with the odds of better times each arm's effect."""
    rows = []
    for level in scenario.strata:
        p = float(level_of(model.p, level, "p", endpoint))
        if not 0 < p < 1:
            raise refused(endpoint, f"`p` must lie between 0 and 1; got {p:g}. Correct it.")
        better = p if is_high(endpoint) else 1 - p
        odds = better / (1 - better) * effects
        rows.append(np.stack((odds / (1 + odds), 1 / (1 + odds)), axis=1))
    values = np.array([1.0, 0.0]) if is_high(endpoint) else np.array([0.0, 1.0])
    return np.array(rows), values


def shifted_ordinal(
    scenario: Scenario, endpoint: Endpoint, model: OutcomeModel, effects: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Shares (strata, arms, k), better first, with the odds of better times each arm's effect."""
    rows = []
    for level in scenario.strata:
        shares = np.array(level_of(model.shares, level, "shares", endpoint), dtype=np.float64)
        if shares.size < 2 or (shares < 0).any() or not shares.sum() > 0:
            raise refused(endpoint, "`shares` needs two or more, none below 0. Correct them.")
        better_first = shares[::-1] if is_high(endpoint) else shares
        below = np.cumsum(better_first / better_first.sum())[:-1]
        with np.errstate(divide="ignore"):
            odds = below / (1 - below)
            moved = np.array([e / (1 / odds + e) for e in effects.tolist()])
        edges = np.concatenate((np.zeros((len(moved), 1)), moved, np.ones((len(moved), 1))), 1)
        rows.append(np.diff(edges, axis=1))
    size = {row.shape[1] for row in rows}
    scores = np.array(model.scores or range(max(size)), dtype=np.float64)
    if size != {scores.size} or (np.diff(scores) <= 0).any():
        raise refused(endpoint, "`scores` must ascend and be as many as the shares of each level.")
    return np.array(rows), scores[::-1] if is_high(endpoint) else scores


def binned(
    endpoint: Endpoint, model: OutcomeModel, centre: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Shares of the bins of normal values about `centre`, shape (..., bins), better first."""
    if not model.sd > 0:
        raise refused(endpoint, f"`sd` must be above 0; got {model.sd:g}. Correct it.")
    sign = 1.0 if is_high(endpoint) else -1.0
    low, high = centre.min() - WIDEST * model.sd, centre.max() + WIDEST * model.sd
    edges = np.linspace(low, high, BINS + 1)[:: -1 if sign > 0 else 1]
    values = (edges[1:] + edges[:-1]) / 2
    below = ndtr(sign * (centre[..., None] - edges[1:-1]) / model.sd)
    ends = (np.zeros((*centre.shape, 1)), below, np.ones((*centre.shape, 1)))
    return np.diff(np.concatenate(ends, axis=-1), axis=-1), values


def _survival(
    scenario: Scenario, endpoint: Endpoint, model: OutcomeModel, effects: FloatArray
) -> Categorised:
    horizon = endpoint.horizon
    rows = []
    for level in scenario.strata:
        spent = _spent(endpoint, model, level, np.arange(horizon + 1))
        faster = endpoint.better != "later"
        factor = effects if faster else 1 / effects
        alive = np.exp(-np.outer(factor, spent))  # (arms, days + 1)
        rows.append(np.concatenate((1 - alive[:, :1], -np.diff(alive, axis=1), alive[:, -1:]), 1))
    shares, days = np.array(rows), np.arange(horizon + 2)
    known = np.minimum(days, horizon)
    return Categorised(shares=shares, values=days.astype(np.float64), day=known, timed=True)


def hazards_by_day(endpoint: Endpoint, model: OutcomeModel, level: str) -> FloatArray:
    """Hazard of each day from 1 to the horizon in one stratum, shape (horizon,)."""
    return np.diff(_spent(endpoint, model, level, np.arange(endpoint.horizon + 1)))


def _spent(
    endpoint: Endpoint, model: OutcomeModel, level: str, days: NDArray[np.int64]
) -> FloatArray:
    """Cumulative hazard by each day in one stratum, the shape of `days`."""
    starts = np.array(model.from_day, dtype=np.float64)
    if starts.size == 0 or starts[0] != 0 or (np.diff(starts) <= 0).any():
        raise refused(endpoint, "`from_day` must begin with 0 and ascend. Correct it.")
    hazards = np.array(level_of(model.hazards, level, "hazards", endpoint), dtype=np.float64)
    if hazards.shape != starts.shape or (hazards < 0).any() or not hazards.any():
        raise refused(
            endpoint,
            f"`hazards` for {level!r} needs one for each `from_day`, none below 0, not all 0.",
        )
    spans = np.clip(days[:, None] - starts, 0, np.diff([*starts, np.inf]))
    return np.asarray(spans @ hazards)


def day_of(protocol: Protocol, endpoint: Endpoint) -> int:
    """The day from randomisation on which an endpoint is known: its visit, or its horizon."""
    visit = next((v for v in protocol.visits if v.id == endpoint.visit), None)
    return endpoint.horizon if visit is None else visit.day
