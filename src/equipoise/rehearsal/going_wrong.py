"""What real conduct costs, as chances that the kernels can use.

A shortened version of `rehearsal.conduct`: people leave, relapse, miss visits at home, and
sites differ. What single forms and items miss is left to the rehearsal of the whole product.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from equipoise.errors import ScenarioError
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import Conduct, Scenario
from equipoise.rehearsal.accrual import arrival_sites
from equipoise.rehearsal.streams import key, trial_keys, uniform_table

FloatArray = NDArray[np.float64]

LEVELS = 21
"""Sites differ by one of this many equally likely deviations."""

AT_ONCE = 2_000_000  # participants worked on together


@lru_cache(maxsize=64)
def leaving(protocol: Protocol, conduct: Conduct, days: int) -> FloatArray:
    """Chance of having left follow-up by day 1, 2, .., `days`; shape (0,) where nobody leaves.

    Withdrawal comes early (its day is the square of a chance), loss at any time, both over
    the whole follow-up, as in `rehearsal.conduct`.

    Raises:
        ScenarioError: a chance outside 0 to 1.

    """
    for name in ("withdrawal", "lost", "relapse", "missed_dose"):
        chance = getattr(conduct, name)
        if not 0 <= chance < 1:
            raise ScenarioError(
                "",
                f"`conduct: {name}:` must be at least 0 and below 1; got {chance:g}. Correct it.",
            )
    if conduct.withdrawal == 0 and conduct.lost == 0:
        return np.empty(0)
    last = max(visit.day + visit.late for visit in protocol.visits)
    day = np.arange(1, days + 1)
    withdrawn = conduct.withdrawal * np.sqrt(np.minimum(day / last, 1))
    lost = conduct.lost * np.clip((day - 1) / last, 0, 1)
    return np.asarray(1 - (1 - withdrawn) * (1 - lost))


def site_levels(site_sd: float, cumulative: FloatArray) -> FloatArray:
    """The transition rows at each site level, shape (levels, arms, days, states, states).

    A site that is s standard deviations worse moves every day's chance u to
    Phi(Phi^-1(u) + s); u stays below an edge exactly when it lies below the edge moved back.
    """
    if site_sd <= 0:
        return cumulative[None]
    deviation = site_sd * ndtri((np.arange(LEVELS) + 0.5) / LEVELS)
    inner = np.clip(cumulative, 0.0, 1.0)[None]
    moved = ndtr(ndtri(inner) - deviation[:, None, None, None, None])
    return np.where(inner >= 1 - 1e-15, 1.0, np.where(inner <= 0, 0.0, moved))


def site_level(
    scenario: Scenario, participants: int, *, seed: int, first: int, trials: int
) -> NDArray[np.int8]:
    """Level of the site of each participant, shape (trials, participants)."""
    found = np.empty((trials, participants), dtype=np.int8)
    some = max(1, AT_ONCE // max(participants, 1))
    for begin in range(0, trials, some):
        count = min(some, trials - begin)
        rows = _levels(scenario, participants, seed, first + begin, count)
        found[begin : begin + count] = rows
    return found


def _levels(
    scenario: Scenario, participants: int, seed: int, first: int, trials: int
) -> NDArray[np.int8]:
    accrual = scenario.accrual
    keys = trial_keys(key(seed, scenario.id, "sites"), first, trials)
    deviation = uniform_table(keys, max(1, accrual.sites))
    site = arrival_sites(
        accrual, participants, seed=seed, scenario=scenario.id, first=first, trials=trials
    )
    return np.take_along_axis((deviation * LEVELS).astype(np.int8), site, axis=1)
