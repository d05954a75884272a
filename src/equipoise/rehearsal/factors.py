"""Levels of the factors that a randomisation scheme looks at, for simulated participants.

The first stratification factor is the scenario's `strata`, the site follows from accrual,
and any other is drawn from the shares that the scenario gives: under `factors:`, or by the
item of that name where it is a choice or yes/no.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import ScenarioError
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import Draw, Scenario
from equipoise.randomisation.minimisation import Minimisation
from equipoise.randomisation.shape import Scheme
from equipoise.rehearsal.accrual import arrival_sites
from equipoise.rehearsal.people import stratum_shares
from equipoise.rehearsal.streams import key, trial_keys, uniform_table

IntArray = NDArray[np.int64]
SITE = "site"


def factors_of(protocol: Protocol, rule: Scheme) -> tuple[str, ...]:
    """What decides about an allocation besides the past: marginal factors, or strata."""
    return rule.factors if isinstance(rule, Minimisation) else protocol.randomisation.strata


def levels_of(
    protocol: Protocol,
    scenario: Scenario,
    names: Sequence[str],
    n: int,
    *,
    seed: int,
    first: int,
    trials: int,
) -> IntArray:
    """Level of each factor of each participant, shape (trials, n, factors), counted from 0.

    Raises:
        ScenarioError: a factor whose levels the scenario does not give.

    """
    stratum = _stratum(scenario, n, seed, first, trials)
    found = np.empty((trials, n, len(names)), dtype=np.int64)
    for column, name in enumerate(names):
        if name == main_factor(protocol):
            found[..., column] = stratum
        elif name == SITE:
            found[..., column] = arrival_sites(
                scenario.accrual, n, seed=seed, scenario=scenario.id, first=first, trials=trials
            )
        else:
            chances = _chances(scenario, f"factor {name}", n, seed, first, trials)
            found[..., column] = _drawn(scenario, name, stratum, chances)
    return found


def main_factor(protocol: Protocol) -> str | None:
    """The factor whose levels the scenario's `strata` are."""
    strata = protocol.randomisation.strata
    return strata[0] if strata else None


def level_names(protocol: Protocol, scenario: Scenario, name: str) -> tuple[str, ...]:
    """The levels of a factor in the order in which `levels_of` counts them.

    Raises:
        ScenarioError: as there.

    """
    if name == main_factor(protocol):
        return tuple(scenario.strata)
    if name == SITE:
        listed = tuple(site.id for site in protocol.sites)
        more = tuple(f"site-{k + 1}" for k in range(len(listed), scenario.accrual.sites))
        return (listed + more)[: scenario.accrual.sites]
    return tuple(_shares(scenario, name, next(iter(scenario.strata))))


def _chances(
    scenario: Scenario, purpose: str, n: int, seed: int, first: int, trials: int
) -> NDArray[np.float64]:
    return uniform_table(trial_keys(key(seed, scenario.id, purpose), first, trials), n)


def _stratum(scenario: Scenario, n: int, seed: int, first: int, trials: int) -> IntArray:
    edges = np.cumsum(stratum_shares(scenario))[:-1]
    chances = _chances(scenario, "stratum", n, seed, first, trials)
    return np.searchsorted(edges, chances, side="right").astype(np.int64)


def _drawn(
    scenario: Scenario, name: str, stratum: IntArray, chances: NDArray[np.float64]
) -> IntArray:
    found = np.zeros(stratum.shape, dtype=np.int64)
    for index, level in enumerate(scenario.strata):
        shares = np.array(list(_shares(scenario, name, level).values()), dtype=np.float64)
        if (shares < 0).any() or not shares.sum() > 0:
            raise ScenarioError(
                "", f"the shares of factor {name!r} must be at least 0, not all 0. Correct them."
            )
        here = stratum == index
        edges = np.cumsum(shares / shares.sum())[:-1]
        found[here] = np.searchsorted(edges, chances[here], side="right")
    return found


def _shares(scenario: Scenario, name: str, stratum: str) -> dict[str, float]:
    given = scenario.factors.get(name)
    if given is not None:
        return {level: float(share) for level, share in given.items()}
    draw = next((d for key, d in scenario.items.items() if key.rpartition(".")[2] == name), None)
    shares = {} if draw is None else _of_item(draw, stratum)
    if not shares:
        raise ScenarioError(
            "",
            f"scenario {scenario.id} does not say how the levels of {name!r} are shared out, which "
            f"the randomisation looks at. Add `factors: {{{name}: {{LEVEL: SHARE}}}}` to it.",
        )
    return shares


def _of_item(draw: Draw, stratum: str) -> dict[str, float]:
    if draw.kind == "bernoulli" and not draw.effect:
        other = draw.by.get(stratum)
        p = draw.p if other is None else float(other.get("p", draw.p))
        return {"true": p, "false": 1 - p}
    if draw.kind == "choice" and not draw.effect:
        return dict(draw.shares_by.get(stratum, draw.shares))
    return {}
