"""One pass through the looks: boundaries that are given, and boundaries that spend error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from equipoise.design import crossing_point
from equipoise.design.checks import Array
from equipoise.design.integration import REACH, Region, Walk, above, advance, begin, below
from equipoise.errors import DesignError


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficacy:
    """What fixes the efficacy boundary: shape (looks,) each.

    `z` holds the boundary where it is given, NaN where it follows from `spent`, the
    cumulative error (over all sides) that may be used up by the look.
    """

    z: Array
    spent: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Futility:
    """What fixes the futility boundary of the looks before the last: as for `Efficacy`.

    Spent is type II error at `drift`, the mean of Z at full information.
    """

    z: Array
    spent: Array
    drift: float
    binding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Boundaries and cumulative errors, shape (looks,) each.

    `alpha_spent` counts every side under no effect; `missed` is the type II error at the
    futility drift, with the last look closed by the efficacy boundary.
    """

    efficacy: Array
    futility: Array | None
    alpha_spent: Array
    missed: float


def given(z: Array) -> Efficacy:
    """An efficacy boundary that is fixed at every look."""
    return Efficacy(z=z, spent=np.full(z.shape, np.nan))


def spending(spent: Array) -> Efficacy:
    """An efficacy boundary that follows from the error spent."""
    return Efficacy(z=np.full(spent.shape, np.nan), spent=spent)


def given_futility(z: Array, *, binding: bool, drift: float = 0.0) -> Futility:
    """A futility boundary that is fixed at every look."""
    return Futility(z=z, spent=np.full(z.shape, np.nan), drift=drift, binding=binding)


def continuation(upper: float, lower: float | None, sides: int) -> Region:
    """Where the trial goes on: between the boundaries, or outside the inner wedge."""
    if sides == 1:
        return ((-math.inf if lower is None else lower, upper),)
    if lower is None or lower <= 0:
        return ((-upper, upper),)
    return ((-upper, -lower), (lower, upper))


def sweep(times: Array, sides: int, efficacy: Efficacy, futility: Futility | None = None) -> Swept:
    """Solve every look in turn, shape (looks,), carrying one walk under no effect.

    A second walk, at the futility drift, is carried where type II error is spent. Only a
    binding futility boundary takes paths away from the first walk.
    """
    null = begin(0.0, reach=_reach(efficacy, sides))
    effect = None if futility is None else begin(futility.drift)
    upper, lower, spent = (np.full(times.size, np.nan) for _ in range(3))
    used = missed = 0.0
    for k, time in enumerate(times.tolist()):
        last = k == times.size - 1
        upper[k] = _upper(null, time, sides, efficacy, k, used)
        used = _used(null, time, sides, upper[k], efficacy.spent[k], used)
        spent[k] = used
        if futility is not None and effect is not None:
            lower[k] = (
                upper[k] if last else _lower(effect, time, sides, futility, k, upper[k], missed)
            )
            missed = missed + _stopped(effect, time, lower[k], sides)
        if not last:
            following = float(times[k + 1])
            full = continuation(upper[k], None if futility is None else lower[k], sides)
            if effect is not None:
                effect = advance(effect, time, full, following)
            binding = futility is not None and futility.binding
            plain = continuation(upper[k], None, sides)
            null = advance(null, time, full if binding else plain, following)
    return Swept(
        efficacy=upper,
        futility=None if futility is None else lower,
        alpha_spent=spent,
        missed=missed,
    )


def _upper(null: Walk, time: float, sides: int, efficacy: Efficacy, k: int, used: float) -> float:
    if not math.isnan(efficacy.z[k]):
        return float(efficacy.z[k])
    left = (float(efficacy.spent[k]) - used) / sides
    if left < 0:
        raise DesignError(
            f"The looks before look {k + 1} already use {used:.6g} of the error, more than the "
            f"{efficacy.spent[k]:.6g} allowed. Raise the earlier boundaries."
        )
    if sides == 2 and 2 * left >= null.remaining:
        return 0.0
    return crossing_point.upper(null, time, left)


def _used(null: Walk, time: float, sides: int, upper: float, target: float, used: float) -> float:
    """Cumulative error after a look: the target where there is one, else what is crossed."""
    return float(target) if not math.isnan(target) else used + sides * above(null, time, upper)


def _lower(
    effect: Walk, time: float, sides: int, futility: Futility, k: int, upper: float, missed: float
) -> float:
    if not math.isnan(futility.z[k]):
        return float(futility.z[k])
    left = float(futility.spent[k]) - missed
    if sides == 2:
        return crossing_point.inner(effect, time, left, upper)
    return min(crossing_point.lower(effect, time, left), upper)


def _stopped(walk: Walk, time: float, lower: float, sides: int) -> float:
    """Probability of stopping without a finding at this look."""
    down = below(walk, time, lower)
    return down if sides == 1 else down - below(walk, time, -lower)


def _reach(efficacy: Efficacy, sides: int) -> float:
    """Standard deviations that the walk must cover to resolve the smallest error spent."""
    steps = np.diff(efficacy.spent, prepend=0.0) / sides
    steps = steps[steps > 0]
    spent = -float(ndtri(steps.min())) if steps.size else 0.0
    fixed: Sequence[float] = efficacy.z[np.isfinite(efficacy.z)].tolist()
    return max(REACH, spent + 1.0, min(max(fixed, default=0.0) + 1.0, 38.0))
