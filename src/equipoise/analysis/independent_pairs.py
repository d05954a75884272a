"""The win ratio a second time: one table row per pair of participants, with pandas."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

MEASURES: dict[str, Callable[[float, float], float]] = {
    "ratio": lambda win, loss: math.log(win) - math.log(loss),
    "odds": lambda win, loss: math.log1p(win - loss) - math.log1p(loss - win),
    "net-benefit": lambda win, loss: win - loss,
}
STEP = 1e-6  # for the slope of the measure, by central difference


def win_ratio_by_pairs(
    pandas: Any, outcomes: Sequence[Any], arm: ArrayLike, strata: ArrayLike | None, measure: str
) -> tuple[float, float]:
    """Estimate and two-sided p-value; arguments as `win_ratio`, `pandas` the library."""
    people = _people(pandas, outcomes, arm, strata)
    ours, theirs = people[people["arm"]], people[~people["arm"]]
    pairs = ours.merge(theirs, on="stratum", suffixes=("_e", "_c"))
    pairs["result"] = _results(pairs, outcomes)
    pairs["win"], pairs["loss"] = pairs["result"] == 1, pairs["result"] == -1
    sizes = people.groupby("stratum").size()
    weight = pairs.groupby("stratum").size() / sizes.loc[pairs["stratum"].unique()]
    weight = weight / weight.sum()
    means = pairs.groupby("stratum")[["win", "loss"]].mean()
    win, loss = (float((means[name] * weight).sum()) for name in ("win", "loss"))
    covariance = sum(
        weight[stratum] ** 2 * _covariance(block) for stratum, block in pairs.groupby("stratum")
    )
    of = MEASURES[measure]
    slope = np.array(
        [
            of(win + STEP, loss) - of(win - STEP, loss),
            of(win, loss + STEP) - of(win, loss - STEP),
        ]
    ) / (2 * STEP)
    value = of(win, loss)
    z = value / math.sqrt(slope @ covariance @ slope)
    return value, float(2 * stats.norm.sf(abs(z)))


def _people(pandas: Any, outcomes: Sequence[Any], arm: ArrayLike, strata: ArrayLike | None) -> Any:
    side = np.asarray(arm).astype(bool)
    people = pandas.DataFrame({"who": np.arange(side.size), "arm": side})
    people["stratum"] = 0 if strata is None else np.unique(strata, return_inverse=True)[1]
    for k, outcome in enumerate(outcomes):
        people[f"value{k}"] = np.asarray(outcome.value, dtype=float)
        people[f"event{k}"] = True if outcome.event is None else np.asarray(outcome.event) == 1
    return people


def _results(pairs: Any, outcomes: Sequence[Any]) -> Any:
    result = np.zeros(len(pairs), dtype=int)
    for k, outcome in enumerate(outcomes):
        ours = _outlives(pairs, k, "_e", "_c", outcome)
        theirs = _outlives(pairs, k, "_c", "_e", outcome)
        sign = 1 if outcome.larger_wins else -1
        verdict = sign * (ours.astype(int) - theirs.astype(int))
        result = np.where(result != 0, result, verdict)
    return result


def _outlives(pairs: Any, k: int, one: str, other: str, outcome: Any) -> Any:
    gap = pairs[f"value{k}{one}"] - pairs[f"value{k}{other}"]
    if outcome.event is None:
        return gap > outcome.margin
    tie = (gap == 0) & (outcome.margin == 0) & ~pairs[f"event{k}{one}"]
    return ((gap > outcome.margin) | tie) & pairs[f"event{k}{other}"]


def _covariance(block: Any) -> Any:
    """Covariance of the shares won and lost in one stratum, from each side's own shares."""
    whole = np.cov(block[["win", "loss"]].to_numpy(dtype=float).T, ddof=0)
    total = np.zeros((2, 2))
    for who in ("who_e", "who_c"):
        shares = block.groupby(who)[["win", "loss"]].mean()
        total += (shares.cov().to_numpy() if len(shares) > 1 else whole) / len(shares)
    return total
