"""The design engine against other numerical methods, written differently.

Nested adaptive quadrature for two and three looks, Simpson's rule on a fixed Z grid for more
(trapezoid-refined), and the multivariate normal distribution of SciPy.
"""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

from equipoise.design import boundaries, conditional_power, crossing, final_inference, sample_size
from equipoise.design.rates import restricted_treatment_rate


def phi(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def two_looks(t, upper, lower, drift):
    """P(cross above) at each of two looks, by adaptive quadrature over the first Z."""
    mean, rho = drift * np.sqrt(t), math.sqrt(t[0] / t[1])

    def later(x):
        conditional = mean[1] + rho * (x - mean[0])
        return phi(x - mean[0]) * ndtr((conditional - upper[1]) / math.sqrt(1 - rho * rho))

    low = max(lower[0], mean[0] - 10)
    second = quad(later, low, upper[0], epsabs=1e-15, epsrel=1e-13, limit=400)[0]
    return np.array([ndtr(mean[0] - upper[0]), second])


def simpson_grid(t, upper, lower, drift, points=4001):
    """P(cross above) at each look: composite Simpson on the increments, score scale."""
    mass_at, weight = np.array([0.0]), np.array([1.0])
    before, out = 0.0, []
    for k, (time, high, low) in enumerate(zip(t, upper, lower, strict=True)):
        sd, shift = math.sqrt(time - before), drift * (time - before)
        top = high * math.sqrt(time)
        out.append(float(weight @ stats.norm.sf(top, mass_at + shift, sd)))
        if k == len(t) - 1:
            break
        bottom = max(low * math.sqrt(time), drift * time - 9 * math.sqrt(time))
        x = np.linspace(bottom, top, points)
        rule = np.ones(points)
        rule[1:-1:2], rule[2:-1:2] = 4, 2
        rule *= (x[1] - x[0]) / 3
        dense = np.empty(points)
        for part in np.array_split(np.arange(points), 8):
            gap = (x[part, None] - mass_at[None, :] - shift) / sd
            dense[part] = np.exp(-gap * gap / 2) @ weight / (sd * math.sqrt(2 * math.pi))
        mass_at, weight, before = x, dense * rule, time
    return np.array(out)


KINDS = [
    ("obrien-fleming", {}),
    ("pocock", {}),
    ("wang-tsiatis", {"delta": 0.25}),
    ("wang-tsiatis", {"delta": -0.1}),
    ("haybittle-peto", {"z": 3.0}),
    ("lan-demets-obrien-fleming", {}),
    ("lan-demets-pocock", {}),
    ("hwang-shih-decani", {"gamma": -4}),
    ("hwang-shih-decani", {"gamma": 1}),
    ("kim-demets", {"rho": 0.5}),
    ("kim-demets", {"rho": 3}),
    ("user", {"spent": lambda x: 0.01 * x * x}),
]


@pytest.mark.parametrize(("kind", "parameter"), KINDS)
@pytest.mark.parametrize("first", [0.05, 0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("sides", [1, 2])
def test_two_looks_agree_with_adaptive_quadrature(kind, parameter, first, sides):
    plan = boundaries([first, 1.0], kind, alpha=0.025 * sides, sides=sides, **parameter)
    lower = -plan.efficacy_z if sides == 2 else [-np.inf, -np.inf]
    crossed = two_looks(plan.fractions, plan.efficacy_z, lower, 0.0)
    spent = np.cumsum(crossed) * sides
    np.testing.assert_allclose(spent, plan.alpha_spent, atol=2e-13)
    assert abs(spent[-1] - (0.01 if kind == "user" else 0.025 * sides)) < 2e-11


@pytest.mark.parametrize(("kind", "parameter"), KINDS[:-1])
@pytest.mark.parametrize("sides", [1, pytest.param(2, marks=pytest.mark.prove)])
def test_unequal_looks_agree_with_simpson_to_1e_8_in_z(kind, parameter, sides):
    t = np.array([0.15, 0.4, 0.5, 0.8, 1.0])
    plan = boundaries(t, kind, alpha=0.025 * sides, sides=sides, **parameter)
    lower = -plan.efficacy_z if sides == 2 else np.full(t.size, -np.inf)
    spent = np.cumsum(simpson_grid(t, plan.efficacy_z, lower, 0.0)) * sides
    slopes = sides * stats.norm.pdf(plan.efficacy_z)
    assert (np.abs(spent - plan.alpha_spent) < 1e-8 * np.maximum(slopes, 1e-5)).all()


def test_three_looks_agree_with_the_multivariate_normal_distribution():
    t = np.array([0.3, 0.7, 1.0])
    plan = boundaries(t, "lan-demets-pocock")
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    law = stats.multivariate_normal(
        np.zeros(3), covariance, maxpts=3_000_000, abseps=1e-9, releps=1e-9, seed=1
    )
    assert 1 - law.cdf(plan.efficacy_z) == pytest.approx(0.025, abs=1e-7)


@pytest.mark.parametrize("kind", ["lan-demets-obrien-fleming", "pocock"])
@pytest.mark.parametrize("binding", [False, True])
def test_futility_errors_agree_with_simpson(kind, binding):
    t = np.array([0.25, 0.5, 0.75, 1.0])
    plan = boundaries(t, kind, futility="kim-demets", futility_rho=1.5, beta=0.15, binding=binding)
    low = plan.futility_z if binding else np.full(4, -np.inf)
    assert simpson_grid(t, plan.efficacy_z, low, 0.0).sum() == pytest.approx(0.025, abs=1e-10)
    found = simpson_grid(t, plan.efficacy_z, plan.futility_z, plan.drift)
    assert found.sum() == pytest.approx(0.85, abs=1e-9)
    mine = crossing(plan, plan.drift)
    np.testing.assert_allclose(mine.efficacy, found, atol=1e-10)
    np.testing.assert_allclose(np.cumsum(mine.futility), 0.15 * t**1.5, atol=1e-9)


@pytest.mark.parametrize("drift", [-8.0, -1.0, 0.0, 2.5, 6.0, 40.0])
def test_crossing_agrees_with_quadrature_for_any_effect(drift):
    plan = boundaries([0.4, 1.0], "pocock", alpha=0.05, sides=2)
    up = two_looks(plan.fractions, plan.efficacy_z, -plan.efficacy_z, drift)
    np.testing.assert_allclose(crossing(plan, drift).efficacy, up, atol=1e-13)


def test_closely_spaced_looks_keep_their_accuracy():
    t = [0.5, 0.501, 1.0]
    plan = boundaries(t, "kim-demets", rho=2)
    lower = np.full(3, -np.inf)
    spent = np.cumsum(simpson_grid(np.array(t), plan.efficacy_z, lower, 0.0, points=12001))
    np.testing.assert_allclose(spent, plan.alpha_spent, atol=1e-9)


def test_median_unbiased_estimate_and_interval_invert_the_stage_wise_order():
    plan = boundaries([0.3, 0.6, 1.0], "lan-demets-pocock")
    answer = final_inference(plan, 2, 2.9)
    lower = np.full(2, -np.inf)
    upper = np.array([plan.efficacy_z[0], 2.9])
    for effect, probability in [
        (answer.estimate, 0.5),
        (answer.ci_low, 0.025),
        (answer.ci_high, 0.975),
        (0.0, answer.p_value),
    ]:
        stronger = two_looks(np.array([0.3, 0.6]), upper, lower, effect).sum()
        assert stronger == pytest.approx(probability, abs=1e-10)


def test_conditional_power_agrees_with_simulation():
    plan = boundaries([0.25, 0.5, 0.75, 1.0], "pocock")
    steps = np.random.default_rng(3).normal(0.5 * 2.0, math.sqrt(0.25), size=(400_000, 2)) * 1.0
    score = 1.0 * math.sqrt(0.5) + np.cumsum(steps - 0.5, axis=1)
    hit = (score[:, 0] / math.sqrt(0.75) >= plan.efficacy_z[2]) | (
        score[:, 1] >= plan.efficacy_z[3]
    )
    exact = conditional_power(1.0, 0.5, boundaries=plan, drift=2.0)
    assert hit.mean() == pytest.approx(exact, abs=4e-3)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(("control", "treatment", "null"), [(0.7, 0.72, -0.1), (0.1, 0.08, 0.05)])
def test_restricted_rates_maximise_the_likelihood(ratio, control, treatment, null):
    def loss(p):
        q = p - null
        return -(
            control * math.log(q)
            + (1 - control) * math.log(1 - q)
            + ratio * (treatment * math.log(p) + (1 - treatment) * math.log(1 - p))
        )

    low, high = max(0, null) + 1e-9, min(1, 1 + null) - 1e-9
    best = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
    mine = restricted_treatment_rate(control, treatment, ratio, null)
    assert mine == pytest.approx(best.x, abs=1e-6)


def fisher_power(n_control, n_treatment, control, treatment, alpha):
    x = stats.binom.pmf(np.arange(n_control + 1), n_control, control)
    y = stats.binom.pmf(np.arange(n_treatment + 1), n_treatment, treatment)
    return sum(
        x[i] * y[j]
        for i in range(n_control + 1)
        for j in range(n_treatment + 1)
        if stats.fisher_exact(
            [[j, n_treatment - j], [i, n_control - i]], alternative="greater"
        ).pvalue
        <= alpha * (1 + 1e-12)
    )


def test_fisher_size_is_the_smallest_that_brute_force_finds():
    size = sample_size("rates", alpha=0.025, power=0.8, control=0.1, treatment=0.7, method="fisher")
    arm = round(size.per_arm[0])
    assert fisher_power(arm, arm, 0.1, 0.7, 0.025) >= 0.8
    assert all(fisher_power(n, n, 0.1, 0.7, 0.025) < 0.8 for n in range(2, arm))


def test_event_probability_agrees_with_simulated_participants():
    size = sample_size(
        "survival",
        alpha=0.025,
        power=0.9,
        hazard_ratio=0.6,
        control_hazard=[0.02, 0.08],
        breaks=[5.0],
        accrual=[(6, 1.0), (6, 3.0)],
        follow_up=4.0,
        fixed_follow_up=9.0,
        dropout=0.01,
        ratio=2.0,
    )
    generator = np.random.default_rng(11)
    n = 600_000
    late = generator.random(n) < 0.75
    entry = generator.random(n) * 6 + 6 * late
    factor = np.where(generator.random(n) < 2 / 3, 0.6, 1.0)
    target = generator.exponential(size=n) / factor
    event = np.where(target < 0.1, target / 0.02, 5 + (target - 0.1) / 0.08)
    watched = np.minimum(np.minimum(16 - entry, 9.0), generator.exponential(100.0, n))
    share = size.events / size.total
    assert (event <= watched).mean() == pytest.approx(share, abs=3e-3)
