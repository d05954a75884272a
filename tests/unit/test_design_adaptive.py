"""Combination tests, conditional power, promising zone, blinded re-estimation, inference."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from equipoise.design import (
    blinded_rates,
    blinded_sd,
    boundaries,
    conditional_power,
    crossing,
    final_inference,
    fisher_combination,
    fisher_stages,
    inverse_normal,
    predictive_power,
    promising_zone,
    reestimate,
    sample_size,
)
from equipoise.errors import DesignError


def test_inverse_normal_agrees_with_stouffer():
    theirs = stats.combine_pvalues([0.1, 0.02, 0.4], "stouffer", weights=[1, 2, 3])
    mine = inverse_normal([0.1, 0.02, 0.4], [1, 2, 3])
    assert mine.statistic == pytest.approx(theirs.statistic)
    assert mine.p_value == pytest.approx(theirs.pvalue)


def test_fisher_agrees_with_chi_squared():
    theirs = stats.combine_pvalues([0.1, 0.02], "fisher")
    assert fisher_combination([0.1, 0.02]).p_value == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize("futile", [0.3, 0.5, 1.0])
def test_fisher_stages_use_exactly_alpha(futile):
    stages = fisher_stages(0.025, stop_futility=futile)
    later = quad(lambda p: stages.product / p, stages.stop_efficacy, futile, epsabs=1e-14)[0]
    assert stages.stop_efficacy + later == pytest.approx(0.025, abs=1e-12)
    chosen = fisher_stages(0.025, stop_futility=futile, stop_efficacy=0.01)
    later = quad(lambda p: chosen.product / p, 0.01, futile, epsabs=1e-14)[0]
    assert 0.01 + later == pytest.approx(0.025, abs=1e-12)


def test_conditional_power_without_an_effect_is_the_conditional_error():
    exact = conditional_power(1.0, 0.5, drift=0.0)
    wanted = stats.norm.sf((1.959963984540054 - math.sqrt(0.5)) / math.sqrt(0.5))
    assert exact == pytest.approx(wanted)


def test_conditional_power_averages_to_the_power():
    plan = boundaries([0.3, 0.6, 1.0], "lan-demets-pocock")
    drift, time, upper = 2.5, 0.3, plan.efficacy_z[0]
    later = quad(
        lambda z: stats.norm.pdf(z - drift * math.sqrt(time))
        * conditional_power(z, time, drift=drift, boundaries=plan),
        -8, upper, epsabs=1e-12,
    )[0]  # fmt: skip
    assert later + crossing(plan, drift).efficacy[0] == pytest.approx(crossing(plan, drift).power)


def test_predictive_power_with_a_flat_prior_has_its_closed_form():
    time, z = 0.4, 1.7
    spread = math.sqrt((1 - time) / time)
    wanted = stats.norm.cdf((z / math.sqrt(time) - 1.959963984540054) / spread)
    assert predictive_power(z, time) == pytest.approx(wanted, abs=1e-12)


def test_a_strong_prior_turns_predictive_into_conditional_power():
    strong = predictive_power(1.0, 0.5, prior_drift=3.0, prior_information=1e9)
    assert strong == pytest.approx(conditional_power(1.0, 0.5, drift=3.0), abs=1e-6)


def test_promising_zones_come_in_order():
    zones = [promising_zone(z, 0.5, power=0.9, most=2).zone for z in (0.2, 1.5, 2.5)]
    assert zones == ["unfavourable", "promising", "favourable"]


def test_the_promising_zone_does_not_raise_the_type_one_error():
    time, total = 0.5, 0.0
    edges = np.linspace(-8, 8, 4001)
    for z in (edges[:-1] + edges[1:]) / 2:
        zone = promising_zone(float(z), time, power=0.9, most=2, least=0.3576)
        step = zone.factor - time
        gap = 1.959963984540054 * math.sqrt(zone.factor) - z * math.sqrt(time)
        total += stats.norm.pdf(z) * stats.norm.sf(gap / math.sqrt(step)) * (edges[1] - edges[0])
    assert total <= 0.025 + 1e-6


def test_the_new_total_reaches_the_aim_or_the_limit():
    near = promising_zone(1.85, 0.5, power=0.9, most=3)
    assert 1 < near.factor < 3
    assert near.new_conditional_power == pytest.approx(0.9, abs=1e-9)
    assert promising_zone(1.35, 0.5, power=0.9, most=1.5).factor == 1.5


def test_blinded_sd_takes_off_the_assumed_difference():
    generator = np.random.default_rng(5)
    arm = generator.random(400_000) < 2 / 3
    values = generator.normal(0, 2, 400_000) + 1.5 * arm
    assert blinded_sd(float(values.std()), 1.5, ratio=2) == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("odds", [0.3, 1.0, 2.5])
def test_blinded_rates_mix_back_to_the_pooled_rate(odds):
    control, treated = blinded_rates(0.3, odds, ratio=2)
    assert (control + 2 * treated) / 3 == pytest.approx(0.3)
    assert treated / (1 - treated) == pytest.approx(odds * control / (1 - control))


def test_reestimation_stays_between_the_plan_and_its_limit():
    args = {"alpha": 0.025, "power": 0.9, "difference": 1.0}
    planned = sample_size("means", sd=2.0, **args).total
    assert reestimate("means", planned=planned, sd=1.5, **args).total == pytest.approx(planned)
    assert reestimate("means", planned=planned, sd=2.2, **args).total > planned
    capped = reestimate("means", planned=planned, most=1.5, sd=9.0, **args)
    assert capped.total == pytest.approx(1.5 * planned)
    shrunk = reestimate("means", planned=planned, may_shrink=True, sd=1.5, **args)
    assert shrunk.total < planned


@pytest.mark.parametrize("kind", ["obrien-fleming", "lan-demets-pocock"])
@pytest.mark.parametrize("sides", [1, 2])
def test_stopping_exactly_on_a_boundary_has_the_error_spent_as_p_value(kind, sides):
    plan = boundaries([0.3, 0.6, 1.0], kind, alpha=0.025 * sides, sides=sides)
    for look in (1, 2, 3):
        answer = final_inference(plan, look, float(plan.efficacy_z[look - 1]))
        assert answer.p_value == pytest.approx(plan.alpha_spent[look - 1], rel=1e-9)
    assert answer.ci_low == pytest.approx(0, abs=1e-9)


def test_a_first_look_stop_is_inference_without_looks():
    plan = boundaries([0.25, 1.0], "pocock")
    answer = final_inference(plan, 1, 2.5, full_information=400)
    assert answer.estimate == pytest.approx(2.5 / 10)
    assert answer.ci_low == pytest.approx((2.5 - 1.959963984540054) / 10)
    assert answer.naive == pytest.approx(answer.estimate)


def test_later_stops_are_corrected_towards_no_effect():
    plan = boundaries([0.25, 0.5, 0.75, 1.0], "pocock")
    answer = final_inference(plan, 3, 2.5)
    assert 0 < answer.estimate < answer.naive


def test_two_sided_inference_is_symmetrical():
    plan = boundaries([0.5, 1.0], "obrien-fleming", alpha=0.05, sides=2)
    up, down = final_inference(plan, 2, 2.4), final_inference(plan, 2, -2.4)
    assert up.p_value == pytest.approx(down.p_value)
    assert up.estimate == pytest.approx(-down.estimate)
    assert up.ci_low == pytest.approx(-down.ci_high)


def test_a_binding_futility_stop_has_a_large_p_value():
    plan = boundaries([0.5, 1.0], "pocock", futility="lan-demets-pocock", beta=0.1, binding=True)
    answer = final_inference(plan, 1, float(plan.futility_z[0]) - 0.5)
    assert answer.p_value > 0.3
    assert answer.ci_low < 0


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: inverse_normal([0.0, 0.5]), "strictly between"),
        (lambda: inverse_normal([0.1, 0.5], [1]), "1 weights came for 2"),
        (lambda: inverse_normal([0.1, 0.5], [0, 0]), "all 0"),
        (lambda: fisher_combination([]), "non-empty"),
        (lambda: fisher_stages(0.025, stop_futility=0.02), "not above alpha"),
        (lambda: fisher_stages(0.025, stop_efficacy=0.03), "not below alpha"),
        (lambda: fisher_stages(0.025, stop_futility=0.5, stop_efficacy=1e-5), "never matter"),
        (lambda: conditional_power(1.0, 1.0), "nothing is left"),
        (lambda: conditional_power(1.0, 0.0), "above 0"),
        (lambda: conditional_power(float("nan"), 0.5), "not finite"),
        (lambda: predictive_power(1.0, 0.5, prior_information=-1), "cannot be negative"),
        (lambda: promising_zone(1.0, 0.5, power=0.9, most=1), "largest total"),
        (lambda: promising_zone(1.0, 1.5, power=0.9, most=2), "strictly between"),
        (lambda: blinded_sd(1.0, 5.0), "alone would spread"),
        (lambda: blinded_rates(0.0, 2.0), "strictly between"),
        (lambda: reestimate("means", planned=10, most=0.5), "1 or more"),
        (lambda: final_inference(boundaries([0.5, 1], "pocock"), 3, 2.0), "looks 1 to 2"),
        (lambda: final_inference(boundaries([0.5, 1], "pocock"), 1, 1.0), "goes on"),
    ],
)
def test_impossible_adaptive_questions_are_refused_in_a_sentence(ask, words):
    with pytest.raises(DesignError, match=words) as refusal:
        ask()
    assert str(refusal.value).endswith(".")
