"""Ordinal and binary estimators against SciPy, statsmodels and brute force."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from equipoise.analysis import estimators
from equipoise.analysis.estimators import Outcome
from equipoise.analysis.independent import independent
from equipoise.errors import NotEstimable


@dataclass
class Data:
    score: NDArray[np.int64]
    arm: NDArray[np.bool_]
    event: NDArray[np.bool_]
    strata: NDArray[np.int64]
    covariates: NDArray[np.float64]
    time: NDArray[np.int64]


def draw(seed: int, smallest: int = 8) -> Data:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(smallest, 150))
    arm = rng.random(n) < rng.choice([0.3, 0.5])
    arm[:4] = [True, False, True, False]
    score = np.clip(rng.integers(0, rng.choice([2, 4, 11]), n) + arm * (rng.random(n) < 0.3), 0, 10)
    event = rng.random(n) < rng.choice([0.05, 0.4, 0.9])
    strata = rng.integers(0, int(rng.choice([1, 3, n // 2])), n)
    return Data(score, arm, event, strata, rng.normal(size=(n, 2)), rng.integers(1, 29, n))


SEEDS = range(40)


def close(ours: float, theirs: float, relative: float) -> bool:
    return ours == pytest.approx(theirs, rel=relative, abs=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_wilcoxon_equals_scipy(seed: int) -> None:
    d = draw(seed)
    for score in (d.score, d.covariates[:, 0]):
        ours = estimators.wilcoxon(score, d.arm)
        theirs = independent("wilcoxon", score=score, arm=d.arm)
        assert close(ours.value, theirs.estimate, 1e-10)
        assert close(ours.p_value, theirs.p_value, 1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_van_elteren_equals_the_permutation_variance_of_scipys_ranks(seed: int) -> None:
    d = draw(seed)
    ours = estimators.wilcoxon(d.score, d.arm, d.strata)
    theirs = independent("wilcoxon", score=d.score, arm=d.arm, strata=d.strata)
    assert close(ours.value, theirs.estimate, 1e-10)
    assert close(ours.p_value, theirs.p_value, 1e-8)


@pytest.mark.parametrize("seed", range(20))
def test_proportional_odds_equals_statsmodels(seed: int) -> None:
    d = draw(seed, smallest=60)
    for covariates in (None, d.covariates):
        ours = estimators.proportional_odds(d.score, d.arm, covariates)
        theirs = independent("proportional_odds", score=d.score, arm=d.arm, covariates=covariates)
        assert close(ours.value, theirs.estimate, 1e-6) or abs(ours.value - theirs.estimate) < 1e-7
        assert close(ours.p_value, theirs.p_value, 1e-4)  # statsmodels differentiates numerically


@pytest.mark.parametrize("seed", SEEDS)
def test_two_levels_give_the_log_odds_ratio_of_the_two_by_two_table(seed: int) -> None:
    d = draw(seed, smallest=40)
    a, b = (d.event & d.arm).sum(), (~d.event & d.arm).sum()
    c, e = (d.event & ~d.arm).sum(), (~d.event & ~d.arm).sum()
    if min(a, b, c, e) == 0:
        with pytest.raises(NotEstimable):
            estimators.proportional_odds(d.event, d.arm)
        return
    ours = estimators.proportional_odds(d.event, d.arm)
    assert close(ours.value, math.log(a * e / (b * c)), 1e-9)
    assert close(ours.se, math.sqrt(1 / a + 1 / b + 1 / c + 1 / e), 1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("method", ["newcombe", "wald", "miettinen-nurminen"])
def test_risk_difference_equals_statsmodels(seed: int, method: str) -> None:
    d = draw(seed)
    ours = estimators.risk_difference(d.event, d.arm, method)  # type: ignore[arg-type]
    theirs = independent("risk_difference", event=d.event, arm=d.arm, method=method)
    assert close(ours.value, theirs.estimate, 1e-10)
    if not math.isnan(theirs.p_value):
        assert close(ours.p_value, theirs.p_value, 1e-8)
    if method == "miettinen-nurminen":
        return  # its limits are checked against the definition below
    name = {"newcombe": "newcomb", "wald": "wald"}[method]
    low, high = confint_proportions_2indep(*table(d), method=name)
    assert ours.ci_low == pytest.approx(low, rel=1e-9, abs=1e-10)
    assert ours.ci_high == pytest.approx(high, rel=1e-9, abs=1e-10)


def table(d: Data) -> tuple[int, int, int, int]:
    return (d.event & d.arm).sum(), d.arm.sum(), (d.event & ~d.arm).sum(), (~d.arm).sum()


def score_by_search(delta: float, a: int, m: int, c: int, n: int) -> float:
    """Score z of a difference, its nuisance risk found by plain search, not by a cubic."""

    def cost(q: float) -> float:
        p = q + delta
        return -float(
            special.xlogy(a, p)
            + special.xlogy(m - a, 1 - p)
            + special.xlogy(c, q)
            + special.xlogy(n - c, 1 - q)
        )

    edges = max(0.0, -delta), min(1.0, 1 - delta)
    q = optimize.minimize_scalar(cost, bounds=edges, method="bounded", options={"xatol": 1e-12}).x
    p, total = q + delta, m + n
    variance = (p * (1 - p) / m + q * (1 - q) / n) * total / (total - 1)
    return float((a / m - c / n - delta) / math.sqrt(variance))


@pytest.mark.parametrize("seed", SEEDS)
def test_miettinen_nurminen_limits_are_where_the_score_reaches_its_quantile(seed: int) -> None:
    d = draw(seed)
    ours = estimators.risk_difference(d.event, d.arm, "miettinen-nurminen")
    if ours.ci_low > -0.999:
        assert score_by_search(ours.ci_low, *table(d)) == pytest.approx(1.959964, abs=2e-5)
    if ours.ci_high < 0.999:
        assert score_by_search(ours.ci_high, *table(d)) == pytest.approx(-1.959964, abs=2e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_mantel_haenszel_equals_least_squares_and_exact_fractions(seed: int) -> None:
    d = draw(seed)
    if not 0 < d.event.sum() < d.event.size:
        return
    try:
        ours = estimators.mantel_haenszel(d.event, d.arm, d.strata)
    except NotEstimable:
        return
    theirs = independent("mantel_haenszel", event=d.event, arm=d.arm, strata=d.strata)
    assert close(ours.value, theirs.estimate, 1e-8)
    assert close(ours.p_value, theirs.p_value, 1e-8)


def test_with_one_large_stratum_sato_agrees_with_the_unpooled_variance() -> None:
    rng = np.random.default_rng(11)
    arm, event = rng.random(40_000) < 0.5, rng.random(40_000) < 0.3
    sato = estimators.mantel_haenszel(event, arm).se
    assert sato == pytest.approx(estimators.risk_difference(event, arm).se, rel=1e-3)


@pytest.mark.parametrize("n", [1, 2, 10, 57, 1000])
def test_exact_limits_equal_scipy(n: int) -> None:
    for events in sorted({0, 1, n // 3, n - 1, n}):
        test = stats.binomtest(events, n, 0.2)
        for level in (0.8, 0.95, 0.999):
            ours = estimators.exact(events, n, level=level, null=0.2)
            theirs = test.proportion_ci(level, method="exact")
            assert close(ours.ci_low, theirs.low, 1e-8)
            assert close(ours.ci_high, theirs.high, 1e-8)
            assert ours.p_value == test.pvalue
            one = stats.binomtest(events, n, alternative="less").proportion_ci(level, "exact")
            assert close(estimators.exact_upper(events, n, level), one.high, 1e-8)


def outcomes(d: Data) -> list[Outcome]:
    return [
        Outcome(value=d.time, event=d.event),
        Outcome(value=d.time[::-1], event=d.event[::-1], larger_wins=False),
        Outcome(value=d.score, larger_wins=False, margin=1.0),
        Outcome(value=d.covariates[:, 0], margin=0.5),
    ]


def verdict(levels: list[Outcome], i: int, j: int) -> int:
    """Who wins, said as plainly as it can be said."""
    for level in levels:
        x, y = np.asarray(level.value)[[i, j]].astype(float)
        if level.event is None:
            answer = int(x - y > level.margin) - int(y - x > level.margin)
        else:
            had_x, had_y = np.asarray(level.event)[[i, j]]
            first_y = had_y and (y < x or (y == x and not had_x))
            first_x = had_x and (x < y or (x == y and not had_y))
            answer = int(first_y) - int(first_x)
        if answer:
            return answer if level.larger_wins else -answer
    return 0


@pytest.mark.parametrize("seed", range(10))
def test_wins_equal_a_plain_count_of_pairs(seed: int) -> None:
    d = draw(seed)
    levels = outcomes(d)
    results = [verdict(levels, i, j) for i in np.flatnonzero(d.arm) for j in np.flatnonzero(~d.arm)]
    shares = estimators.wins(levels, d.arm)
    assert close(shares.win, np.mean(np.array(results) == 1), 1e-12)
    assert close(shares.loss, np.mean(np.array(results) == -1), 1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("measure", ["ratio", "odds", "net-benefit"])
def test_win_ratio_equals_a_table_of_pairs(seed: int, measure: str) -> None:
    d = draw(seed, smallest=20)
    strata = d.strata if seed % 2 else None
    try:
        ours = estimators.win_ratio(outcomes(d), d.arm, strata, measure)  # type: ignore[arg-type]
    except NotEstimable:
        return
    theirs = independent(
        "win_ratio", outcomes=outcomes(d), arm=d.arm, strata=strata, measure=measure
    )
    assert close(ours.value, theirs.estimate, 1e-9)
    assert close(ours.p_value, theirs.p_value, 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_win_odds_of_one_score_are_the_odds_of_the_probabilistic_index(seed: int) -> None:
    d = draw(seed, smallest=40)
    index = estimators.wilcoxon(d.score, d.arm)
    odds = estimators.win_ratio([Outcome(value=d.score)], d.arm, measure="odds")
    assert close(odds.value, math.log(index.value / (1 - index.value)), 1e-9)
    assert close(odds.se * index.value * (1 - index.value), index.se, 1e-9)


def test_comparing_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    module = importlib.import_module("equipoise.analysis.estimators.win_ratio")
    d = draw(5, smallest=60)
    whole = estimators.win_ratio(outcomes(d), d.arm)
    monkeypatch.setattr(module, "CELLS", 100)
    split = estimators.win_ratio(outcomes(d), d.arm)
    assert whole.value == pytest.approx(split.value, rel=1e-12)
    assert whole.se == pytest.approx(split.se, rel=1e-12)
