"""The daily chain against its published occupancy and its own simulation."""

import numpy as np
import pytest

from chain_trial import COURSE, SCENARIO
from equipoise.errors import ScenarioError
from equipoise.rehearsal.accrual import arrival_days, arrival_sites, arrivals
from equipoise.rehearsal.chain import matrices, median_day, occupancy, walk
from equipoise.rehearsal.people import people


def test_rows_are_probabilities_and_absorbing_states_stay():
    steps = matrices(COURSE, 1.5)
    assert np.allclose(steps.sum(axis=2), 1)
    assert (steps >= 0).all()
    assert (steps[:, 0, 0] == 1).all()
    assert (steps[:, 5, 5] == 1).all()


def test_the_odds_of_moves_against_staying_follow_the_declared_effect():
    plain, acted = matrices(COURSE, 1.0), matrices(COURSE, 1.5)
    for day in (0, 27):
        odds = (acted[day] / np.diag(acted[day])[:, None]) / (
            np.where(plain[day] > 0, plain[day], np.nan) / np.diag(plain[day])[:, None]
        )
        better = odds[np.tril_indices(6, -1)]
        worse = odds[np.triu_indices(6, 1)]
        assert np.allclose(better[~np.isnan(better)], 1.5)
        assert np.allclose(worse[~np.isnan(worse)], 1 / 1.5)


def test_the_odds_of_worsening_decay_by_the_day():
    steps = matrices(COURSE, 1.0)
    first, tenth = (steps[day, 2, 3] / steps[day, 2, 2] for day in (0, 9))
    assert tenth / first == pytest.approx(np.exp(-0.0517 * 9))


def test_occupancy_and_medians_are_those_of_the_fitted_model():
    expected = {
        "moderate": ([90, 7, 1, 0, 0, 2], 8.0),
        "severe": ([84, 5, 2, 0, 1, 8], 8.9),
        "critical": ([51, 7, 8, 1, 10, 23], 27.0),
    }
    for stratum, (day28, median) in expected.items():
        assert np.round(100 * occupancy(COURSE, stratum)[28]).tolist() == day28
        assert round(median_day(COURSE, stratum, "R"), 1) == median


def test_simulated_walks_meet_the_expected_occupancy():
    generator = np.random.default_rng(3)
    start = np.full(20_000, 2, dtype=np.int8)
    path = walk(COURSE, start, generator.random((20_000, 28)), 1.0)
    expected = np.eye(6)[2]
    for step in matrices(COURSE, 1.0):
        expected = expected @ step
    seen = np.bincount(path[:, 28], minlength=6) / 20_000
    assert np.abs(seen - expected).max() < 0.012


def test_an_effect_that_is_not_positive_is_refused():
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ScenarioError, match="positive"):
            matrices(COURSE, wrong)


def test_participants_of_one_trial_do_not_depend_on_how_many_there_are():
    few, many = (people(SCENARIO, n, seed=5, trial=2) for n in (50, 80))
    assert (few.stratum == many.stratum[:50]).all()
    assert (few.start == many.start[:50]).all()
    assert np.allclose(few.arrived, many.arrived[:50])
    assert (few.days == many.days[:50]).all()


def test_arrivals_ascend_and_only_open_sites_recruit():
    crowd = people(SCENARIO, 400, seed=1, trial=0)
    assert (np.diff(crowd.arrived) >= 0).all()
    opening = crowd.site * SCENARIO.accrual.stagger_days
    assert (crowd.arrived >= opening).all()


def test_arrivals_of_many_trials_are_those_of_each():
    asked = {"seed": 4, "scenario": "chain"}
    days = arrival_days(SCENARIO.accrual, 70, **asked, first=2, trials=5)
    sites = arrival_sites(SCENARIO.accrual, 70, **asked, first=2, trials=5)
    for row in range(5):
        site, day = arrivals(SCENARIO.accrual, 70, **asked, trial=2 + row)
        assert days[row] == pytest.approx(day)
        assert (sites[row] == site).all()
