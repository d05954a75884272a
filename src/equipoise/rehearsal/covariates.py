"""Which covariates of an estimand the simulated people have, as columns of a design.

A person of the rehearsal has a stratum and, with a daily course, a state on day 0 and what
the course says is read in it. Nothing else about them is simulated here: what the protocol
would also adjust for is named and left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.methods import SPECS
from equipoise.protocol.estimands import Endpoint, Estimand
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import Scenario

FloatArray = NDArray[np.float64]

ADJUSTED = frozenset({"proportional_odds", "ancova", "mmrm"})
"""Methods whose covariates are used here; a Cox model is rehearsed by its log-rank test."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjustment:
    """How the estimand's main analysis is adjusted.

    Attributes:
        used: covariates that enter, as the protocol names them.
        left_out: those that the simulated people do not have.
        by_stratum: whether the stratum is one of them.
        by_start: whether something read on day 0 is, so that groups are the pairs
            stratum * states + day-0 state; otherwise groups are the strata.
        columns: shape (groups, p), the covariates of each group, indicators for levels.

    """

    used: tuple[str, ...]
    left_out: tuple[str, ...]
    by_stratum: bool
    by_start: bool
    columns: FloatArray


def adjustment(
    protocol: Protocol, scenario: Scenario, estimand: Estimand, endpoint: Endpoint
) -> Adjustment:
    """What the estimand's main analysis can be adjusted for in simulated people."""
    spec = SPECS.get(estimand.main.estimator)
    names = estimand.main.covariates if spec and "covariates" in spec.takes else ()
    strata, used = list(scenario.strata), []
    starts = 1
    if any(_is_start(protocol, scenario, estimand, endpoint, name) for name in names):
        starts = len(scenario.course.states) if scenario.course else 1
    columns: list[FloatArray] = []
    for name in names:
        if estimand.main.estimator in ADJUSTED and name in protocol.randomisation.strata[:1]:
            columns.append(np.repeat(_levels(strata), starts, axis=0))
        elif _is_start(protocol, scenario, estimand, endpoint, name):
            columns.append(np.tile(_read(scenario, name), (len(strata), 1)))
        else:
            continue
        used.append(name)
    return Adjustment(
        used=tuple(used),
        left_out=tuple(name for name in names if name not in used),
        by_stratum=any(name in protocol.randomisation.strata[:1] for name in used),
        by_start=starts > 1,
        columns=np.concatenate(columns or [np.empty((len(strata), 0))], axis=1),
    )


def _is_start(
    protocol: Protocol, scenario: Scenario, estimand: Estimand, endpoint: Endpoint, name: str
) -> bool:
    """Whether a covariate is read from the day-0 state; scores that follow the course alone."""
    course = scenario.course
    if estimand.main.estimator != "proportional_odds" or course is None:
        return False
    if endpoint.kind != "value" or endpoint.id in scenario.outcomes:
        return False
    *place, item = name.split(".")
    visit = next((v for v in protocol.visits if place and v.id == place[0]), None)
    return item in course.readings and (visit is None or visit.day <= 0)


def _levels(names: list[str]) -> FloatArray:
    """Indicators of every level but the first, shape (levels, levels - 1)."""
    return np.eye(len(names))[:, 1:]


def _read(scenario: Scenario, name: str) -> FloatArray:
    """What an item reads in each state, as columns: a number as it is, else indicators."""
    course = scenario.course
    if course is None:
        return np.empty((1, 0))
    table = course.readings[name.rsplit(".", maxsplit=1)[-1]]
    read = [table[state] for state in course.states]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in read):
        return np.array([[float(value)] for value in read])
    told = sorted({str(value) for value in read})
    return np.array([[float(str(value) == one) for one in told[1:]] for value in read])
