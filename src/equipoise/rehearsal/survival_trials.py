"""Survival trials without a study folder: what a design question needs, patient by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.design import Boundaries
from equipoise.errors import ScenarioError
from equipoise.randomisation import Scheme, scheme
from equipoise.rehearsal.automaton import automaton
from equipoise.rehearsal.engines import engine_of
from equipoise.rehearsal.kernels.plan import Automaton
from equipoise.rehearsal.kernels.survival import SurvivalKeys, SurvivalPlan, Survived
from equipoise.rehearsal.streams import key, trial_keys

FloatArray = NDArray[np.float64]

BLOCKS_OF_FOUR = scheme("permuted-block", size=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalTrials:
    """What to simulate.

    Attributes:
        participants: randomised one to one.
        accrual_days: expected days in which they arrive.
        hazards: control hazards a day; one row per stratum, one entry per piece.
        from_day: day on which each piece begins, from 0.
        ratio: experimental over control hazard.
        strata: shares of the strata.
        events: number of events at the last look.
        boundaries: looks and their bounds.
        scheme: of randomisation, within strata.
        drop_out: share who leave within a year, if nothing happens to them before.
        fewer_is_better: True where the event is bad.

    """

    participants: int
    accrual_days: float
    hazards: Sequence[Sequence[float]]
    from_day: Sequence[float] = (0.0,)
    ratio: float = 1.0
    strata: Sequence[float] = (1.0,)
    events: int
    boundaries: Boundaries
    scheme: Scheme = BLOCKS_OF_FOUR
    drop_out: float = 0.0
    fewer_is_better: bool = True


def simulate_survival(
    trials: SurvivalTrials, count: int, *, seed: int = 1, first: int = 0, engine: str | None = None
) -> Survived:
    """Simulate `count` trials from number `first` on; the same numbers in every engine.

    Raises:
        ScenarioError: impossible numbers.

    """
    plan = survival_plan(trials)
    keys = SurvivalKeys(
        *(
            trial_keys(key(seed, "survival", purpose), first, count)
            for purpose in ("arrivals", "stratum", "allocation", "event", "leave")
        )
    )
    if engine_of(engine) == "compiled":
        from equipoise.rehearsal.kernels import survival_compiled

        return survival_compiled.simulate(plan, keys)
    from equipoise.rehearsal.kernels import survival

    return survival.simulate(plan, keys)


def survival_plan(trials: SurvivalTrials) -> SurvivalPlan:
    """The arrays of a kernel.

    Raises:
        ScenarioError: impossible numbers.

    """
    hazards, start = _checked(trials)
    both = np.stack((hazards, hazards * trials.ratio), axis=1)  # (strata, 2, pieces)
    spans = np.diff(start)
    load = np.concatenate(
        (np.zeros((*both.shape[:2], 1)), np.cumsum(both[..., :-1] * spans, axis=2)), axis=2
    )
    looks = np.ceil(trials.boundaries.fractions * trials.events - 1e-9).astype(np.int64)
    shares = np.array(trials.strata, dtype=np.float64)
    yearly = -np.log1p(-trials.drop_out) / 365.25
    return SurvivalPlan(
        n=trials.participants,
        spacing=trials.accrual_days / trials.participants,
        stratum_edges=np.cumsum(shares / shares.sum())[:-1],
        automaton=_tabulated(trials),
        start=start,
        load=load,
        pace=1.0 / both,
        leaving=1.0 / yearly if yearly > 0 else 0.0,
        events=looks,
        bound=np.asarray(trials.boundaries.efficacy_z, dtype=np.float64),
        sides=trials.boundaries.sides,
        sign=-1.0 if trials.fewer_is_better else 1.0,
        cap=float(3.0 / np.median(both)),
    )


def _tabulated(trials: SurvivalTrials) -> Automaton:
    found = (
        None
        if trials.scheme.uses_covariates
        else automaton(trials.scheme, (1, 1), trials.participants)
    )
    if found is None:
        raise ScenarioError(
            "",
            f"{trials.scheme.name} cannot be tabulated for {trials.participants} participants; choose "
            "another scheme here, or rehearse a study folder that uses it.",
        )
    return found


def _checked(trials: SurvivalTrials) -> tuple[FloatArray, FloatArray]:
    """Hazards (strata, pieces) and the day on which each piece begins."""
    hazards = np.atleast_2d(np.array(trials.hazards, dtype=np.float64))
    start = np.array(trials.from_day, dtype=np.float64)
    problems = {
        "hazards must be above 0": not (np.isfinite(hazards) & (hazards > 0)).all(),
        "each stratum needs one hazard per piece": hazards.shape
        != (len(trials.strata), start.size),
        "pieces begin on day 0 and ascend": start[0] != 0 or (np.diff(start) <= 0).any(),
        "the hazard ratio must be above 0": not trials.ratio > 0,
        "there must be at least one event and no more than participants": not (
            1 <= trials.events <= trials.participants
        ),
        "drop-out must be at least 0 and below 1": not 0 <= trials.drop_out < 1,
        "accrual must take some days": not trials.accrual_days > 0,
        "every stratum needs a share above 0": min(trials.strata) <= 0,
    }
    for sentence, wrong in problems.items():
        if wrong:
            raise ScenarioError("", f"{sentence}. Correct the number.")
    return hazards, start
