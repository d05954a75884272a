"""The design engine against published tables and examples.

Jennison & Turnbull 2000, *Group Sequential Methods*, tables 2.1-2.4 and 2.9; Bauer & Koehne
1994; Whitehead 1993; Mehta & Pocock 2011 table I; R's documented `power.t.test` and
`power.prop.test` examples; reference section 5.11 of the trial.
"""

import math

import numpy as np
import pytest
from scipy.special import ndtri

from equipoise.design import (
    boundaries,
    drift_for,
    fisher_stages,
    promising_zone,
    sample_size,
)


def equal(looks):
    return np.arange(1, looks + 1) / looks


POCOCK = [2.178, 2.289, 2.361, 2.413, 2.453, 2.485, 2.512, 2.535, 2.555]
OBRIEN_FLEMING = [1.977, 2.004, 2.024, 2.040, 2.053, 2.063, 2.072, 2.080, 2.087]


@pytest.mark.parametrize(("looks", "constant"), list(enumerate(POCOCK, start=2)))
def test_pocock_constants_are_those_of_the_table(looks, constant):
    z = boundaries(equal(looks), "pocock", alpha=0.05, sides=2).efficacy_z
    assert np.ptp(z) < 1e-12
    assert z[0] == pytest.approx(constant, abs=6e-4)


@pytest.mark.parametrize(("looks", "constant"), list(enumerate(OBRIEN_FLEMING, start=2)))
def test_obrien_fleming_constants_are_those_of_the_table(looks, constant):
    z = boundaries(equal(looks), "obrien-fleming", alpha=0.05, sides=2).efficacy_z
    assert z[-1] == pytest.approx(constant, abs=6e-4)
    np.testing.assert_allclose(z * np.sqrt(equal(looks)), z[-1], rtol=1e-12)


@pytest.mark.parametrize(("looks", "constant"), [(2, 2.038), (3, 2.083), (4, 2.113), (5, 2.136)])
def test_wang_tsiatis_constants_are_those_of_the_table(looks, constant):
    z = boundaries(equal(looks), "wang-tsiatis", delta=0.25, alpha=0.05, sides=2).efficacy_z
    assert z[-1] == pytest.approx(constant, abs=6e-4)


@pytest.mark.parametrize(
    ("kind", "looks", "last"),
    [
        ("obrien-fleming", 2, 1.9774),
        ("obrien-fleming", 3, 2.0040),
        ("obrien-fleming", 4, 2.0243),
        ("obrien-fleming", 5, 2.0401),
        ("pocock", 2, 2.1783),
        ("pocock", 3, 2.2895),
        ("pocock", 4, 2.3613),
        ("pocock", 5, 2.4132),
    ],
)
def test_one_sided_last_values_are_those_of_the_orientation(kind, looks, last):
    assert boundaries(equal(looks), kind).efficacy_z[-1] == pytest.approx(last, abs=6e-5)


def test_lan_demets_obrien_fleming_type_at_three_looks():
    z = boundaries(equal(3), "lan-demets-obrien-fleming").efficacy_z
    np.testing.assert_allclose(z, [3.7103, 2.5114, 1.9930], atol=6e-5)


def test_lan_demets_pocock_type_at_three_looks():
    z = boundaries(equal(3), "lan-demets-pocock").efficacy_z
    np.testing.assert_allclose(z, [2.279, 2.295, 2.296], atol=6e-4)


def test_hwang_shih_decani_minus_four_with_beta_spending_minus_two():
    plan = boundaries(
        equal(3),
        "hwang-shih-decani",
        gamma=-4,
        futility="hwang-shih-decani",
        futility_gamma=-2,
        beta=0.1,
    )
    np.testing.assert_allclose(plan.efficacy_z, [3.01, 2.55, 2.00], atol=6e-3)
    np.testing.assert_allclose(plan.futility_z, [-0.24, 0.94, 2.00], atol=6e-3)


