"""Trials without a study folder: engines agree to the last bit, and theory is met."""

import numpy as np
import pytest
from scipy import stats

from equipoise.analysis.estimators import ancova, logrank, mantel_haenszel
from equipoise.design import boundaries, crossing, power
from equipoise.errors import ScenarioError
from equipoise.randomisation import scheme
from equipoise.rehearsal import tables
from equipoise.rehearsal.kernels import survival as survival_kernel
from equipoise.rehearsal.kernels.survival import SurvivalKeys
from equipoise.rehearsal.kernels.variates import exponential, minus_log, normal
from equipoise.rehearsal.minimised_lists import minimised_lists
from equipoise.rehearsal.stage_trials import simulate_means, simulate_rates
from equipoise.rehearsal.streams import key, trial_keys, uniform_table, uniforms
from equipoise.rehearsal.survival_trials import (
    SurvivalTrials,
    simulate_survival,
    survival_plan,
)

ONE_SIDED = boundaries((1 / 3, 2 / 3, 1), "obrien-fleming", alpha=0.025, sides=1)
TWO_SIDED = boundaries((0.5, 1), "pocock", alpha=0.05, sides=2)
PLAIN = SurvivalTrials(
    participants=150, accrual_days=300.0, hazards=[[0.004]], ratio=0.6, events=90,
    boundaries=ONE_SIDED,
)  # fmt: skip
RICH = SurvivalTrials(
    participants=150, accrual_days=300.0, hazards=[[0.004, 0.002], [0.008, 0.004]],
    from_day=(0.0, 90.0), strata=(0.6, 0.4), ratio=0.6, events=90, boundaries=TWO_SIDED,
    drop_out=0.2, scheme=scheme("big-stick", limit=3),
)  # fmt: skip


def test_streams_are_uniform_and_independent():
    keys = trial_keys(key(1, "quality"), 0, 400)
    table = uniform_table(keys, 5_000)
    assert (table[3, 100:200] == uniforms(keys[3], 100, 100)).all()
    assert stats.kstest(table.ravel()[:200_000], "uniform").pvalue > 0.001
    pairs = (table[:, :-1] * 16).astype(int) * 16 + (table[:, 1:] * 16).astype(int)
    assert stats.chisquare(np.bincount(pairs.ravel(), minlength=256)).pvalue > 0.001
    across = np.corrcoef(table[:50])[np.triu_indices(50, 1)]
    assert np.abs(across).max() < 5 / np.sqrt(5_000)
    low = (table * 2**53).astype(np.uint64) & np.uint64(255)
    assert stats.chisquare(np.bincount(low.ravel().astype(int), minlength=256)).pvalue > 0.001


