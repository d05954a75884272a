"""Futility boundaries: given, or spending type II error.

Pampallona, Tsiatis & Kim 2001 (Drug Information Journal 35:1113): the lower boundary uses up
beta as a function of information under the effect at which the two boundaries meet at the
last look; that effect is found here. With `binding` the efficacy boundary takes credit for
stopping at the lower one; without, it is computed as if the lower one did not exist, and the
type I error holds even when the trial goes on below it (the usual regulatory wish).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import ndtri

from equipoise.design.checks import Array, needed, vector
from equipoise.design.roots import brentq
from equipoise.design.spending import KINDS, spend
from equipoise.design.sweep import Futility, Swept, given, given_futility, sweep
from equipoise.errors import DesignError

Solver = Callable[[Futility | None], Swept]
"""Solves the efficacy boundary, given a futility boundary that may bind."""

FIXED = "fixed"


def parameters_of(kind: str | None) -> tuple[str, ...]:
    """The keywords that a futility kind takes, each with the prefix `futility_`."""
    if kind is None:
        return ()
    if isinstance(kind, str) and kind == FIXED:
        return ("futility_z",)
    if not isinstance(kind, str) or kind not in KINDS:
        choices = ", ".join([*KINDS, FIXED])
        raise DesignError(
            f"There is no futility boundary of kind {kind!r}. Choose one of {choices}."
        )
    name = KINDS[kind]
    return () if name is None else (f"futility_{name}",)


def spent(kind: str, times: Array, beta: float, parameters: Mapping[str, Any]) -> Array:
    """Cumulative type II error by look; all of beta by the last."""
    name = KINDS[kind]
    value = (
        {} if name is None else {name: needed(parameters, f"futility_{name}", f"Futility {kind}")}
    )
    result = spend(kind, times, beta, 1, value).copy()
    result[-1] = beta
    return result


def fixed(times: Array, values: object) -> Array:
    """A given boundary: one value for each look before the last, or for every look."""
    z = vector(values, "futility_z")
    if z.size not in (times.size, times.size - 1):
        raise DesignError(
            f"futility_z has {z.size} values; {times.size} looks need {times.size - 1}, one for "
            "each look before the last (the last closes with the efficacy boundary)."
        )
    result = np.full(times.size, np.nan)
    result[: times.size - 1] = z[: times.size - 1]
    return result


def solve(
    solver: Solver, times: Array, sides: int, type_two: Array, binding: bool
) -> tuple[Swept, float]:
    """Boundaries that meet at the last look, and the drift at which beta is then exact."""
    beta = float(type_two[-1])
    alone = None if binding else solver(None)

    def swept(drift: float) -> Swept:
        plan = Futility(z=np.full(times.size, np.nan), spent=type_two, drift=drift, binding=binding)
        return solver(plan) if alone is None else sweep(times, sides, given(alone.efficacy), plan)

    drift = _drift(lambda d: swept(d).missed, beta, _single_look(solver, times, beta))
    result = swept(drift)
    if alone is None:
        return result, drift
    return _joined(alone, result), drift


def _single_look(solver: Solver, times: Array, beta: float) -> float:
    """The drift of a single look with the same errors: below what any design here needs."""
    alpha = float(solver(None).alpha_spent[-1])
    return (-float(ndtri(alpha)) - float(ndtri(beta))) / float(np.sqrt(times[-1]))


SECANTS, NEAR = 16, 1e-11


def _drift(missed: Callable[[float], float], beta: float, least: float) -> float:
    """The drift at which `missed` is beta.

    The normal quantile of what is missed is nearly linear in the drift, so that a few secants
    from below find it; where they do not, bracketing does.
    """
    target = float(ndtri(beta))
    one, two = max(least, 1e-3), 1.1 * max(least, 1e-3)
    at_one, at_two = (float(ndtri(missed(d))) - target for d in (one, two))
    for _ in range(SECANTS):
        if not np.isfinite(at_two) or at_one == at_two:
            break
        step = -at_two * (two - one) / (at_two - at_one)
        if abs(step) < NEAR:
            return two + step
        if not 0.5 * least < two + step < 4 * least + 4:
            break
        one, two, at_one = two, two + step, at_two
        at_two = float(ndtri(missed(two))) - target
    return _bracketed(lambda d: missed(d) - beta, least)


def _bracketed(excess: Callable[[float], float], least: float) -> float:
    low = max(0.9 * least, 1e-3)
    high = max(1.2 * least, 1.0)
    while excess(high) > 0:
        low, high = high, 1.2 * high
    return float(brentq(excess, low, high, xtol=1e-13, rtol=1e-13))


def _joined(alone: Swept, lower: Swept) -> Swept:
    return Swept(
        efficacy=alone.efficacy,
        futility=lower.futility,
        alpha_spent=alone.alpha_spent,
        missed=lower.missed,
    )


def refuse_crossed(efficacy: Array, lower: Array) -> None:
    """Refuse a given futility boundary that reaches the efficacy boundary too early."""
    crossed = np.flatnonzero(lower[:-1] >= efficacy[:-1])
    if crossed.size:
        k = int(crossed[0])
        raise DesignError(
            f"The futility boundary {lower[k]:g} at look {k + 1} is not below the efficacy "
            f"boundary {efficacy[k]:.4g}, so the trial could not go on. Lower futility_z."
        )


def given_plan(times: Array, values: object, binding: bool) -> Futility:
    """A futility boundary fixed by its values."""
    return given_futility(fixed(times, values), binding=binding)
