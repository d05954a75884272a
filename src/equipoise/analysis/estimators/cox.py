"""Cox proportional hazards, stratified and adjusted where asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from equipoise.analysis.estimators import inputs
from equipoise.analysis.estimators.estimate import Estimate, wald
from equipoise.analysis.estimators.inputs import BoolArray, FloatArray, IntArray
from equipoise.analysis.estimators.newton import Maximum, Point, maximise
from equipoise.errors import NotEstimable

WHAT = "The hazard ratio"


def cox(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    covariates: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Literal["efron", "breslow"] = "efron",
    *,
    level: float = 0.95,
) -> Estimate:
    """Log hazard ratio of the experimental arm, by partial likelihood.

    Args:
        time: shape (n,), time from randomisation to event or censoring, any unit, >= 0.
        event: shape (n,), True where the event was seen, False where censored.
        arm: shape (n,), True = experimental.
        covariates: shape (n,) or (n, p), numbers; indicator columns for categories.
        strata: shape (n,), labels; each stratum has its own baseline hazard.
        ties: "efron" or "breslow".
        level: of the confidence interval.

    Returns:
        `value` = log hazard ratio, experimental over control: positive = events come
        faster (for recovery: benefit). Wald interval and test, model-based se.

    Raises:
        ValueError: shapes differ, missing values, negative times, unknown `ties`.
        NotEstimable: one arm, no events, collinear covariates, or separation (the ratio
            would be 0 or infinite).

    Source: Cox, JRSS B 1972;34:187; Efron, JASA 1977;72:557; Breslow, Biometrics 1974;30:89.
    Checked against lifelines and statsmodels in tests/contract/test_estimators_survival.py.

    """
    fit = cox_fit(time, event, arm, covariates, strata, ties)
    value, variance = float(fit.parameters[0]), float(fit.covariance[0, 0])
    n = int(np.size(np.asarray(arm)))
    return wald(value, variance**0.5, n, level=level, what=WHAT)


def cox_fit(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    covariates: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Literal["efron", "breslow"] = "efron",
) -> Maximum:
    """The whole fit of `cox`: arm first, then the covariates; log partial likelihoods.

    Twice `log_likelihood - log_likelihood_start` is the likelihood-ratio chi-square of
    all columns together, on 1 + p degrees of freedom.
    """
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties must be 'efron' or 'breslow'; got {ties!r}")
    time, event = inputs.times(time), inputs.binary(event, "event")
    arm = inputs.two_arms(arm, WHAT)
    n = inputs.same_length(time=time, event=event, arm=arm)
    x = np.column_stack([arm.astype(np.float64), inputs.covariate_columns(covariates, n)])
    if not event.any():
        raise NotEstimable(WHAT, "no event was seen")
    ordered = _order(time, event, x, inputs.strata_codes(strata, n), efron=ties == "efron")
    return maximise(lambda beta: _partial(beta, ordered), np.zeros(x.shape[1]), WHAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """Rows by stratum, then latest time first, so that a risk set is a run of rows."""

    x: FloatArray  # (n, p)
    strata: tuple[slice, ...]
    stratum: IntArray  # (n,)
    died: IntArray  # rows with an event, (d,)
    last: IntArray  # last row of the risk set of each event, (d,)
    tied: IntArray  # where each group of tied events begins in `died`, (g,)
    group: IntArray  # group of each event, (d,)
    fraction: FloatArray  # Efron's share of the tied events already gone, (d,)


def _order(
    time: FloatArray, event: BoolArray, x: FloatArray, stratum: IntArray, *, efron: bool
) -> _Ordered:
    order = np.lexsort((-time, stratum))
    time, event, stratum = time[order], event[order], stratum[order]
    changes = np.flatnonzero((np.diff(time) != 0) | (np.diff(stratum) != 0))
    run_end = np.append(changes, time.size - 1)  # last row of each (stratum, time)
    died = np.flatnonzero(event)
    last = run_end[np.searchsorted(run_end, died)]
    tied = np.flatnonzero(np.append(True, np.diff(last) != 0))
    size = np.diff(np.append(tied, died.size))
    group = np.repeat(np.arange(tied.size), size)
    position = np.arange(died.size) - tied[group]
    edges = np.flatnonzero(np.diff(stratum)) + 1
    starts, stops = np.append(0, edges), np.append(edges, time.size)
    return _Ordered(
        x=x[order] - x.mean(axis=0),
        strata=tuple(slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True)),
        stratum=np.repeat(np.arange(starts.size), stops - starts),
        died=died,
        last=last,
        tied=tied,
        group=group,
        fraction=position / size[group] if efron else np.zeros(died.size),
    )


def _partial(beta: FloatArray, rows: _Ordered) -> Point:
    """Log partial likelihood; Breslow's is Efron's with every fraction 0."""
    eta = rows.x @ beta
    # A shift common to a stratum cancels; taking out the largest keeps exp() in range.
    tops = np.array([eta[run].max() for run in rows.strata])
    eta = eta - tops[rows.stratum]
    weight = np.exp(eta)
    first = weight[:, None] * rows.x
    second = first[:, :, None] * rows.x[:, None, :]
    total = _at_risk(weight, rows)  # (d,)
    mean = _at_risk(first, rows)  # (d, p)
    square = _at_risk(second, rows)  # (d, p, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = mean / total[:, None]
        value = float(eta[rows.died].sum() - np.log(total).sum())
        spread = (square / total[:, None, None]).sum(axis=0) - mean.T @ mean
    gradient = (rows.x[rows.died] - mean).sum(axis=0)
    return Point(value, gradient, spread)


def _at_risk(quantity: FloatArray, rows: _Ordered) -> FloatArray:
    """Sum over each event's risk set, less Efron's share of the events tied with it."""
    running = np.empty_like(quantity)
    for run in rows.strata:
        np.cumsum(quantity[run], axis=0, out=running[run])
    tied = np.add.reduceat(quantity[rows.died], rows.tied, axis=0)
    share = rows.fraction.reshape((-1,) + (1,) * (quantity.ndim - 1))
    return np.asarray(running[rows.last] - share * tied[rows.group])