def test_interim_of_the_reference_trial():
    z = boundaries([0.5, 1.0], "lan-demets-obrien-fleming", alpha=0.05, sides=2).efficacy_z
    np.testing.assert_allclose(z, [2.963, 1.969], atol=6e-4)


@pytest.mark.parametrize(
    ("kind", "looks", "factor"),
    [
        ("pocock", 2, 1.100),
        ("pocock", 3, 1.151),
        ("pocock", 4, 1.183),
        ("pocock", 5, 1.207),
        ("obrien-fleming", 2, 1.007),
        ("obrien-fleming", 3, 1.016),
        ("obrien-fleming", 4, 1.022),
        ("obrien-fleming", 5, 1.026),
    ],
)
def test_inflation_at_ninety_percent_power_is_that_of_the_table(kind, looks, factor):
    plan = boundaries(equal(looks), kind, alpha=0.05, sides=2)
    inflation = (drift_for(plan, 0.9) / (ndtri(0.975) + ndtri(0.9))) ** 2
    assert inflation == pytest.approx(factor, abs=6e-4)


def test_bauer_koehne_limits():
    stages = fisher_stages(0.025, stop_futility=0.5)
    assert stages.product == pytest.approx(0.0038, abs=5e-5)
    assert stages.stop_efficacy == pytest.approx(0.0102, abs=5e-5)


@pytest.mark.parametrize(
    ("most", "time", "least"),
    [
        (1.5, 0.25, 0.42),
        (1.5, 0.5, 0.41),
        (1.5, 0.75, 0.38),
        (2, 0.5, 0.36),
        (2, 0.75, 0.33),
    ],
)
def test_promising_zone_begins_where_the_table_says(most, time, least):
    zone = promising_zone(1.5, time, power=0.8, most=most)
    assert zone.least == pytest.approx(least, abs=6e-3)


@pytest.mark.parametrize(
    ("ratio", "events", "total"),
    [
        (1.2, (944, 1264), (1124, 1505)),
        (1.3, (456, 611), (543, 727)),
        (1.35, (349, 467), (415, 556)),
        (1.5, (191, 256), (227, 304)),
    ],
)
def test_recovery_events_of_the_reference_trial(ratio, events, total):
    for power, wanted_events, wanted_total in zip((0.8, 0.9), events, total, strict=True):
        size = sample_size(
            "survival",
            alpha=0.05,
            sides=2,
            power=power,
            hazard_ratio=ratio,
            event_probability=0.84,
        )
        assert abs(size.events - wanted_events) <= 0.6
        assert abs(size.total - wanted_total) <= 0.6


@pytest.mark.parametrize(("odds", "total"), [(1.5, 846), (1.8, 418), (2.0, 307)])
def test_ordinal_totals_of_the_reference_trial_up_to_its_rounded_mix(odds, total):
    mix = np.array([64, 18, 9, 1, 3, 6]) / 101
    size = sample_size("ordinal", alpha=0.05, sides=2, power=0.8, odds_ratio=odds, control=mix)
    assert size.total == pytest.approx(total, rel=0.0125)


def test_deaths_of_the_reference_trial():
    size = sample_size("rates", alpha=0.05, sides=2, power=0.8, control=0.061, treatment=0.04)
    assert size.per_arm[0] == pytest.approx(1706, abs=1)


def test_whitehead_example():
    size = sample_size(
        "ordinal",
        alpha=0.05,
        sides=2,
        power=0.9,
        odds_ratio=math.exp(0.887),
        probabilities=[0.289, 0.486, 0.153, 0.072],
    )
    assert size.total == pytest.approx(187, abs=0.6)


def test_documented_t_test_example():
    size = sample_size("means", alpha=0.05, sides=2, power=0.9, difference=1, sd=1)
    assert size.per_arm[0] == pytest.approx(22.02110, abs=1e-4)


def test_documented_proportion_example():
    size = sample_size("rates", alpha=0.05, sides=2, power=0.9, control=0.5, treatment=0.75)
    assert size.per_arm[0] == pytest.approx(76.7, abs=0.06)
