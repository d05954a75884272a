"""Means and rates without a study folder: whole trials from the statistics of their stages."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from equipoise.design import Boundaries
from equipoise.errors import ScenarioError
from equipoise.rehearsal.engines import engine_of
from equipoise.rehearsal.kernels.stages import GUIDES, MeansPlan, RatesPlan, Staged
from equipoise.rehearsal.streams import key, trial_keys

FloatArray = NDArray[np.float64]


def _kernels(engine: str | None) -> ModuleType:
    if engine_of(engine) == "compiled":
        from equipoise.rehearsal.kernels import stages_compiled

        return stages_compiled
    from equipoise.rehearsal.kernels import stages

    return stages


def simulate_means(
    *,
    difference: float,
    sd: float,
    per_arm: int,
    boundaries: Boundaries,
    trials: int,
    seed: int = 1,
    engine: str | None = None,
) -> Staged:
    """Comparisons of two means with a known standard deviation.

    Args:
        difference: experimental minus control, in the unit of `sd`.
        sd: standard deviation of each participant's value.
        per_arm: participants of each arm at full information.
        boundaries: looks and their bounds.
        trials: how many.
        seed: the same seed gives the same numbers in every engine.
        engine: "compiled" or "numpy"; the faster one installed if left out.

    Raises:
        ScenarioError: impossible numbers.

    """
    if not (sd > 0 and math.isfinite(difference)) or per_arm < 1:
        raise ScenarioError("", "means need an sd above 0 and at least one participant per arm.")
    plan = means_plan(difference / sd * math.sqrt(per_arm / 2), boundaries)
    found: Staged = _kernels(engine).means(plan, trial_keys(key(seed, "means"), 0, trials))
    return found


def means_plan(drift: float, boundaries: Boundaries) -> MeansPlan:
    """The arrays of a kernel; `drift` is the mean of z at full information."""
    times = boundaries.fractions
    steps = np.diff(times, prepend=0.0)
    return MeansPlan(
        root=np.sqrt(steps),
        shift=drift * steps,
        scale=1.0 / np.sqrt(times),
        bound=np.asarray(boundaries.efficacy_z, dtype=np.float64),
        sides=boundaries.sides,
    )


def simulate_rates(
    *,
    control: float,
    treatment: float,
    per_arm: int,
    boundaries: Boundaries,
    trials: int,
    seed: int = 1,
    engine: str | None = None,
) -> Staged:
    """Comparisons of two rates by the pooled z, binomial counts drawn exactly.

    Args: as in `simulate_means`; `control` and `treatment` are chances of the event.

    Raises:
        ScenarioError: impossible numbers.

    """
    for name, chance in (("control", control), ("treatment", treatment)):
        if not 0 <= chance <= 1:
            raise ScenarioError("", f"the {name} rate must lie between 0 and 1; got {chance:g}.")
    plan = rates_plan(control, treatment, per_arm, boundaries)
    found: Staged = _kernels(engine).rates(plan, trial_keys(key(seed, "rates"), 0, trials))
    return found


def rates_plan(control: float, treatment: float, per_arm: int, boundaries: Boundaries) -> RatesPlan:
    """The arrays of a kernel."""
    reached = np.ceil(boundaries.fractions * per_arm - 1e-9).astype(np.int64)
    from scipy.stats import binom  # half a second to import, and rarely needed

    size = np.diff(reached, prepend=0)
    if (size < 1).any():
        raise ScenarioError(
            "", f"{per_arm} participants per arm leave a stage empty; take fewer looks or more."
        )
    looks, most = size.size, int(size.max())
    counts = np.arange(most + 1)
    cumulative = np.ones((looks, 2, most + 1))
    for look in range(looks):
        for arm, chance in enumerate((control, treatment)):
            below = binom.cdf(counts, size[look], chance)
            cumulative[look, arm] = np.where(counts >= size[look], 1.0, np.minimum(below, 1.0))
    slices = np.arange(GUIDES) / GUIDES
    guide = np.array(
        [[np.searchsorted(c, slices, side="right") for c in row] for row in cumulative]
    )
    return RatesPlan(
        size=np.stack((size, size), axis=1),
        cumulative=cumulative,
        guide=guide.astype(np.int64),
        bound=np.asarray(boundaries.efficacy_z, dtype=np.float64),
        sides=boundaries.sides,
    )
