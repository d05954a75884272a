"""Invariants of the design engine over random plans."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from equipoise.design import (
    boundaries,
    crossing,
    drift_for,
    final_inference,
    power,
    sample_size,
)
from thorough import thorough

KINDS = st.sampled_from(
    [
        ("obrien-fleming", {}),
        ("pocock", {}),
        ("wang-tsiatis", {"delta": 0.2}),
        ("lan-demets-obrien-fleming", {}),
        ("lan-demets-pocock", {}),
        ("hwang-shih-decani", {"gamma": -2.5}),
        ("kim-demets", {"rho": 1.7}),
    ]
)


@st.composite
def plans(draw):
    gaps = draw(st.lists(st.floats(0.02, 1.0), min_size=1, max_size=6))
    times = np.cumsum(gaps)
    return times / times[-1]


ALPHAS = st.floats(1e-5, 0.2)


@thorough(60)
@given(plans(), KINDS, ALPHAS, st.sampled_from([1, 2]))
def test_the_error_is_alpha_whatever_the_plan(times, kind, alpha, sides):
    plan = boundaries(times, kind[0], alpha=alpha, sides=sides, **kind[1])
    under_null = crossing(plan, 0.0)
    total = under_null.efficacy.sum() + under_null.harm.sum()
    assert total == pytest.approx(alpha, rel=1e-9)
    np.testing.assert_allclose(
        np.cumsum(under_null.efficacy + under_null.harm), plan.alpha_spent, rtol=1e-7, atol=1e-15
    )
    assert under_null.stopping.sum() == pytest.approx(1, abs=1e-11)


@thorough(40)
@given(plans(), KINDS, st.floats(0.01, 1e4))
def test_only_ratios_of_information_matter(times, kind, scale):
    once = boundaries(times, kind[0], maximum=1.0, **kind[1])
    scaled = boundaries(times * scale, kind[0], maximum=float(times[-1] * scale), **kind[1])
    np.testing.assert_allclose(once.efficacy_z, scaled.efficacy_z, rtol=1e-8)


@thorough(30)
@given(plans(), KINDS, st.floats(0.05, 0.4), st.booleans())
def test_futility_spends_beta_and_keeps_alpha(times, kind, beta, binding):
    plan = boundaries(
        times,
        kind[0],
        futility="kim-demets",
        futility_rho=1.5,
        beta=beta,
        binding=binding,
        **kind[1],
    )
    assert crossing(plan, plan.drift).power == pytest.approx(1 - beta, abs=1e-8)
    under_null = crossing(plan, 0.0, ignore_futility=not binding)
    assert under_null.power == pytest.approx(0.025, abs=1e-9)
    assert (plan.futility_z <= plan.efficacy_z + 1e-12).all()


@thorough(30)
@given(plans(), KINDS, st.floats(0.3, 0.99))
def test_drift_for_a_power_gives_that_power(times, kind, wanted):
    plan = boundaries(times, kind[0], **kind[1])
    drift = drift_for(plan, wanted)
    assert crossing(plan, drift).power == pytest.approx(wanted, abs=1e-9)
    assert crossing(plan, drift + 0.1).power > wanted


@thorough(30)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.2, 5.0), st.floats(0.5, 0.99))
def test_sample_size_of_rates_has_its_power(control, treatment, ratio, wanted):
    if abs(control - treatment) < 0.01:
        treatment = control + 0.02
    common = {"alpha": 0.025, "control": control, "treatment": treatment, "ratio": ratio}
    size = sample_size("rates", power=wanted, **common)
    assert power("rates", total=size.total, **common) == pytest.approx(wanted, abs=1e-9)


@thorough(25)
@given(plans(), KINDS, st.integers(0, 5), st.floats(0.0, 3.0), st.sampled_from([1, 2]))
def test_test_and_interval_agree_at_the_end(times, kind, look, extra, sides):
    plan = boundaries(times, kind[0], alpha=0.025 * sides, sides=sides, **kind[1])
    k = min(look, times.size - 1)
    z = min(float(plan.efficacy_z[k]), 12.0) + extra
    assume(z >= plan.efficacy_z[k])
    answer = final_inference(plan, k + 1, z)
    assert answer.p_value <= 0.025 * sides + 1e-9
    assert -1e-7 <= answer.ci_low < answer.estimate < answer.ci_high