def test_logarithms_and_quantiles_are_those_of_the_library():
    u = np.concatenate((uniforms(key(2, "variates"), 0, 100_000), [0.0, 1 - 2**-53, 0.5, 0.075]))
    assert np.abs(exponential(u) + np.log1p(-u)).max() < 2e-14
    assert minus_log(np.array([1.0]))[0] == pytest.approx(0, abs=2e-14)
    inner = u[(u > 0) & (u < 1)]
    assert normal(inner) == pytest.approx(stats.norm.ppf(inner), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("trials", [PLAIN, RICH], ids=["plain", "rich"])
def test_survival_engines_agree_to_the_last_bit(trials):
    fast, slow = (simulate_survival(trials, 60, engine=e) for e in ("compiled", "numpy"))
    for one, other in zip(fast, slow, strict=True):
        assert (one == other).all()


def test_survival_statistics_are_those_of_the_estimator():
    plan = survival_plan(RICH)
    names = ("arrivals", "stratum", "allocation", "event", "leave")
    keys = SurvivalKeys(*(trial_keys(key(1, "survival", name), 0, 20) for name in names))
    found = simulate_survival(RICH, 20)
    for trial in range(20):
        arrived, time, event, cell = survival_kernel._people(plan, keys, trial)
        here = arrived <= found.day[trial]
        followed = np.minimum(time, found.day[trial] - arrived)[here]
        seen = (event & (arrived + time <= found.day[trial]))[here]
        expected = logrank(followed, seen, cell[here] % 2 == 1, cell[here] // 2)
        assert found.z[trial] == pytest.approx(-expected.statistic, rel=1e-9)
        assert found.value[trial] == pytest.approx(expected.value, rel=1e-9)
        assert found.people[trial] == here.sum()
        assert found.events[trial] == seen.sum()


def test_survival_power_and_stops_are_those_of_the_boundaries():
    found = simulate_survival(PLAIN, 8_000)
    drift = np.log(1 / 0.6) * np.sqrt(90) / 2
    expected = crossing(ONE_SIDED, drift)
    crossed = found.z >= ONE_SIDED.efficacy_z[found.look]
    assert crossed.mean() == pytest.approx(expected.power, abs=0.02)
    for look in range(3):
        assert (crossed & (found.look == look)).mean() == pytest.approx(
            expected.efficacy[look], abs=0.02
        )


def test_survival_results_do_not_depend_on_chunks():
    whole, later = simulate_survival(PLAIN, 30), simulate_survival(PLAIN, 10, first=20)
    assert (whole.z[20:] == later.z).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hazards": [[-0.1]]}, "hazards"),
        ({"events": 0}, "event"),
        ({"events": 151}, "event"),
        ({"ratio": 0.0}, "ratio"),
        ({"strata": (0.5, 0.5)}, "stratum"),
        ({"drop_out": 1.0}, "drop-out"),
    ],
)
def test_impossible_survival_trials_are_refused(change, words):
    from dataclasses import replace

    with pytest.raises(ScenarioError, match=words):
        simulate_survival(replace(PLAIN, **change), 1)


def _means(engine=None, trials=3_000, difference=0.4):
    return simulate_means(
        difference=difference, sd=1.0, per_arm=100, boundaries=ONE_SIDED, trials=trials,
        engine=engine,
    )  # fmt: skip


def _rates(engine=None, trials=3_000):
    return simulate_rates(
        control=0.3, treatment=0.45, per_arm=151, boundaries=TWO_SIDED, trials=trials,
        engine=engine,
    )  # fmt: skip


@pytest.mark.parametrize("simulated", [_means, _rates], ids=["means", "rates"])
def test_stage_engines_agree_to_the_last_bit(simulated):
    fast, slow = simulated("compiled"), simulated("numpy")
    assert (fast.look == slow.look).all()
    assert (fast.z == slow.z).all()


def test_means_have_the_power_of_their_formula():
    found = _means(trials=200_000)
    expected = power(
        "means", total=200, alpha=0.025, difference=0.4, sd=1, normal_approximation=True,
        boundaries=ONE_SIDED,
    )  # fmt: skip
    crossed = found.z >= ONE_SIDED.efficacy_z[found.look]
    assert crossed.mean() == pytest.approx(expected, abs=0.004)


def test_means_without_a_difference_keep_their_level():
    found = _means(trials=200_000, difference=0.0)
    assert (found.z >= ONE_SIDED.efficacy_z[found.look]).mean() == pytest.approx(0.025, abs=0.0012)


def test_rates_are_binomial():
    found = simulate_rates(
        control=0.2, treatment=0.2, per_arm=40,
        boundaries=boundaries((1.0,), "obrien-fleming", alpha=0.05, sides=2), trials=60_000,
    )  # fmt: skip
    counts = np.arange(41)
    chance = stats.binom.pmf(counts, 40, 0.2)
    pooled = (counts[:, None] + counts) / 80
    error = np.sqrt(pooled * (1 - pooled) / 20)
    z = np.divide((counts - counts[:, None]) / 40, error, out=np.zeros((41, 41)), where=error > 0)
    expected = (np.outer(chance, chance) * (np.abs(z) >= 1.959964)).sum()
    assert (np.abs(found.z) >= 1.959964).mean() == pytest.approx(expected, abs=0.004)


