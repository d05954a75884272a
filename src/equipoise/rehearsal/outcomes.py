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
    model = scenario.outcomes.get(endpoint.id)
    if model is None:
        raise ScenarioError(
            "",
            f"scenario {scenario.id} does not say how endpoint {endpoint.id!r} comes out: it does "
            "not follow from the course alone. Add it under `outcomes:`.",
        )
    if not np.isfinite(effect) or effect <= 0:
        raise ScenarioError(
            "", f"an effect must be a positive number, 1 for none; got {effect}. Change --effect."
        )
    build = {"binary": _binary, "ordinal": _ordinal, "normal": _normal, "survival": _survival}
    return build[model.kind](protocol, scenario, endpoint, model, effect)


def _effects(protocol: Protocol, effect: float) -> list[float]:
    return [effect if arm.role == "experimental" else 1.0 for arm in protocol.arms]


def _level(table: Frozen[Given], level: str, what: str, endpoint: Endpoint) -> Given:
    found = table.get(level, table.get("any"))
    if found is None:
        raise ScenarioError(
            "",
            f"`outcomes: {endpoint.id}:` gives no `{what}` for stratum {level!r}; add it, or one "
            "under `any`.",
        )
    return found


def _refuse(endpoint: Endpoint, sentence: str) -> ScenarioError:
    return ScenarioError("", f"`outcomes: {endpoint.id}:` {sentence}")


def _higher(endpoint: Endpoint) -> bool:
    """Whether a higher value, or yes, is better."""
    return endpoint.better in {"higher", "sooner"}


def _binary(
    protocol: Protocol, scenario: Scenario, endpoint: Endpoint, model: OutcomeModel, effect: float
) -> Categorised:
    rows = []
    for level in scenario.strata:
        p = float(_level(model.p, level, "p", endpoint))
        if not 0 < p < 1:
            raise _refuse(endpoint, f"`p` must lie between 0 and 1; got {p:g}. Correct it.")
        better = p if _higher(endpoint) else 1 - p
        odds = better / (1 - better) * np.array(_effects(protocol, effect))
        rows.append(np.stack((odds / (1 + odds), 1 / (1 + odds)), axis=1))
    values = np.array([1.0, 0.0]) if _higher(endpoint) else np.array([0.0, 1.0])
    return _known_at_once(np.array(rows), values, protocol, endpoint)


def _ordinal(
    protocol: Protocol, scenario: Scenario, endpoint: Endpoint, model: OutcomeModel, effect: float
) -> Categorised:
    rows = []
    for level in scenario.strata:
        shares = np.array(_level(model.shares, level, "shares", endpoint), dtype=np.float64)
        if shares.size < 2 or (shares < 0).any() or not shares.sum() > 0:
            raise _refuse(endpoint, "`shares` needs two or more, none below 0. Correct them.")
        better_first = shares[::-1] if _higher(endpoint) else shares
        below = np.cumsum(better_first / better_first.sum())[:-1]
        with np.errstate(divide="ignore"):
            odds = below / (1 - below)
            moved = np.array([e / (1 / odds + e) for e in _effects(protocol, effect)])
        edges = np.concatenate((np.zeros((len(moved), 1)), moved, np.ones((len(moved), 1))), 1)
        rows.append(np.diff(edges, axis=1))
    size = {row.shape[1] for row in rows}
    scores = np.array(model.scores or range(max(size)), dtype=np.float64)
    if size != {scores.size} or (np.diff(scores) <= 0).any():
        raise _refuse(endpoint, "`scores` must ascend and be as many as the shares of each level.")
    best_first = scores[::-1] if _higher(endpoint) else scores
    return _known_at_once(np.array(rows), best_first, protocol, endpoint)


def _normal(
    protocol: Protocol, scenario: Scenario, endpoint: Endpoint, model: OutcomeModel, effect: float
) -> Categorised:
    if not model.sd > 0:
        raise _refuse(endpoint, f"`sd` must be above 0; got {model.sd:g}. Correct it.")
    sign = 1.0 if _higher(endpoint) else -1.0
    means = np.array([float(_level(model.mean, s, "mean", endpoint)) for s in scenario.strata])
    moves = sign * model.per_doubling * np.log2(_effects(protocol, effect))
    centre = means[:, None] + moves[None, :]
    low, high = centre.min() - WIDEST * model.sd, centre.max() + WIDEST * model.sd
    edges = np.linspace(low, high, BINS + 1)[:: -1 if sign > 0 else 1]
    values = (edges[1:] + edges[:-1]) / 2
    below = ndtr(sign * (centre[..., None] - edges[1:-1]) / model.sd)
    whole = np.concatenate((np.zeros((*centre.shape, 1)), below, np.ones((*centre.shape, 1))), 2)
    return _known_at_once(np.diff(whole, axis=2), values, protocol, endpoint)


def _survival(
    protocol: Protocol, scenario: Scenario, endpoint: Endpoint, model: OutcomeModel, effect: float
) -> Categorised:
    horizon = endpoint.horizon
    starts = np.array(model.from_day, dtype=np.float64)
    if starts.size == 0 or starts[0] != 0 or (np.diff(starts) <= 0).any():
        raise _refuse(endpoint, "`from_day` must begin with 0 and ascend. Correct it.")
    spent = np.clip(np.arange(horizon + 1)[:, None] - starts, 0, np.diff([*starts, np.inf]))
    rows = []
    for level in scenario.strata:
        hazards = np.array(_level(model.hazards, level, "hazards", endpoint), dtype=np.float64)
        if hazards.shape != starts.shape or (hazards < 0).any() or not hazards.any():
            raise _refuse(
                endpoint,
                f"`hazards` for {level!r} needs one for each `from_day`, none below 0, not all 0.",
            )
        faster = endpoint.better != "later"
        factor = [e if faster else 1 / e for e in _effects(protocol, effect)]
        alive = np.exp(-np.outer(factor, spent @ hazards))  # (arms, days + 1)
        rows.append(np.concatenate((1 - alive[:, :1], -np.diff(alive, axis=1), alive[:, -1:]), 1))
    shares, days = np.array(rows), np.arange(horizon + 2)
    known = np.minimum(days, horizon)
    return Categorised(shares=shares, values=days.astype(np.float64), day=known, timed=True)


def _known_at_once(
    shares: FloatArray, values: FloatArray, protocol: Protocol, endpoint: Endpoint
) -> Categorised:
    day = np.full(values.size, day_of(protocol, endpoint), dtype=np.int64)
    return Categorised(shares=shares, values=values, day=day, timed=False)


def day_of(protocol: Protocol, endpoint: Endpoint) -> int:
    """The day from randomisation on which an endpoint is known: its visit, or its horizon."""
    visit = next((v for v in protocol.visits if v.id == endpoint.visit), None)
    return endpoint.horizon if visit is None else visit.day
