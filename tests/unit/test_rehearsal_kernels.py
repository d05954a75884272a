"""Both kernels give the same integers; the tables give the estimators' statistics."""

import numpy as np
import pytest

from chain_trial import SCENARIO, plan
from equipoise.analysis.estimators import logrank, proportional_odds, risk_difference
from equipoise.rehearsal import tables
from equipoise.rehearsal.kernels import compiled, vectorised
from equipoise.rehearsal.setup import keys


@pytest.fixture(scope="module")
def counts():
    return compiled.simulate(plan(1.5), keys(11, SCENARIO, 0, 60))


def test_both_engines_count_the_same(counts):
    slow = vectorised.simulate(plan(1.5), keys(11, SCENARIO, 0, 60))
    assert (counts.first == slow.first).all()
    assert (counts.states == slow.states).all()


def test_results_do_not_depend_on_chunks(counts):
    later = compiled.simulate(plan(1.5), keys(11, SCENARIO, 20, 10))
    assert (later.first == counts.first[20:30]).all()


def test_everyone_is_counted_once(counts):
    assert (counts.first.sum(axis=(1, 2, 3, 4)) == 240).all()
    assert (counts.states.sum(axis=(2, 3, 4, 5)) == 240).all()


def test_big_stick_keeps_every_stratum_within_three(counts):
    sizes = counts.first[:, 0].sum(axis=3)
    assert np.abs(sizes[:, :, 0] - sizes[:, :, 1]).max() <= 3


def _persons(first):
    """Day, event, arm, stratum of each participant of one trial's table."""
    strata, arms, days = first.shape
    s, a, d = (index.ravel().repeat(first.ravel()) for index in np.indices((strata, arms, days)))
    event = d < days - 1
    return np.where(event, d, days - 2).astype(float), event, a == 1, s


def test_logrank_tables_agree_with_the_estimator(counts):
    value, z = tables.logrank(counts.first[:, 0])
    for trial in range(60):
        day, event, arm, stratum = _persons(counts.first[trial, 0])
        expected = logrank(day, event, arm, stratum)
        assert value[trial] == pytest.approx(expected.value, rel=1e-10)
        assert z[trial] == pytest.approx(expected.statistic, rel=1e-10)


def test_ordinal_tables_agree_with_the_estimator(counts):
    by_arm = counts.states[:, 0, 0].sum(axis=1)
    value, z = tables.proportional_odds(by_arm)
    for trial in range(60):
        arm, score = (index.ravel().repeat(by_arm[trial].ravel()) for index in np.indices((2, 6)))
        expected = proportional_odds(score.astype(float), arm == 1)
        assert value[trial] == pytest.approx(expected.value, abs=1e-7)
        assert z[trial] == pytest.approx(expected.statistic, abs=1e-6)


def test_risk_difference_tables_agree_with_the_estimator(counts):
    by_arm = counts.states[:, 1, 0].sum(axis=1)
    value, _ = tables.risk_difference(by_arm[:, :, 5], by_arm.sum(axis=2))
    for trial in range(60):
        sizes, dead = by_arm[trial].sum(axis=1), by_arm[trial][:, 5]
        arm = np.repeat([False, True], sizes)
        event = np.concatenate([np.arange(n) < d for n, d in zip(sizes, dead, strict=True)])
        assert value[trial] == pytest.approx(risk_difference(event, arm).value, abs=1e-12)


def test_a_table_without_events_rejects_nothing():
    nothing = np.zeros((3, 2, 2, 30), dtype=np.int32)
    nothing[..., -1] = 20
    value, z = tables.logrank(nothing)
    assert (value == 0).all()
    assert (z == 0).all()


def test_under_no_effect_the_logrank_test_keeps_its_level():
    """2,000 trials of 240: the two-sided rejection rate at 5 % lies between 4 and 6 %."""
    null = compiled.simulate(plan(1.0), keys(2, SCENARIO, 0, 2_000))
    _, z = tables.logrank(null.first[:, 0])
    assert 0.04 <= (np.abs(z) > 1.959964).mean() <= 0.06


@pytest.mark.parametrize(("effect", "power"), [(1.3, 0.502), (1.5, 0.843), (1.8, 0.990)])
def test_power_is_that_of_the_reference_calculation(effect, power):
    found = compiled.simulate(plan(effect), keys(4, SCENARIO, 0, 4_000))
    _, z = tables.logrank(found.first[:, 0])
    assert (z > 1.959964).mean() == pytest.approx(power, abs=0.025)
