"""Survival estimators against lifelines and statsmodels on many awkward data sets."""

from __future__ import annotations

from dataclasses import dataclass

import lifelines
import numpy as np
import pytest
from lifelines.statistics import logrank_test
from numpy.typing import NDArray
from statsmodels.duration.api import CumIncidenceRight, SurvfuncRight

from equipoise.analysis import estimators
from equipoise.analysis.estimators import risk_sets
from equipoise.analysis.independent import independent
from equipoise.errors import NotEstimable


@dataclass
class Data:
    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    arm: NDArray[np.bool_]
    strata: NDArray[np.int64]
    covariates: NDArray[np.float64]


def draw(seed: int) -> Data:
    """Ties, heavy or no censoring, 12 to 200 people, unbalanced arms, thin strata."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 200))
    days = rng.exponential(10, n) * rng.choice([0.5, 1.0, 3.0])
    time = np.ceil(days) if seed % 3 else days
    event = rng.random(n) < rng.choice([0.15, 0.5, 1.0])
    arm = rng.random(n) < rng.choice([0.3, 0.5, 0.7])
    arm[:2], event[:4] = [True, False], True
    strata = rng.integers(0, int(rng.choice([1, 3, 8])), n)
    return Data(time, event, arm, strata, rng.normal(size=(n, 2)))


SEEDS = range(40)


def close(ours: float, theirs: float, relative: float) -> bool:
    return ours == pytest.approx(theirs, rel=relative, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("stratified", [False, True])
def test_logrank_equals_statsmodels(seed: int, stratified: bool) -> None:
    d = draw(seed)
    strata = d.strata if stratified else None
    ours = estimators.logrank(d.time, d.event, d.arm, strata)
    theirs = independent("logrank", time=d.time, event=d.event, arm=d.arm, strata=strata)
    assert close(ours.value, theirs.estimate, 1e-8)
    assert close(ours.p_value, theirs.p_value, 1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_logrank_equals_lifelines(seed: int) -> None:
    d = draw(seed)
    ours = estimators.logrank(d.time, d.event, d.arm)
    theirs = logrank_test(d.time[d.arm], d.time[~d.arm], d.event[d.arm], d.event[~d.arm])
    assert close(ours.statistic**2, theirs.test_statistic, 1e-8)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("stratified", [False, True])
def test_counting_days_gives_the_logrank_bit_for_bit(seed: int, stratified: bool) -> None:
    d = draw(seed)
    day = np.ceil(d.time).astype(np.int64)
    strata = d.strata if stratified else None
    score = estimators.logrank_score(day, d.event, d.arm, strata)
    slow = estimators.logrank(day, d.event, d.arm, strata)
    assert slow.value == score.observed_minus_expected / score.variance
    assert slow.se == score.variance**-0.5
    stratum = np.zeros_like(day) if strata is None else strata
    one = risk_sets.from_days(day, d.event, d.arm, stratum)
    two = risk_sets.from_times(day.astype(np.float64), d.event, d.arm, stratum)
    for name in ("at_risk", "at_risk_experimental", "events", "events_experimental"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("adjusted", [False, True])
def test_cox_equals_lifelines_and_statsmodels(seed: int, ties: str, adjusted: bool) -> None:
    d = draw(seed)
    arguments = {
        "time": d.time,
        "event": d.event,
        "arm": d.arm,
        "covariates": d.covariates if adjusted else None,
        "strata": d.strata if seed % 2 else None,
        "ties": ties,
    }
    try:
        ours = estimators.cox(**arguments)  # type: ignore[arg-type]
    except NotEstimable:
        assert separated(d, arguments["strata"] is not None, adjusted)
        return
    theirs = independent("cox", **arguments)
    assert close(ours.value, theirs.estimate, 1e-6)
    assert close(ours.p_value, theirs.p_value, 1e-6)


def separated(d: Data, stratified: bool, adjusted: bool) -> bool:
    """Whether no event comes from one of the arms while the other is at risk."""
    labels = d.strata if stratified else np.zeros_like(d.strata)
    seen = set()
    for row in np.flatnonzero(d.event):
        at_risk = d.arm[(labels == labels[row]) & (d.time >= d.time[row])]
        if at_risk.any() and not at_risk.all():
            seen.add(bool(d.arm[row]))
    return len(seen) < 2 or (adjusted and d.event.sum() < 12)


@pytest.mark.parametrize("seed", SEEDS)
def test_restricted_mean_equals_lifelines_with_greenwoods_variance(seed: int) -> None:
    d = draw(seed)
    for horizon in (3.0, 10.5, float(d.time.max()), 400.0):
        try:
            ours = estimators.rmst(d.time, d.event, d.arm, horizon)
        except NotEstimable:
            assert not (d.event & (d.time < horizon)).any() or d.event.sum() < 12
            continue
        theirs = independent("rmst", time=d.time, event=d.event, arm=d.arm, horizon=horizon)
        assert close(ours.value, theirs.estimate, 1e-8)
        assert close(ours.p_value, theirs.p_value, 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_kaplan_meier_equals_lifelines_and_statsmodels(seed: int) -> None:
    d = draw(seed)
    ours = estimators.kaplan_meier(d.time, d.event)
    fitter = lifelines.KaplanMeierFitter().fit(d.time, d.event)
    theirs = fitter.survival_function_at_times(ours.time).to_numpy()
    np.testing.assert_allclose(ours.survival, theirs, rtol=1e-9, atol=1e-12)
    other = SurvfuncRight(d.time, d.event.astype(int))
    left = ours.survival > 0
    np.testing.assert_allclose(ours.se[left], other.surv_prob_se[: left.sum()], rtol=1e-9)
    assert ours.median() == fitter.median_survival_time_
    bounds = fitter.confidence_interval_.loc[ours.time].to_numpy()
    low, high = ours.interval()
    inside = (ours.survival > 0) & (ours.survival < 1)
    np.testing.assert_allclose(low[inside], bounds[inside, 0], rtol=1e-8)
    np.testing.assert_allclose(high[inside], bounds[inside, 1], rtol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_cumulative_incidence_equals_statsmodels(seed: int) -> None:
    d = draw(seed)
    cause = np.where(d.event, np.random.default_rng(seed).integers(1, 4, d.event.size), 0)
    theirs = CumIncidenceRight(d.time, cause)
    ours = estimators.aalen_johansen(d.time, cause, theirs.times)
    for row, code in enumerate(ours.causes):
        np.testing.assert_allclose(ours.value[row], theirs.cinc[code - 1], rtol=1e-9, atol=1e-12)
        se = theirs.cinc_se[code - 1]
        known = np.isfinite(se)
        np.testing.assert_allclose(ours.se[row][known], se[known], rtol=1e-6, atol=1e-8)
    at = float(np.median(d.time))
    value = estimators.aalen_johansen(d.time, cause, at).of(int(ours.causes[0]))[0].value
    other = independent("aalen_johansen", time=d.time, cause=cause, at=at, of=ours.causes[0])
    assert close(value, other.estimate, 1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_cumulative_incidence_equals_lifelines_where_no_times_are_tied(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.exponential(10, 80))
    cause = rng.integers(0, 3, 80)
    fitter = lifelines.AalenJohansenFitter(calculate_variance=True).fit(time, cause, 2)
    ours = estimators.aalen_johansen(time, cause, time)
    row = list(ours.causes).index(2)
    theirs = fitter.cumulative_density_.iloc[1:, 0].to_numpy()
    np.testing.assert_allclose(ours.value[row], theirs, rtol=1e-9, atol=1e-12)
    variance = fitter.variance_.iloc[1:].to_numpy()
    np.testing.assert_allclose(ours.se[row][:60] ** 2, variance[:60], rtol=0.05, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_cause_is_kaplan_meier_upside_down(seed: int) -> None:
    d = draw(seed)
    curve = estimators.kaplan_meier(d.time, d.event)
    ours = estimators.aalen_johansen(d.time, d.event.astype(int), curve.time)
    np.testing.assert_allclose(ours.value[0], 1 - curve.survival, atol=1e-12)
    np.testing.assert_allclose(ours.se[0], curve.se, atol=1e-8)


def test_without_censoring_incidence_is_a_proportion_with_its_binomial_error() -> None:
    rng = np.random.default_rng(3)
    time, cause = rng.integers(1, 29, 150), rng.integers(1, 4, 150)
    ours = estimators.aalen_johansen(time, cause, [7, 28])
    for row, code in enumerate(ours.causes):
        for column, day in enumerate((7, 28)):
            share = np.mean((cause == code) & (time <= day))
            assert close(ours.value[row, column], share, 1e-12)
            assert close(ours.se[row, column], (share * (1 - share) / 150) ** 0.5, 1e-9)
