"""Simulated participants as arrays: who they are and the chances they carry.

Everything about participant k of trial t that does not depend on the arm is drawn here,
from streams named after (seed, scenario, trial, purpose). The course under each arm follows
from the same chances, so that scenarios and effects are compared on common random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from equipoise.errors import ScenarioError
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal.accrual import arrivals
from equipoise.rehearsal.chain import start_shares
from equipoise.rehearsal.streams import Stream

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The participants of one simulated trial, in order of arrival.

    Attributes:
        stratum: shape (n,), index into the scenario's strata.
        start: shape (n,), index of the course state on day 0; zeros without a course.
        days: shape (n, course days), one chance for each day; (n, 0) without a course.
        latent: shape (n,), standard normal severity that correlates a person's values.
        outcome: shape (n,), a chance for outcomes drawn once.
        site: shape (n,), index of the site.
        arrived: shape (n,), days from the opening of the trial, ascending.

    """

    stratum: IntArray
    start: NDArray[np.int8]
    days: FloatArray
    latent: FloatArray
    outcome: FloatArray
    site: IntArray
    arrived: FloatArray

    def __len__(self) -> int:
        return int(self.stratum.size)


def people(scenario: Scenario, n: int, *, seed: int, trial: int) -> People:
    """Draw the participants of one trial.

    Raises:
        ScenarioError: no participants, or shares that cannot be normalised.

    """
    if n < 1:
        raise ScenarioError("", f"a trial needs at least one participant; got {n}.")

    def chances(purpose: str, count: int = n) -> FloatArray:
        return Stream(seed, scenario.id, purpose, trial).take(count)

    days = scenario.course.days if scenario.course else 0
    site, arrived = arrivals(scenario.accrual, n, seed=seed, scenario=scenario.id, trial=trial)
    stratum = _pick(stratum_shares(scenario), chances("stratum"))
    return People(
        stratum=stratum,
        start=_starts(scenario, stratum, chances("start")),
        days=chances("days", n * days).reshape(n, days),
        latent=ndtri(np.maximum(chances("latent"), 2.0**-54)),
        outcome=chances("outcome"),
        site=site,
        arrived=arrived,
    )


def stratum_shares(scenario: Scenario) -> FloatArray:
    """Share of each stratum, shape (strata,), summing to 1.

    Raises:
        ScenarioError: no strata, or one without participants.

    """
    shares = np.array([float(share) for share in scenario.strata.values()])
    if not shares.size or not (shares > 0).all():
        empty = next((level for level, s in scenario.strata.items() if not s > 0), "no level")
        raise ScenarioError(
            "",
            f"`strata:` of scenario {scenario.id} leaves {empty} without participants; give each "
            "level a share above 0, or leave it out.",
        )
    result: FloatArray = shares / shares.sum()
    return result


def _pick(shares: FloatArray, chances: FloatArray) -> IntArray:
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, chances, side="right").astype(np.int64)


def _starts(scenario: Scenario, stratum: IntArray, chances: FloatArray) -> NDArray[np.int8]:
    start = np.zeros(stratum.size, dtype=np.int8)
    if scenario.course is None:
        return start
    for index, level in enumerate(scenario.strata):
        here = stratum == index
        start[here] = _pick(start_shares(scenario.course, level), chances[here])
    return start