def test_impossible_rates_and_sizes_are_refused():
    for wrong in ({"control": 1.2}, {"per_arm": 1}):
        asked = {"control": 0.3, "treatment": 0.4, "per_arm": 50} | wrong
        with pytest.raises(ScenarioError):
            simulate_rates(**asked, boundaries=TWO_SIDED, trials=1)


@pytest.mark.parametrize("measure", ["range", "sd", "variance"])
@pytest.mark.parametrize("ratio", [(1, 1), (2, 1), (1, 1, 2)], ids=str)
def test_minimised_lists_are_those_of_the_scheme(measure, ratio):
    rule = scheme(
        "minimisation", factors=("a", "b", "c"), p=0.8, measure=measure, weights=(1.0, 2.0, 0.5)
    )
    shares = [[0.5, 0.5], [0.3, 0.3, 0.4], [1.0]]
    fast, slow = (
        minimised_lists(rule, ratio, shares, 80, 40, engine=e) for e in ("compiled", "numpy")
    )
    assert (fast == slow).all()


def test_minimised_lists_refuse_shares_that_do_not_fit():
    rule = scheme("minimisation", factors=("a", "b"))
    for shares in ([[1.0]], [[0.5, -0.5], [1.0]]):
        with pytest.raises(ScenarioError):
            minimised_lists(rule, (1, 1), shares, 10, 1)


def _binary_table(rng):
    table = rng.integers(1, 30, (20, 3, 2, 2)).astype(np.int32)  # trials, strata, arms, no/yes
    return table, table.sum(axis=3)


def test_mantel_haenszel_tables_agree_with_the_estimator():
    table, totals = _binary_table(np.random.default_rng(1))
    value, z = tables.mantel_haenszel(table[..., 1], totals)
    for trial in range(20):
        s, a, e = (i.ravel().repeat(table[trial].ravel()) for i in np.indices((3, 2, 2)))
        expected = mantel_haenszel(e == 1, a == 1, s)
        assert value[trial] == pytest.approx(expected.value, rel=1e-10)
        assert z[trial] == pytest.approx(expected.statistic, rel=1e-10)


def test_mean_tables_agree_with_the_estimator():
    rng = np.random.default_rng(2)
    table = rng.integers(0, 6, (20, 3, 2, 9)).astype(np.int32)
    values = np.linspace(-3, 4, 9)
    value, z = tables.mean_difference(table, values)
    for trial in range(20):
        s, a, k = (i.ravel().repeat(table[trial].ravel()) for i in np.indices((3, 2, 9)))
        indicators = np.column_stack([s == 1, s == 2]).astype(float)
        expected = ancova(values[k], a == 1, indicators)
        assert value[trial] == pytest.approx(expected.value, rel=1e-9)
        assert 2 * stats.norm.sf(abs(z[trial])) == pytest.approx(expected.p_value, rel=1e-8)


def test_the_ordinal_score_is_the_rank_sum_with_ties():
    rng = np.random.default_rng(3)
    table = rng.integers(0, 12, (20, 2, 8)).astype(np.int32)
    z = tables.ordinal_score(table)
    for trial in range(20):
        control, treated = (np.arange(8).repeat(table[trial, arm]) for arm in (0, 1))
        p = stats.mannwhitneyu(treated, control, use_continuity=False, method="asymptotic").pvalue
        assert 2 * stats.norm.sf(abs(z[trial])) == pytest.approx(p, rel=1e-8)


def test_empty_tables_reject_nothing():
    nothing = np.zeros((2, 3, 2, 5), dtype=np.int32)
    for value, z in (
        tables.mantel_haenszel(nothing[..., 0], nothing.sum(axis=3)),
        tables.mean_difference(nothing, np.arange(5.0)),
    ):
        assert (value == 0).all()
        assert (z == 0).all()
    assert (tables.ordinal_score(nothing[:, 0]) == 0).all()
