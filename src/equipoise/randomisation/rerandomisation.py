"""Re-randomisation test: the trial's own scheme is the reference distribution."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import DesignError
from equipoise.randomisation.draws import rehearsal_generator
from equipoise.randomisation.ratio import reduced
from equipoise.randomisation.sequencing import counting, sequences
from equipoise.randomisation.shape import Covariates, Scheme

Alternative = Literal["two-sided", "greater", "less"]
Statistic = Callable[[NDArray[np.int8]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerandomisation:
    """p value of a re-randomisation test, with its Monte Carlo standard error."""

    p_value: float
    mc_error: float
    statistic: float
    replicates: int


def rerandomisation_test(
    scheme: Scheme,
    ratio: Sequence[int],
    strata: NDArray[np.int64] | None,
    statistic: Statistic,
    observed: NDArray[np.integer],
    replicates: int,
    seed: int,
    *,
    covariates: Sequence[Covariates] | None = None,
    alternative: Alternative = "two-sided",
) -> Rerandomisation:
    """How often the scheme itself would have given a statistic as extreme.

    Outcomes, covariates and the order of randomisation stay; only arms are drawn again,
    each stratum with its own state.

    Args:
        scheme: as in the trial.
        ratio: as in the trial.
        strata: shape (n,), the stratum of each participant, in order of randomisation; None
            for one stratum.
        statistic: of arms, shape (n,), in the same order; 0 where arms do not differ, for a
            two-sided test (its absolute value is compared).
        observed: shape (n,), the arms given.
        replicates: number of sequences drawn, at least 1.
        seed: of the generator.
        covariates: of each participant, for minimisation.
        alternative: "two-sided", "greater" or "less".

    Returns:
        p = (1 + extreme) / (1 + replicates), which is valid (never 0) at any `replicates`.

    Raises:
        DesignError: shapes differ, an arm outside the ratio, a statistic that is not finite.

    Source: Rosenberger & Lachin, Randomization in Clinical Trials, 2nd ed., 2016, ch. 6;
    Phipson & Smyth, Stat Appl Genet Mol Biol 2010;9:39 for the p value.
    """
    if alternative not in get_args(Alternative):
        raise DesignError(f"alternative must be one of {', '.join(get_args(Alternative))}")
    counting("replicates", replicates, least=1)
    _check(scheme, covariates, observed, len(reduced(ratio)))
    groups = _groups(strata, observed)
    drawn = np.empty((replicates, len(observed)), dtype=np.int8)
    for number, places in enumerate(groups):
        generator = rehearsal_generator(seed, "rerandomisation", number)
        people = None if covariates is None else [covariates[place] for place in places]
        drawn[:, places] = sequences(scheme, ratio, len(places), replicates, generator, people)
    return _compared(statistic, observed.astype(np.int8), drawn, alternative)


def _compared(
    statistic: Statistic, observed: NDArray[np.int8], drawn: NDArray[np.int8], alternative: str
) -> Rerandomisation:
    here = _value(statistic, observed, alternative)
    each = np.array([_value(statistic, row, alternative) for row in drawn])
    extreme = int((each >= here - 1e-12 * max(1.0, abs(here))).sum())
    p = (1 + extreme) / (1 + len(drawn))
    return Rerandomisation(
        p_value=p,
        mc_error=math.sqrt(p * (1 - p) / len(drawn)),
        statistic=float(statistic(observed)),
        replicates=len(drawn),
    )


def _check(
    scheme: Scheme,
    covariates: Sequence[Covariates] | None,
    observed: NDArray[np.integer],
    arms: int,
) -> None:
    if observed.ndim != 1 or not len(observed):
        raise DesignError("observed arms must be one-dimensional and not empty")
    if observed.min() < 0 or observed.max() >= arms:
        raise DesignError(f"observed arms must be 0 to {arms - 1}")
    if scheme.uses_covariates and covariates is None:
        raise DesignError(f"{scheme.name} needs the covariates of the participants")
    if covariates is not None and len(covariates) != len(observed):
        raise DesignError(f"{len(observed)} arms need as many covariates; got {len(covariates)}")


def _groups(
    strata: NDArray[np.int64] | None, observed: NDArray[np.integer]
) -> list[NDArray[np.intp]]:
    """Places of each stratum, in order of randomisation."""
    if strata is None:
        return [np.arange(len(observed))]
    if strata.shape != observed.shape:
        raise DesignError(f"{len(observed)} arms need as many strata; got {strata.shape}")
    return [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]


def _value(statistic: Statistic, arms: NDArray[np.int8], alternative: str) -> float:
    """The statistic, turned so that larger is more extreme."""
    value = float(statistic(arms))
    if not math.isfinite(value):
        raise DesignError(f"the statistic must be finite for every allocation; got {value}")
    return {"two-sided": abs(value), "greater": value, "less": -value}[alternative]
