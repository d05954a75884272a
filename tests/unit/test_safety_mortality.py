"""Mortality boundaries against SciPy and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, fisher_exact

from core_trial import BOARD
from equipoise.safety import mortality
from equipoise.safety.mortality import higher_risk


def arrays(deaths, people):
    died = [k < deaths[0] for k in range(people[0])] + [k < deaths[1] for k in range(people[1])]
    return died, [True] * people[0] + [False] * people[1]


CASES = [
    ((3, 1), (20, 20)),
    ((10, 2), (60, 60)),
    ((0, 0), (30, 30)),
    ((0, 9), (40, 41)),
    ((5, 5), (5, 5)),
    ((15, 3), (120, 120)),
]


@pytest.mark.parametrize(("deaths", "people"), CASES)
def test_p_values_are_fishers(deaths, people):
    found = mortality(BOARD, *arrays(deaths, people))
    table = [[deaths[0], people[0] - deaths[0]], [deaths[1], people[1] - deaths[1]]]
    assert found.p_harm == pytest.approx(fisher_exact(table, "greater").pvalue, abs=1e-12)
    assert found.p_benefit == pytest.approx(fisher_exact(table, "less").pvalue, abs=1e-12)
    assert (found.deaths, found.participants) == (deaths, people)


@pytest.mark.parametrize(("deaths", "people"), CASES)
def test_the_posterior_agrees_with_quadrature(deaths, people):
    one = beta(1 + deaths[0], 1 + people[0] - deaths[0])
    two = beta(1 + deaths[1], 1 + people[1] - deaths[1])
    x = np.linspace(0, 1, 200_001)
    reference = np.trapezoid(one.pdf(x) * two.cdf(x), x)
    assert higher_risk(deaths, people) == pytest.approx(float(reference), abs=1e-6)


def test_equal_groups_are_even_and_swapping_them_mirrors():
    assert higher_risk((4, 4), (50, 50)) == pytest.approx(0.5)
    assert higher_risk((7, 2), (50, 60)) + higher_risk((2, 7), (60, 50)) == pytest.approx(1)


def test_boundaries_are_crossed_only_past_them():
    harm = mortality(BOARD, *arrays((12, 1), (60, 60)))
    assert harm.harm
    assert not harm.benefit
    benefit = mortality(BOARD, *arrays((0, 15), (60, 60)))
    assert benefit.benefit
    assert not benefit.harm
    quiet = mortality(BOARD, *arrays((3, 3), (60, 60)))
    assert not (quiet.harm)
    assert not (quiet.benefit)


def test_a_board_without_boundaries_never_stops():
    silent = replace(
        BOARD, mortality_harm_p=None, mortality_benefit_p=None, mortality_probability=None
    )
    found = mortality(silent, *arrays((60, 0), (60, 60)))
    assert not (found.harm)
    assert not (found.benefit)


def test_nobody_at_all_is_even():
    found = mortality(BOARD, [], [])
    assert (found.p_harm, found.p_benefit) == (1.0, 1.0)
    assert found.probability == pytest.approx(0.5)


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(ValueError):
        mortality(BOARD, [True], [])


def test_numpy_arrays_will_do():
    found = mortality(BOARD, np.array([True, False]), np.array([True, False]))
    assert found.deaths == (1, 0)
