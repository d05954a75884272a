"""What stands beside an estimate: how each arm did, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from equipoise.analysis.estimators import kaplan_meier
from equipoise.analysis.estimators.inputs import BoolArray, FloatArray
from equipoise.analysis.result import Group
from equipoise.analysis.sets import Members
from equipoise.analysis.variable import Variable
from equipoise.errors import say


def groups_of(members: Members, variable: Variable, arms: Sequence[str]) -> tuple[Group, ...]:
    """One line per arm, in the order given."""
    return tuple(_group(variable, members.in_arm(arm) & variable.usable, arm) for arm in arms)


def _group(variable: Variable, inside: BoolArray, arm: str) -> Group:
    n = int(inside.sum())
    if n == 0:
        return Group(arm=arm, n=0, events=None, summary="nobody")
    if variable.kind == "time":
        events = int(variable.event[inside].sum())
        middle = median_time(variable.time[inside], variable.event[inside])
        words = "not reached" if middle is None else say("{n} days", n=f"{middle:g}")
        told = say("{share}, median {time}", share=share(events, n), time=words)
        return Group(arm=arm, n=n, events=events, summary=told)
    value = variable.value[inside]
    if variable.kind == "binary":
        events = int(value.sum())
        return Group(arm=arm, n=n, events=events, summary=share(events, n))
    return Group(arm=arm, n=n, events=None, summary=say("median {value}", value=spread(value)))


def median_time(time: FloatArray, event: BoolArray) -> float | None:
    """First time at which at most half are still free of the event; None where never."""
    curve = kaplan_meier(time, event)
    below = np.flatnonzero(curve.survival <= 0.5 + 1e-12)
    return float(curve.time[below[0]]) if below.size else None


def share(events: int, n: int) -> str:
    """Events of n with their percentage, one decimal: `12/40 (30.0 %)`."""
    return f"{events}/{n} ({100 * events / n:.1f} %)" if n else "0/0"


def spread(values: FloatArray) -> str:
    """Median and quartiles of the known values, three significant digits."""
    known = values[np.isfinite(values)]
    if known.size == 0:
        return "not known"
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return spanned(digits(middle), digits(low), digits(high))


def spanned(value: str, low: str, high: str) -> str:
    """A number with its limits: `1.5 (1.1 to 2.0)`."""
    return say("{value} ({low} to {high})", value=value, low=low, high=high)


def mean_sd(values: FloatArray) -> str:
    """Mean and standard deviation of the known values, three significant digits."""
    known = values[np.isfinite(values)]
    if known.size == 0:
        return "not known"
    sd = known.std(ddof=1) if known.size > 1 else 0.0
    return f"{digits(known.mean())} ({digits(sd)})"


def digits(value: float) -> str:
    """A number for reading: three significant digits, no exponent, no trailing dot."""
    if not math.isfinite(value):
        return "not known"
    if value == 0:
        return "0"
    places = max(0, min(4, 2 - math.floor(math.log10(abs(value)))))
    return f"{value:.{places}f}"
